"""What stands below a person's words and is not theirs: signatures, a telephone's last line, legal footers; and the
warning that a company's mail server puts above them. Only what has a mark of its own is taken off.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from replies.devices import is_device_line

# The longer expressions are compiled when first needed (`re` keeps them): a cold start would pay for all of them.

MAX_LINES = 12
"""Of a signature; what is longer is kept."""

_PICTURE = (
    r"(?i)\[(?:image|cid|bild|imagen?|imagem|immagine|afbeelding|obraz|изображение|图片|画像|이미지)\b[^\]\n]{0,200}\]"
)
"""What stands for a picture in a plain part."""
_RULE = r"\W*(?:_{5,}|-{10,}|[—–―]{3,})\W*"
_FIRST_PERSON = r"(?i:(?!.{0,600}\b(?:I|my|ich|meine?|je|yo)\b))"
_LEGAL = (
    rf"(?i){_FIRST_PERSON}(?=.{{0,600}}(?:confiden|vertraulich|vertrouwelijk|riservat|privileged))"
    r"(?=.{0,600}(?:message|mail|nachricht|bericht|mensaje|mensagem|messaggio))"
    r"(?=.{0,600}(?:recipient|addressee|empfänger|adressat|destinat|geadresseerde|ontvanger))"
)
_LEGAL_BEGINS = (
    r"(?i).{0,60}(?:mail|messag|mensa|nachricht|bericht|notice|disclaim|confiden|vertrau|information|communic)"
)
_NOT_TO_PRINT = (
    rf"(?i){_FIRST_PERSON}(?=.{{0,80}}(?:environment|umwelt|environnement|ambiente|milieu|miljö))"
    r"(?=.{0,120}(?:print|druck|imprim|stamp|skriv))"
    r"(?=.{0,60}(?:consider|think|before|please|bitte|denk|pens|avant|antes|prima|innan|voor)).{20,160}"
)
_WARNING = (
    r"(?i)\W*(?:caution|warning|attention|external|this e?-?mail|you don't often|vorsicht|achtung|let op|atención"
    r"|precaución|attenzione|atenção)\b(?=.{0,200}(?:external|extern[eo]?|outside|au(?:ß|ss)erhalb|extérieur|buiten))"
    r"(?=.{0,300}(?:click|links?\b|attachments?|anhänge|enlaces|adjuntos|liens|pièces|allegati|bijlagen))"
)


def without_signature(lines: Sequence[str], *, before: bool, elsewhere: bool, original_known: bool) -> list[str]:
    """A run of a person's lines (up to a quote or to the end), without what is not their words.

    The flags tell whether there are other runs before this one, and anywhere: a bare `--` takes nothing off a reply
    that would be empty without it.
    """
    kept = list(lines[: _legal(lines)])
    cut = _delimiter(kept, before)
    if cut is not None and (elsewhere or kept[cut].lstrip(" ") == "-- " or any(line.strip() for line in kept[:cut])):
        kept = kept[:cut]
    return _without_device(kept, before, original_known)


def _legal(lines: Sequence[str]) -> int:
    """Where a long line or a paragraph, but not the first, is a legal footer or asks not to print."""
    for at in range(1, len(lines)):
        if len(lines[at]) > 120 and re.match(_LEGAL, lines[at]):
            return at
        if lines[at].strip() and not lines[at - 1].strip():
            text = " ".join(takewhile(str.strip, lines[at : at + MAX_LINES]))[:1000].strip()
            legal = len(text) > 120 and re.match(_LEGAL_BEGINS, lines[at]) and re.match(_LEGAL, text)
            if legal or re.fullmatch(_NOT_TO_PRINT, text):
                return at
    return len(lines)


def is_warning(line: str) -> bool:
    """Whether a line is a mail server's warning about mail from outside."""
    return len(line) >= 60 and re.match(_WARNING, line) is not None


def without_warning(lines: Sequence[str]) -> list[str]:
    """Without a warning about external mail in the first paragraph."""
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None or not is_warning(lines[first]):
        return list(lines)
    rest = list(lines[first + 1 :])
    return rest if any(line.strip() for line in rest) else list(lines)


def _delimiter(lines: Sequence[str], before: bool) -> int | None:
    """Where a signature starts: at `-- ` (RFC 3676), or at a bare `--` or a rule when what follows looks like one."""
    cut = None
    below: list[str] = []
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].strip()
        bare = bool(below) and (line in ("--", "—", "—-", "-—") or re.fullmatch(_RULE, line) is not None)
        bare = bare and not (line.startswith("----") and at and lines[at - 1].strip())  # underlines a heading
        leads = before and not any(other.strip() for other in lines[:at]) if bare else False
        if lines[at].lstrip(" ") == "-- " or (
            bare and _is_signature(lines[at + 1], below, leads=leads, drawn="_" in line)
        ):
            cut = at
        if line:
            below.append(line)
        if len(below) > MAX_LINES:
            break
    return cut


def _is_signature(following: str, below: Sequence[str], *, leads: bool, drawn: bool) -> bool:
    """Whether lines below a bare delimiter look like a signature: short, no sentences (unless a line was `drawn`).

    One with a blank line below it is a person's own pause, unless it `leads`: then it is all that follows a quote.
    """
    sentences = any(line.endswith((".", "?", "!", "…")) and len(line.split()) > 3 for line in below)
    if any(len(line) > 80 for line in below) or (sentences and not drawn):
        return False
    return bool(following.strip()) or (leads and len(below) <= 4)


def _without_device(lines: Sequence[str], before: bool, original_known: bool) -> list[str]:
    """Without `Sent from my …`; unless we know what was sent, what follows it is a quote."""
    devices = [at for at, line in enumerate(lines) if is_device_line(line)]
    if devices and not original_known and (before or any(line.strip() for line in lines[: devices[0]])):
        return list(lines[: devices[0]])
    skipped = set(devices)
    return [line for at, line in enumerate(lines) if at not in skipped and not re.fullmatch(_PICTURE, line.strip())]
