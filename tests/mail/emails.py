"""Four emails of a course, as they are sent and as mail programs quote them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

ADDRESS = "k7q2mz5xw3hd4vnc6rtb8jp9sfg2la3eyu@reply.example.org"
LINK = "https://course.example.org/me/AQx8Hk3Jq4mZ"
SAFE_LINK = "https://safe.example.com/?url=https%3A%2F%2Fcourse.example.org%2Fme%2FAQx8Hk3Jq4mZ&data=05%7C02%7C"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of an email: heading, p, item, button or small."""

    kind: str
    text: str


def _blocks(heading: str, *paragraphs: str) -> tuple[Block, ...]:
    """Returns the blocks of an email. `- ` starts an item, `[` a button, `_` small print."""
    kinds = {"- ": "item", "[": "button", "_": "small"}
    found = [Block("heading", heading)]
    for text in paragraphs:
        mark = next((mark for mark in kinds if text.startswith(mark)), "")
        found.append(Block(kinds.get(mark, "p"), text.removeprefix(mark).rstrip("]")))
    return tuple(found)


EMAILS = {
    "en": _blocks(
        "Day 3: The same evening, from their chair",
        "Hello Robin,",
        "Yesterday you wrote down what happened. Today the evening is the same, and you sit in the other chair. Nobody "
        "asks you to agree with what you see from there. Only to look, for as long as a cup of tea takes.",
        "Take a sheet of paper and draw the room. Mark where they stood and where the door was.",
        "What did they see when they looked at you?",
        "Some people find it easier in three steps:",
        "- The first thing they noticed.",
        "- What they could not have known.",
        "- What they did with the rest of that night.",
        "Which of the three would they say you have left out?",
        "Reply to this email with whatever comes. Nobody reads it but you, and tomorrow's email waits until tomorrow.",
        "[Open my page]",
        "_You get this because you signed up for Rebuild Trust. In danger, call your local emergency number.",
    ),
    "de": _blocks(
        "Tag 3: Derselbe Abend, vom anderen Stuhl aus",
        "Hallo Robin,",
        "gestern hast du aufgeschrieben, was geschehen ist. Heute ist es derselbe Abend, und du sitzt auf dem anderen "
        "Stuhl. Niemand verlangt, dass du dem zustimmst, was du von dort siehst. Nur hinschauen sollst du, so lange, "
        "wie eine Tasse Tee dauert.",
        "Nimm ein Blatt Papier und zeichne das Zimmer. Markiere, wo sie standen und wo die Tür war.",
        "Was sahen sie, als sie dich ansahen?",
        "Manchen fällt es in drei Schritten leichter:",
        "- Was ihnen als Erstes auffiel.",
        "- Was sie nicht wissen konnten.",
        "- Was sie mit dem Rest der Nacht angefangen haben.",
        "Welchen der drei Schritte, würden sie sagen, hast du ausgelassen?",
        "Antworte auf diese E-Mail mit dem, was kommt. Außer dir liest es niemand.",
        "[Meine Seite öffnen]",
        "_Du bekommst diese E-Mail, weil du dich für Rebuild Trust angemeldet hast.",
    ),
    "fr": _blocks(
        "Jour 3 : la même soirée, depuis l'autre chaise",
        "Bonjour Robin,",
        "Hier, vous avez écrit ce qui s'est passé. Aujourd'hui, la soirée est la même et vous êtes assis sur l'autre "
        "chaise. Personne ne vous demande d'être d'accord avec ce que l'on voit de là. Seulement de regarder, le temps "
        "d'une tasse de thé.",
        "Prenez une feuille et dessinez la pièce. Marquez où ils se tenaient et où était la porte.",
        "Qu'ont-ils vu en vous regardant ?",
        "Pour certains, c'est plus facile en trois étapes :",
        "- La première chose qu'ils ont remarquée.",
        "- Ce qu'ils ne pouvaient pas savoir.",
        "- Ce qu'ils ont fait du reste de la nuit.",
        "Laquelle des trois diraient-ils que vous avez laissée de côté ?",
        "Répondez à ce message avec ce qui vient. Personne d'autre ne le lit.",
        "[Ouvrir ma page]",
        "_Vous recevez ce message parce que vous vous êtes inscrit à Rebuild Trust.",
    ),
    "es": _blocks(
        "Día 3: la misma noche, desde la otra silla",
        "Hola, Robin:",
        "Ayer escribiste lo que pasó. Hoy la noche es la misma y te sientas en la otra silla. Nadie te pide que estés "
        "de acuerdo con lo que se ve desde allí. Solo mirar, lo que dura una taza de té.",
        "Toma una hoja y dibuja la habitación. Marca dónde estaban y dónde quedaba la puerta.",
        "¿Qué vieron cuando te miraron?",
        "A algunas personas les resulta más fácil en tres pasos:",
        "- Lo primero que notaron.",
        "- Lo que no podían saber.",
        "- Lo que hicieron con el resto de esa noche.",
        "¿Cuál de los tres dirían que has dejado fuera?",
        "Responde a este correo con lo que salga. Nadie más lo lee.",
        "[Abrir mi página]",
        "_Recibes este correo porque te apuntaste a Rebuild Trust.",
    ),
}


