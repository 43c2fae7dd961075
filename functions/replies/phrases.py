"""What people ask for in a reply, in every language that has words for it, whatever language their course is in.

Capitals, accents, punctuation and courtesies are left out first: “¡Para, por favor!” is `para`. The words are in
`languages/`.
"""

import re
from datetime import date, timedelta
from functools import cache

from replies import spoken_dates, tables
from replies.request import Request
from replies.tables import plain

MAX_REQUEST = 200
"""Characters; longer texts are never a request."""

_PAUSE = "«pauses.words»(?: «pauses.course»)? (?:(?P<until>«pauses.until»)|«pauses.lasting»)? ?(?P<when>.+)"
_TIME = "«times.words» (.+)"
_AMBIGUOUS = r"[0-9]+([-/.][0-9]+)+"
"""A day in figures that has two meanings, such as 3/4: it is a day, whichever it is."""
_MEANS_IF = r"(?i)«doubts.means_if»\b"
"""A yes without its accent: where more follows, it may be the first word of a condition."""


def requested(text: str, today: date, first_name: str = "") -> Request | None:
    """The request that a text consists of, or None. `today` is the local day of the person who wrote it.

    `until` is the day as they said it: it may be past, or years ahead. A day with two meanings is left out.
    """
    if len(text) >= MAX_REQUEST:
        return None
    words = without_courtesies(plain(without_sign_off(text, first_name)), first_name)
    if command := _commands().get(words):
        return Request(command)
    found = tables.expression(_TIME).fullmatch(words)
    if found and (hour := spoken_dates.hour(found[1])) is not None:
        return Request(Request.Command.TIME, hour=hour)
    if not (found := tables.expression(_PAUSE).fullmatch(words)):
        return None
    if not found["until"]:
        days = spoken_dates.span(found["when"])
        return Request(Request.Command.PAUSE, until=today + timedelta(days=days)) if days else None
    until = spoken_dates.day(found["when"], today)
    understood = until is not None or re.fullmatch(_AMBIGUOUS, found["when"])
    return Request(Request.Command.PAUSE, until=until) if understood else None


def says_stop(text: str) -> bool:
    """Whether a text is nothing but the word that our emails teach for stopping, in any language."""
    return plain(text) in tables.words("taught.stop")


@cache
def _commands() -> dict[str, Request.Command]:
    """Phrase → the command that it is."""
    return {plain(phrase): Request.Command(name) for phrase, name in tables.names("requests").items()}


def agrees(text: str) -> bool:
    """Whether a reply to the confirmation email says yes and nothing else, so that nothing of it need be kept."""
    words = without_courtesies(plain(text))
    return not words or words in _yes() | tables.words("confirmation.agrees")


def consents(text: str) -> bool:
    """Whether a reply to the confirmation email is a clear yes. If it is not, the button is still there.

    A clear yes is nothing but a yes; or a yes as the first sentence, whatever follows; or a text that begins with yes
    and has no word of refusal. “Si” without its accent is no yes if more follows: a Spanish “if” begins like that too.
    """
    if agrees(text):
        return True
    first, _, _ = re.sub(r"[.!\n]", ".", text.strip()).partition(".")
    if tables.expression(_MEANS_IF).match(first):
        return False
    sentence = plain(first)
    begins = sentence.partition(" ")[0] in tables.words("confirmation.yes")
    refuses = set(plain(text).split()) & tables.words("confirmation.refuses")
    clear = begins and not refuses and not tables.expression("«doubts.negation»").search(text)
    return clear or without_courtesies(sentence) in _yes()


def _yes() -> frozenset[str]:
    return tables.words("confirmation.yes") | tables.words("confirmation.confirms")


def without_sign_off(text: str, name: str = "") -> str:
    """Without the last lines that only say goodbye or name the writer, first name first: “Stop.⏎⏎Best,⏎Ann Smith”."""
    lines = [line for line in text.splitlines() if line.strip()]
    name = plain(name)
    goodbyes = tables.words("courtesies.after") | tables.words("courtesies.goodbyes")
    while len(lines) > 1:
        words = plain(lines[-1])
        named = name and f"{words} ".startswith(f"{name} ") and words.count(" ") <= name.count(" ") + 2
        if not named and words.removesuffix(f" {name}") not in goodbyes:
            break
        lines.pop()
    return "\n".join(lines)


def without_courtesies(words: str, name: str = "") -> str:
    """Without greeting, please, thanks and the writer's first name at the ends: what is left is what they want."""
    openings = tables.longest_first("courtesies.before")
    endings = [*tables.longest_first("courtesies.after"), *filter(None, [plain(name)])]
    before = ""
    while words != before:
        before = words
        words = next((words[len(one) + 1 :] for one in openings if words.startswith(f"{one} ")), words)
        words = next((words[: -len(one) - 1] for one in endings if words.endswith(f" {one}")), words)
    return words
