"""Which lines of a reply are the person's."""

import pytest

from replies.division import divide
from replies.original.answered import Original
from replies.quotes.lines import lines_of

EMAIL = """Day 2
Hello Ana,
Think of one evening you would rather forget, and of the people who were there.
Who was in the room with you?
What did they see?"""
HEADER = "On 8/3/26 07:00, X <a@b.org> wrote:"


def kept(text: str, email: str | None = EMAIL) -> list[str]:
    lines, _ = divide(lines_of(text), Original(email, None))
    return [line for line in lines if line]


def marked(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        f"My son.\n\n{HEADER}\n{marked(EMAIL)}",
        f"{HEADER}\n{marked(EMAIL)}\n\nMy son.",
        f"{HEADER}\n{marked(EMAIL)} My son.".replace("see? My", "see?\nMy"),
        f"My son.\n\n{HEADER}\n\n{EMAIL}",
        f"My son.\n\n{EMAIL}",
        f"My son.\n\n{HEADER}\n\n{EMAIL.replace('Day 2', 'Day 7')}",
    ],
)
def test_our_email_is_removed(text: str) -> None:
    assert kept(text) == ["My son."]


def test_another_mail_is_kept_only_if_the_person_put_it_above_ours() -> None:
    other = "On 8/2/26 07:00, Bo <b@b.org> wrote:\n\nDinner at eight?"
    assert kept(f"yes\n\n{other}") == ["yes"]
    assert kept(f"yes\n\n{other}\n\n{HEADER}\n\n{EMAIL}") == ["yes", *other.replace("\n\n", "\n").split("\n")]


def test_marks_above_an_unmarked_quote_are_the_persons() -> None:
    text = f"> he said no\nyes\n\n{HEADER}\n\nDinner at eight?"
    assert kept(text, None) == ["he said no", "yes"]
    assert kept(f"> he said no\nyes\n\n{EMAIL}") == ["he said no", "yes"]


def test_text_that_only_looks_quoted_is_doubtful() -> None:
    lines = lines_of(f"{HEADER}\n\nDinner at eight?")
    own, doubtful = divide(lines, Original(None, None))
    assert not any(own)
    assert doubtful == [None, "", "Dinner at eight?"]
