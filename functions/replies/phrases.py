"""What people write who want something done, in English and Spanish, whatever language their course is in.

Capitals, accents, punctuation and courtesies are left out first: “¡Para, por favor!” is `para`. Another language is
another row in each table.
"""

import re
import unicodedata
from datetime import date

from replies import spoken_dates
from replies.request import Request

MAX_LENGTH = 200
"""Characters; longer texts are never a request."""

ENGLISH = {
    "stop": "stop|unsubscribe|unsubscribe me|unsubscribe from this list|stop the course|stop the emails|stop emails"
    "|stop sending emails|stop sending me emails|stop sending me these emails|stop it|stop this|stop now|no more emails"
    "|remove me|remove me from this list|remove me from your list|take me off|take me off this list"
    "|take me off your list|quit|cancel|cancel the course",
    "pause": "pause|pause the course|pause it|pause for now|pause for a while|pause the emails",
    "resume": "resume|resume the course|go on with the course|continue the course",
    "skip": "skip|skip it|skip one|skip this one|skip this lesson|skip a lesson|skip the next one|skip the next lesson",
    "again": "again|start again|start over|begin again|once again",
    "yes": "yes|yes i am sure|yes im sure|yes i m sure",
    "not-yet": "not yet|no not yet",
    "journal": "journal|my journal|the journal|send my journal|send me my journal",
    "export": "export|export my data|export everything|send me my data|download my data",
    "erase": "delete my data|erase my data|delete all my data|delete everything|erase everything|delete me|erase me"
    "|yes delete everything|yes delete my data|yes erase everything",
    "help": "help|commands",
}
SPANISH = {
    "stop": "alto|basta|cancela|dejar de recibir correos|no mas correos"
    "|para|parar|baja|darme de baja|dame de baja|date de baja|cancelar|cancelar el curso|parar el curso",
    "pause": "pausa|pausar|pausa el curso|pausar el curso|pausa por ahora",
    "resume": "reanudar|reanuda|reanudar el curso|reanuda el curso|seguir con el curso|continuar el curso",
    "skip": "saltar|salta|omitir|saltar la leccion|saltar esta leccion|saltar la siguiente|saltar la siguiente leccion",
    "again": "otra vez|de nuevo|empezar de nuevo|empezar otra vez|volver a empezar",
    "yes": "si|si estoy seguro|si estoy segura",
    "not-yet": "todavia no|aun no|no todavia no|no aun no",
    "journal": "diario|mi diario|el diario",
    "export": "exportar|exportar mis datos|exporta mis datos|descargar mis datos",
    "erase": "borrar mis datos|borra mis datos|eliminar mis datos|elimina mis datos|borrar todo|eliminar todo"
    "|si borrar todo|si borra todo|si borrar mis datos|si borra mis datos",
    "help": "ayuda|comandos",
}
WANTED = {
    phrase: name for language in (ENGLISH, SPANISH) for name, row in language.items() for phrase in row.split("|")
}
"""Phrase → the command that it is."""

_BEFORE = (
    "please|hi|hello|hey|hi there|hello there|dear team|good morning|good afternoon|good evening|ok|okay"
    "|por favor|hola|buenos dias|buenas|buenas tardes|buenas noches|vale"
)
_AFTER = (
    "please|thanks|thank you|thanks a lot|many thanks|thank you very much|thank you so much|thx|cheers|regards"
    "|kind regards|best regards|best wishes|best|por favor|gracias|muchas gracias|mil gracias|saludos|un saludo"
    "|un abrazo"
)
_GOODBYES = {
    *_AFTER.split("|"),
    *["love", "yours", "sincerely", "yours sincerely", "xx", "xoxo", "besos", "un beso", "atentamente"],
}
_OPENINGS = sorted(_BEFORE.split("|"), key=len, reverse=True)
_ENDINGS = sorted(_AFTER.split("|"), key=len, reverse=True)
_PAUSE = re.compile(
    r"(?:pause|pausa|pausar)(?: (?:the course|it|el curso))? (?:(until|till|til|to|hasta)|for|por|durante)? ?(.+)"
)
_TIME = re.compile(r"(?:time|hour|hora) (.+)")
_AGREED = {"", "yes", "ok", "okay", "confirm", "i confirm", "confirmed", "thanks", "thank you"}
_AGREED |= {"si", "vale", "confirmo", "confirmado", "gracias"}
_NO = frozenset({"no", "not", "never", "nobody", "wrong", "stop", "remove", "unsubscribe", "spam", "who"})
_NO |= {"leave", "alone", "off", "why", "but", "later", "wait", "cancel", "delete", "don", "fuck"}
_NO |= {"nunca", "nadie", "equivocado", "equivocada", "error", "baja", "quien", "pero", "dejame", "luego", "cancelar"}
_YES = {"yes", "confirm", "i confirm", "confirmed", "si", "confirmo", "confirmado"}

