"""What people write who want something done, in English and Spanish, whatever language their course is in.

Capitals, accents, punctuation and courtesies are left out first: “¡Para, por favor!” is `para`. Another language is
another row in each table.
"""

import re
import unicodedata

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
_WORD = re.compile(r"[0-9]+(?:[:.h/-][0-9]+)*|[^\W\d_]+")


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
