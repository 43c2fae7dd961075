"""What stands below a person's words and is not theirs: signatures, a telephone's last line, legal footers; and the
warning that a company's mail server puts above them. Only what has a mark of its own is taken off.
"""

import re
from collections.abc import Sequence

# The longer expressions are compiled when first needed (`re` keeps them): a cold start would pay for all of them.

_BRAND = (
    r"iphone|iphon|ipad|ipod|android|galaxy|samsung|blackberry|outlook|huawei|xiaomi|redmi|pixel|nokia|motorola|oneplus|htc"
    r"|windows|yahoo|gmail|gmx|web\.de|proton|airmail|sparrow|mailbox|thunderbird|k-9|fairemail|spark"
)
_DEVICE = (
    r"mobil\w*|mobiel\w*|handy|smartphone|phone|téléphone|teléfono|telefon\w*|telefoon|móvil|celular|cellulare|cell|tablet"
    r"|device|appareil|\w*gerät|dispositivo|手机|手機|携帯"
)
_SENT_FROM = (
    r"(?:sent|posted) (?:from|via|with|using|by|on)|(?:enviad[oa]|mandado|escrito) (?:desde|con|do|de|pelo|via|por)"
    r"|inviat[oa] (?:da|dal|dall|con|tramite)|envoyé (?:de|depuis|à partir|avec|via)"
    r"|(?:gesendet|verschickt) (?:von|mit|aus|über)|(?:verzonden|verstuurd) (?:van|vanaf|vanuit|met|via)"
    r"|(?:skickat|sendt|sent) (?:från|fra|via|med|frá)"
    r"|(?:wysłan[eo]|odesláno|odoslané|poslan[oé]) (?:z|ze|iz|s)|trimis (?:de|din|cu|prin)|отправлено (?:с|из|от)"
    r"|надіслано (?:з|із)|изпратено от|στάλθηκε από|gửi từ|dikirim dari|saadetud minu|lähetetty"
    r"|أُ?رسلت من|נשלח (?:מ|באמצעות)\S*"
    r"|发自我的|發自我的"
    r"|diese (?:nachricht|e-?mail) wurde (?:von|mit)|this (?:message|e-?mail) was sent (?:from|with|via)"
)
_EXCUSE = (
    r"(?:[,.;!]* ?\(?(?:please|pls|excuse|sorry|forgive|pardon|bitte|entschuldig|disculp|perdon|désolé|scus)"
    r"[^\n]{0,80})?"
)
_LINES_OF_DEVICES = (
    rf"(?i)\W*(?:{_SENT_FROM})(?!\w)(?:[^.!?\n]{{0,50}}?(?<!\w)(?:{_BRAND})(?!\w*\?)[^!?,\n]{{0,40}}"
    rf"|[^.,!?\n]{{0,40}}?(?<!\w)(?:{_DEVICE})(?!\w)(?: [^\s,.!?]+){{0,2}}){_EXCUSE}\W*",
    r"(?i)(?:\S+ ){0,3}\W*Outlook\W* (?:\S+ ){1,2}(?:iOS|Android|Mac|Windows)(?: \S+)?",
    r"(?i)(?:von meine\S+|az|mein|从我的|從我的|나의)? ?(?:iphone|ipad|android|galaxy|samsung|outlook"
    r"|huawei|\S*telefon|mobilgerät)[^\s,.!?]* ?(?:\S*gesendet|küldve|傳送|发送|から送信|에서 보냄|gönderildi)\W*",
    r"Sent from my (?:[\w'+-]+ ){0,5}(?:[A-Z0-9-]*\d[A-Z0-9-]*|[A-Z]{2,})(?: [\w'+-]+){0,3}\W*",
)
"""In this order: `Sent from` a brand or a kind of device; `Get Outlook for iOS`; languages with the verb last; a model
such as `RIDGE 4G`."""

MAX_LINES = 12
"""Of a signature; what is longer is kept."""

_LINK = r"[<(\[]*https?://\S+"
_UNSEEN = "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_RULE = r"\W*(?:_{5,}|[—–―]{3,})\W*"
_LEGAL = (
    r"(?i)(?=.{0,600}(?:confiden|vertraulich|vertrouwelijk|riservat|privileged))"
    r"(?=.{0,600}(?:message|mail|nachricht|bericht|mensaje|mensagem|messaggio))"
    r"(?=.{0,600}(?:recipient|addressee|empfänger|adressat|destinat|geadresseerde|ontvanger))"
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
    legal = (at for at, line in enumerate(lines) if at and len(line) > 120 and re.match(_LEGAL, line))
    kept = list(lines[: next(legal, len(lines))])
    cut = _delimiter(kept, before)
    if cut is not None and (elsewhere or kept[cut].lstrip(" ") == "-- " or any(line.strip() for line in kept[:cut])):
        kept = kept[:cut]
    return _without_device(kept, before, original_known)


def without_warning(lines: Sequence[str]) -> list[str]:
    """Without a warning about external mail in the first paragraph."""
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None or not re.match(_WARNING, lines[first]) or len(lines[first]) < 60:
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
    return [line for at, line in enumerate(lines) if at not in skipped]


def is_device_line(line: str) -> bool:
    """Whether a line is what a telephone adds: `Sent from my iPhone`, in many languages."""
    if not 8 <= len(line) <= 200:
        return False
    bare = re.sub(_UNSEEN, "", re.sub(_LINK, "", line)).strip(" \t*_.")
    return bool(bare) and any(re.fullmatch(shape, bare) for shape in _LINES_OF_DEVICES)
