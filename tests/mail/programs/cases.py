"""The cases: the text that is typed into a mail program, its place in the reply, and the answered email."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import cycle

SUNDAY = date(2026, 11, 29)
"""The day of the first lesson."""

LESSON, WAY_BACK, CONFIRMATION, CLOSING = "03-acknowledge", "07-safety-first", "01-confirm", "08-keep-showing-up"
NOTICE, JOURNAL = "05-help", "09-journal"
LESSON_AGAIN, WAY_BACK_AGAIN, CLOSING_AGAIN = (
    "12-acknowledge-round-2",
    "16-safety-first-round-2",
    "18-keep-showing-up-round-2",
)
AGAIN = {NOTICE, JOURNAL, LESSON_AGAIN, WAY_BACK_AGAIN, CLOSING_AGAIN}
"""Emails to a subscriber who wrote the replies in `sent/replies.yaml`. The others went to one who wrote nothing."""
OTHERS = ("02-intro", "04-own-it", "05-apology-in-action", "06-no-rush-to-forgiveness")

SIGNATURE = "Ann Example\nHarbour Street 3, Exampletown"

ABOVE, BELOW, INSIDE, ALONE = "above", "below", "inside", "alone"
"""The places of the text: above the quote, below it, inside it, or alone because the quote is deleted."""

SHORT = "I saw that he had stopped laughing, and I asked nothing."
PARAGRAPHS = (
    "She told me twice that evening. I heard the first half and began my answer.\n"
    "\n"
    "What I left out: I was afraid of the second half."
)
LIST = "1. I came home late.\n2. I said the traffic was bad.\n3. There was no traffic."
LONG_LINE = "I keep a list of the evenings on which I was somewhere else, and " * 8 + "it is long."
PAGES = "\n\n".join(
    f"Evening {n}. We sat in the kitchen and I looked at my hands. " + "I said little. " * 30 for n in range(12)
)
GERMAN = "Ich habe gesehen, dass er müde war.\n\nGefragt habe ich nicht – aus Angst vor der Antwort."
SPANISH = "Vi que estaba cansada y no pregunté.\n\n¿Por qué? Porque ya sabía la respuesta."
ACCENTS = "“Naïve”, she said — and 30 € were missing. 💔 I said: < nothing > & left."


@dataclass(frozen=True, slots=True)
class Case:
    """One reply to write."""

    name: str
    original: str
    place: str
    text: str
    """The text, to be typed exactly."""
    options: frozenset[str] = frozenset()
    """Changes of the program's default settings: `signature`, `german`, `spanish`, and options of this program."""


def cases(program: str, *own: str) -> Iterator[Case]:
    """Yields the cases of every program, and one above and one inside for each of its `own` options."""
    originals = cycle((LESSON, *OTHERS))
    for place in (ABOVE, BELOW, INSIDE):
        for kind, text in (("short", SHORT), ("paragraphs", PARAGRAPHS), ("list", LIST)):
            yield Case(f"{program}-{place}-{kind}", next(originals), place, text)
    yield Case(f"{program}-alone", LESSON, ALONE, PARAGRAPHS)
    yield Case(f"{program}-above-long-line", next(originals), ABOVE, LONG_LINE)
    yield Case(f"{program}-above-accents", next(originals), ABOVE, ACCENTS)
    yield Case(f"{program}-above-pages", next(originals), ABOVE, PAGES)
    yield Case(f"{program}-stop", next(originals), ABOVE, "STOP")
    yield Case(f"{program}-pause-below", next(originals), BELOW, "PAUSE")
    yield Case(f"{program}-not-yet", WAY_BACK, ABOVE, "Not yet")
    yield Case(f"{program}-yes", CONFIRMATION, ABOVE, "YES")
    yield Case(f"{program}-yes-below", CONFIRMATION, BELOW, "yes")
    yield Case(f"{program}-closing", CLOSING, ABOVE, SHORT)
    for option in ("signature", *own):
        yield Case(f"{program}-{option}-above", next(originals), ABOVE, PARAGRAPHS, frozenset({option}))
        yield Case(f"{program}-{option}-inside", next(originals), INSIDE, SHORT, frozenset({option}))
    yield Case(f"{program}-german", next(originals), ABOVE, GERMAN, frozenset({"german"}))
    yield Case(f"{program}-spanish", next(originals), ABOVE, SPANISH, frozenset({"spanish"}))
    yield Case(f"{program}-signature-stop", LESSON, ABOVE, "STOP", frozenset({"signature"}))
    yield Case(f"{program}-way-back-yes", WAY_BACK, ABOVE, "Yes")
    yield Case(f"{program}-way-back-more", WAY_BACK, INSIDE, SHORT)
    yield Case(f"{program}-notice", NOTICE, ABOVE, SHORT)
    yield Case(f"{program}-notice-pause", NOTICE, BELOW, "PAUSE")
    yield Case(f"{program}-journal", JOURNAL, ABOVE, PARAGRAPHS)
    yield Case(f"{program}-again-inside", LESSON_AGAIN, INSIDE, SHORT)
    yield Case(f"{program}-again-not-yet", WAY_BACK_AGAIN, ABOVE, "Not yet")
    yield Case(f"{program}-again-closing", CLOSING_AGAIN, BELOW, PARAGRAPHS)