_WORD = re.compile(r"[0-9]+(?:[:.h/-][0-9]+)*|[^\W\d_]+")


def requested(text: str, today: date, first_name: str = "") -> Request | None:
    """The request that a text consists of, or None. `today` is the local day of the person who wrote it.

    `until` is the day as they said it: it may be past, or years ahead.
    """
    if len(text) >= MAX_LENGTH:
        return None
    words = without_courtesies(plain(without_sign_off(text, first_name)), first_name)
    if name := WANTED.get(words):
        return Request(Request.Command(name))
    if (found := _TIME.fullmatch(words)) and (hour := spoken_dates.hour(found[1])) is not None:
        return Request(Request.Command.TIME, hour=hour)
    return _pause(words, today)


def _pause(words: str, today: date) -> Request | None:
    """A pause for a number of days, or until a day; without a day when the day has two meanings, such as 3/4."""
    found = _PAUSE.fullmatch(words)
    if not found:
        return None
    until = spoken_dates.day(found[2], today) if found[1] else None
    if days := None if found[1] else spoken_dates.span(found[2]):
        until = today + days * spoken_dates.DAY
    ambiguous = found[1] and re.fullmatch(r"[0-9]+([-/.][0-9]+)+", found[2])
    return Request(Request.Command.PAUSE, until=until) if until or ambiguous else None


def agrees(text: str) -> bool:
    """Whether a reply to the confirmation email says yes and nothing else, so that nothing of it need be kept."""
    return without_courtesies(plain(text)) in _AGREED


def consents(text: str) -> bool:
    """Whether a reply to the confirmation email is a clear yes. If it is not, the button is still there.

    A clear yes is nothing but a yes; or a yes as the first sentence, whatever follows; or a text that begins with yes
    and has no word of refusal. “Si” without its accent is no yes if more follows: a Spanish “if” begins like that too.
    """
    if agrees(text):
        return True
    first, _, _ = re.sub(r"[.!\n]", ".", text.strip()).partition(".")
    if re.match(r"si\b", first, re.IGNORECASE):
        return False
    words = plain(text).split()
    begins = plain(first).split()[:1] in (["yes"], ["si"])
    clear = begins and not set(words) & _NO and "n’t" not in text and "n't" not in text
    return clear or without_courtesies(plain(first)) in _YES


def plain(text: str) -> str:
    """The words of a text, lower case, without accents and punctuation. Times and dates in figures stay in one."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return " ".join(_WORD.findall("".join(char for char in decomposed if not unicodedata.combining(char))))


def without_sign_off(text: str, name: str = "") -> str:
    """Without the last lines that only say goodbye or name the writer, first name first: “Stop.⏎⏎Best,⏎Ann Smith”."""
    lines = [line for line in text.splitlines() if line.strip()]
    first_name = plain(name)
    while len(lines) > 1:
        words = plain(lines[-1])
        named = (
            first_name and f"{words} ".startswith(f"{first_name} ") and words.count(" ") <= first_name.count(" ") + 2
        )
        if not named and words.removesuffix(f" {first_name}") not in _GOODBYES:
            break
        lines.pop()
    return "\n".join(lines)


def without_courtesies(words: str, name: str = "") -> str:
    """Without greeting, please, thanks and the writer's first name at the ends: what is left is what they want."""
    endings = [*_ENDINGS, plain(name)] if plain(name) else _ENDINGS
    before = ""
    while words != before:
        before = words
        words = next((words[len(one) + 1 :] for one in _OPENINGS if words.startswith(f"{one} ")), words)
        words = next((words[: -len(one) - 1] for one in endings if words.endswith(f" {one}")), words)
    return words
