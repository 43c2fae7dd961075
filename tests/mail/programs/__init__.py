"""`make mail-programs`: real mail programs answer the course's emails, and what they write is kept in `written/`.

Each module but `cases` drives one program. `sent/` has the emails as `email-course simulate --out` writes them, and
`written/` of each reply the mail (`.eml`), what was typed (`.txt`) and the name of the email answered (`.original`).
"""
