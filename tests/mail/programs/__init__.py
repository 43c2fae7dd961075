"""`make mail-programs`: real mail programs reply to the course's emails, and the replies are stored in `written/`.

Each module drives one program, except `cases`, `sink` and those that begin with `_`. `sent/` has the emails as
`email-course simulate --out` writes them. `written/` has for each reply the mail (`.eml`), the typed text (`.txt`) and
the name of the answered email (`.original`).
"""
