"""What people write who want something done, in English and Spanish, whatever language their course is in.

Capitals, accents, punctuation and courtesies are left out first: “¡Para, por favor!” is `para`. Another language is
another row in each table.
"""

import re
import unicodedata

ENGLISH = {
    "stop": "stop|unsubscribe|unsubscribe me|stop the course|stop the emails|stop emails|cancel|cancel the course",
    "pause": "pause|pause the course|pause it|pause for now|pause for a while|pause the emails",
    "resume": "resume|resume the course|go on with the course|continue the course",
    "skip": "skip|skip it|skip one|skip this one|skip this lesson|skip a lesson|skip the next one|skip the next lesson",
    "again": "again|start again|start over|begin again|once again",
    "yes": "yes",
    "not-yet": "not yet|no not yet",
    "journal": "journal|my journal|the journal|send my journal|send me my journal",
    "export": "export|export my data|export everything|send me my data|download my data",
    "erase": "delete my data|erase my data|delete all my data|delete everything|erase everything|delete me|erase me",
    "help": "help|commands",
}
SPANISH = {
    "stop": "para|parar|baja|darme de baja|dame de baja|date de baja|cancelar|cancelar el curso|parar el curso",
    "pause": "pausa|pausar|pausa el curso|pausar el curso|pausa por ahora",
    "resume": "reanudar|reanuda|reanudar el curso|reanuda el curso|seguir con el curso|continuar el curso",
    "skip": "saltar|salta|omitir|saltar la leccion|saltar esta leccion|saltar la siguiente|saltar la siguiente leccion",
    "again": "otra vez|de nuevo|empezar de nuevo|empezar otra vez|volver a empezar",
    "yes": "si",
    "not-yet": "todavia no|aun no|no todavia no|no aun no",
    "journal": "diario|mi diario|el diario",
    "export": "exportar|exportar mis datos|exporta mis datos|descargar mis datos",
    "erase": "borrar mis datos|borra mis datos|eliminar mis datos|elimina mis datos|borrar todo|eliminar todo",
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
_OPENINGS = sorted(_BEFORE.split("|"), key=len, reverse=True)
_ENDINGS = sorted(_AFTER.split("|"), key=len, reverse=True)
_WORD = re.compile(r"[0-9]+(?:[:.h/-][0-9]+)*|[^\W\d_]+")


def plain(text: str) -> str:
    """The words of a text, lower case, without accents and punctuation. Times and dates in figures stay in one."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return " ".join(_WORD.findall("".join(char for char in decomposed if not unicodedata.combining(char))))


def without_courtesies(words: str, name: str = "") -> str:
    """Without greeting, please, thanks and the writer's first name at the ends: what is left is what they want."""
    endings = [*_ENDINGS, plain(name)] if plain(name) else _ENDINGS
    before = ""
    while words != before:
        before = words
        words = next((words[len(one) + 1 :] for one in _OPENINGS if words.startswith(f"{one} ")), words)
        words = next((words[: -len(one) - 1] for one in endings if words.endswith(f" {one}")), words)
    return words