def as_text(email: str) -> str:
    """Returns the plain part of an email as it is sent."""
    lines: list[str] = []
    blocks = EMAILS[email]
    for at, block in enumerate(blocks):
        if block.kind != "item" or blocks[at - 1].kind != "item":
            lines.append("")
        if block.kind == "item":
            lines.append(f"- {block.text}")
        elif block.kind == "button":
            lines += [f"{block.text}:", LINK]
        else:
            lines.append(block.text)
            lines += ["-" * min(60, len(block.text))] if block.kind == "heading" else []
    return "\n".join(lines).strip() + "\n"


def as_html(email: str) -> str:
    """Returns the HTML part of an email as it is sent."""
    body = _html(EMAILS[email], "sent")
    return (
        '<!doctype html><html><head><meta charset="utf-8"><title>Rebuild Trust</title>'
        '<style>p{margin:0 0 16px}</style></head><body style="margin:0">'
        f'<div style="display:none">{EMAILS[email][3].text}</div>'
        '<table role="presentation" width="100%"><tr><td>'
        f'<img src="https://course.example.org/logo.png" alt="Rebuild Trust">\n{body}</td></tr></table></body></html>'
    )


def quoted_text(email: str, form: str, first: int = 0, last: int | None = None) -> str:
    """Returns some blocks of an email as a mail program quotes them in the plain part of a reply."""
    styles = {
        # name: mark, width, bullet, button
        "gmail": ("> ", 76, "   - ", "{0}\n<{1}>"),
        "apple": ("> ", 0, "• ", "{0} <{1}>"),
        "thunderbird": ("> ", 70, " * ", "{0} <{1}>"),
        "mutt": ("> ", 0, "- ", "{0}:\n{1}"),
        "narrow": ("> ", 58, "- ", "{0}:\n{1}"),
        "outlook": ("", 0, "  *   ", "{0}<{2}>"),
        "yahoo": ("", 0, "   - ", "{0}"),
        "samsung": ("", 0, "", "{0}"),
        "notes": ("", 72, "- ", "{0}:\n{1}"),
        "bars": ("| ", 70, "- ", "{0}:\n{1}"),
    }
    mark, width, bullet, button = styles[form]
    lines: list[str] = []
    blocks = EMAILS[email][first:last]
    for at, block in enumerate(blocks):
        if at and not (block.kind == "item" and blocks[at - 1].kind == "item"):
            lines.append("")
        text = block.text
        if block.kind == "button":
            text = button.format(text, LINK, SAFE_LINK)
        if block.kind == "item":
            text = bullet + text
        for line in text.split("\n"):
            lines += wrap(line, width, subsequent_indent=" " * (len(bullet) if block.kind == "item" else 0),
                          break_long_words=False, break_on_hyphens=False) if width else [line]  # fmt: skip
    return "\n".join(f"{mark}{line}".rstrip() if mark else line for line in lines)


def quoted_html(email: str, form: str, first: int = 0, last: int | None = None) -> str:
    """Returns some blocks of an email as a mail program quotes them in the HTML part of a reply."""
    return _html(EMAILS[email][first:last], form)


def _html(blocks: Sequence[Block], form: str) -> str:
    paragraph = {"outlook": '<p class="MsoNormal">{0}<o:p></o:p></p>', "yahoo": '<p class="yiv0514p">{0}</p>'}.get(
        form, "<p>{0}</p>"
    )
    link = f'<a href="{SAFE_LINK if form == "outlook" else LINK}" target="_blank">{{0}}</a>'
    pieces: list[str] = []
    for at, block in enumerate(blocks):
        text = escape(block.text, quote=False)
        if block.kind == "item":
            before = "" if at and blocks[at - 1].kind == "item" else "<ul>"
            after = "" if at + 1 < len(blocks) and blocks[at + 1].kind == "item" else "</ul>"
            pieces.append(f"{before}<li>{text}</li>{after}")
        elif block.kind == "heading":
            pieces.append(f"<h1>{text}</h1>")
        else:
            pieces.append(paragraph.format(link.format(text) if block.kind == "button" else text))
    return "\n".join(pieces)
