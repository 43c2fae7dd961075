"""The lines with which a mail program introduces a quote, told by their shape and a few words of many languages.

Shapes: `On <date> <somebody> wrote:` (in one to six lines, in any order), a block of `From: … Sent: …`, and
`-----Original Message-----`. Each needs evidence that prose rarely has: a date with a time, or an address.
"""

import re
from collections.abc import Iterator, Sequence

MAX_LENGTH = 400
MAX_LINES = 6
MAX_BLOCK = 16

_VERBS = (
    "wrote|writes|schrieb|schreibt|geschrieben|écrit|escribió|escribe|scritto|escreveu|escribiu|escriure|schreef"
    "|geschreven|skrev|skrifaði|kirjoitti|kirjutas|rakstīja|rašė|napisał|napisała|napisał\\(a\\)|pisze|napsal|napsala|napsal\\(a\\)"
    "|napísal|napísala|napísal\\(a\\)|írta|scris|napisao|napisala|написал|написала|написал\\(а\\)|пишет|написав|написала"
    "|пише|написа|έγραψε|yazdı|كتب|كتبت|כתב|כתבה|نوشت|viết|menulis"
)
_VERB = rf"(?i)(?<!\w)(?:{_VERBS})(?!\w)|写道|寫道|작성|のメール|のメッセージ|เขียน"
_LEAD = (
    r"(?i)(?:on|at|am|le|el|il|in|em|den|dnia|w|dne|dňa|dana|na|v|на|в|у|pe|la|a|în|vào|pada|στις|في"
    r"|بتاريخ|ในวันที่|kuupäev)[\s,.:]"
)
_TIME = r"\d{1,2}\s?[:.h時点시]\s?\d{2}"
_DATE = r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}"
_ADDRESS = r"[^\s<>@\"',;:()\[\]]{1,64}@[^\s<>@\"',;:()\[\]]{2,100}"
_TELLING = r"[\d@]"
_BRACKETED = r"[<(\[]\W{0,3}[^\s<>@]{1,64}@[^\s<>@]{2,100}"
_ENDS = (":", "：", "-", "*", "_", '"', "=", ")")
_BARE_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d{2}\sGMT[+-]|.{0,200}<[^<>\s]+@[^<>\s]+>$)"

_LABELS = {
    "from": "from|von|de|da|van|från|fra|lähettäjä|od|nadawca|feladó|de la|от|от кого|від|από|kimden|gönderen|من|מאת"
    "|发件人|寄件者|寄件人|發件人|差出人|送信者|보낸 사람|보낸사람|từ|dari|saatja|expéditeur|remitente|mittente"
    "|afzender|frá|pošiljatelj|จาก",
    "date": "sent|date|gesendet|gesendet am|datum|envoyé|envoyé le|message du|enviado|enviado el|enviado em|enviada em"
    "|fecha|data|inviato|verzonden|skickat|sendt|dato|lähetetty|päivämäärä|wysłano|wysłane|data wysłania"
    "|odesláno|odoslané|küldve|elküldve|dátum|trimis|отправлено|дата|надіслано|изпратено|στάλθηκε|εστάλη|ημερομηνία|gönderilme|gönderildi"
    "|tarih|تم الإرسال|التاريخ|נשלח|תאריך|发送时间|日期|寄件日期|傳送日期|送信日時|日付|日時|보낸 날짜|보낸날짜|날짜"
    "|đã gửi|ngày|dikirim|tanggal|saadetud|kuupäev|poslano|วันที่|ส่ง",
    "to": "to|an|à|a|para|aan|till|til|vastaanottaja|do|adresat|komu|címzett|către|кому|до|προς|kime|إلى|אל|收件人"
    "|收件者|宛先|받는 사람|받는사람|đến|tới|kepada|ke|saaja|za|per|destinataire|destinatario|ถึง",
    "cc": "cc|kopie|copie à|copie|cópia|copia|kopia|kopi|kopio|dw|másolat|копия|копія|κοιν|bilgi|نسخة|עותק|抄送|副本"
    "|참조|reply-to|risposta|antwort an|répondre à|responder a",
    "subject": "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy"
    "|subiect|тема|θέμα|konu|الموضوع|נושא|主题|主題|主旨|标题|件名|제목|chủ đề|tiêu đề|subjek|perihal"
    "|teema|относно|เรื่อง|zadeva",
}
_KIND_OF_LABEL = {label: kind for kind, labels in _LABELS.items() for label in labels.split("|")}
_LABEL = r"[\s*_]*([^\W\d_][^:：\n*_<>@]{0,24}?)[\s*_]*[:：]"

_MESSAGE = (
    r"message|nachricht|mensaje|mensagem|messaggio|bericht|meddelande|meddelelse|melding|besked|viesti|wiadomość|zpráva"
    r"|správa|üzenet|mesaj(?:ul)?|сообщени\w|письмо|повідомлення|съобщение|poruka|sporočilo|μήνυμα|ileti|رسالة|الرسالة"
    r"|הודעה|thư|pesan|(?:e-?)?mail"
)
_DIVIDER = rf"(?i)-{{3,}}.{{0,50}}?(?:\b(?:{_MESSAGE})\b|邮件|郵件|メッセージ|메시지|메일).{{0,50}}?-{{3,}}"
_HEADLINE = (
    rf"(?i)[-_=—]{{3,}}.{{1,60}}?[-_=—]{{3,}}|(?=.{{0,60}}(?:origin|\d[./-]\d|ursprüngl|ursprung|oprindelig|opprinnelig"
    rf"|oorspronkelijk|alkuperäi|oryginaln|původní|pôvodn|eredeti|исходн))"
    rf"(?:[^\s.!?]+ ){{0,3}}(?:{_MESSAGE})(?: [^\s!?]+){{0,4}}"
)
"""What may stand right above a block, and is no introduction without one."""
_UNMARKED_LABEL = r"(?P<label>[^\W\d_]{2,20})[ \t]"
_FORWARD = (
    r"(?i)(?=.{0,60}(?:forward|weitergeleit|réexpéd|transf|reenv|inoltr|encaminh|doorgest|vidare|videre|přepos|przekaz"
    rf"|пересла|転送|转发|轉寄))(?=.{{0,60}}(?:{_MESSAGE}|邮件|郵件|メッセージ)).{{0,80}}[:：]"
)


def introductions(lines: Sequence[str], before_marks: Sequence[bool] = ()) -> Iterator[range]:
    """The lines of each introduction. The lines come without quote marks and without space at their ends.

    `before_marks` tells of each line whether a quote follows it; then less is enough.
    """
    labels = [label(line) for line in lines]
    index = 0
    while index < len(lines):
        end = _end(lines, labels, index) if lines[index] else None
        if not end and before_marks and before_marks[index] and _leads_in(lines[index]):
            end = index + 1
        if end:
            yield range(index, end)
        index = end or index + 1


def _leads_in(line: str) -> bool:
    """`On 4 Aug 2026, X wrote:`, `X Y wrote:` or `Quoting X <address>:`, right before a marked quote."""
    if not line.endswith((":", "：")) or len(line) > MAX_LENGTH:
        return False
    verb = re.search(_VERB, line)
    dated = _is_dated(line) and re.search(_DATE, line) is not None and verb is not None and len(line.split()) <= 20
    name = line[: verb.start()].split() if verb and not line[verb.end() :].strip(" :：") else []
    named = 2 <= len(name) <= 4 and all(word[0].isupper() for word in name)
    return dated or named or re.fullmatch(rf"[^@]{{1,80}}{_BRACKETED}[^\s@]{{0,3}}", line) is not None


def _end(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """The index after the introduction that starts in this line, or None when none does."""
    line = lines[start]
    if len(line) > MAX_LENGTH:
        return None
    if line.startswith("---") and re.fullmatch(_DIVIDER, line):
        return _end_of_unmarked_block(lines, start + 1) or start + 1
    if line.endswith((":", "：")) and re.fullmatch(_FORWARD, line):
        return start + 1
    if start + 1 < len(lines) and labels[start + 1] and not labels[start] and re.fullmatch(_HEADLINE, line):
        return _end_of_block(lines, labels, start + 1)
    return _end_of_sentence(lines, labels, start) or (_end_of_block(lines, labels, start) if labels[start] else None)


def _end_of_sentence(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """`On <date> <somebody> wrote:` in as few lines as have the shape: no line of prose above it is taken along."""
    text = ""
    begins = lines[start][:4].isdecimal() or lines[start].startswith(">>>")
    window = lines[start : start + MAX_LINES]
    if not begins and not any(line.endswith(_ENDS) for line in window):
        return None
    together = " ".join(line[: MAX_LENGTH + 1] for line in window)
    if "@" not in together and not re.search(_TIME, together):
        return None
    for index in range(start, min(start + MAX_LINES, len(lines))):
        if not lines[index] and not (text and index + 1 < len(lines) and lines[index + 1].startswith("<")):
            return None
        if text and labels[index]:
            return None
        text = f"{text} {lines[index]}".strip()
        if len(text) > MAX_LENGTH:
            return None
        strength = attribution(text) if begins or text.endswith(_ENDS) else 0
        if strength and not (text.endswith("<") and index + 1 < len(lines) and lines[index + 1]):
            later = (" ".join(lines[after : index + 1]).strip() for after in range(start + 1, index + 1))
            better = (attribution(shorter) >= strength for shorter in later if not shorter.startswith("<"))
            return None if any(better) else index + 1
    return None


def attribution(text: str) -> int:
    """How much of `On <date> <somebody> wrote:` a text is: 0 nothing, 1 a part, 2 all but an address, 3 all."""
    if text[:4].isdecimal() and re.match(_BARE_DATE, text):
        return 3
    if text.startswith(">>> ") and text.endswith(" >>>") and re.search(_TIME, text) and re.search(_DATE, text):
        return 3
    if text.endswith(")") and ": (" in text:  # somebody <address> skrev: (4 augusti 2026 07:00)
        text = text[:-1].replace(": (", " ") + ":"
    if not text.endswith(_ENDS) or not re.search(_TELLING, text):
        return 0
    core = text.strip('-—=_* \t"”')
    if not (core.endswith((":", "：")) or text.endswith("--")) or len(core.split()) > 40:
        return 0
    times = re.findall(_TIME, core)
    if not times and "@" not in core:
        return 0
    core = core.rstrip(":：) ")
    verb, address, date = re.search(_VERB, core), re.search(_ADDRESS, core), re.search(_DATE, core)
    if times and date and re.search(_BRACKETED, core):
        return 3
    dated = _is_dated(core)
    if dated and address and (times or date) and (verb or core.endswith((address[0], address[0] + ">"))):
        return 3
    if dated and verb and address and any(letter.isdigit() for letter in core):
        return 3
    if verb and date and times and (dated or (core.endswith(times[-1]) and len(core[: verb.start()].split()) <= 8)):
        return 2
    if verb and address and address.end() < verb.start() <= 150 and not core[verb.end() :].strip("(): "):
        return 0 if core[address.end() : verb.start()].strip(" >)]\"'*") else 1  # somebody@example.org wrote:
    return 0


def _is_dated(text: str) -> bool:
    """Whether a text begins as dates begin."""
    first = text.split(maxsplit=2)[:2]
    digits = any(letter.isdigit() for word in first if "@" not in word for letter in word)
    return digits or re.match(_LEAD, text) is not None


def _end_of_block(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """`From: …`, `Sent: …`, `To: …`, `Subject: …` in any order; a value may go on in the next lines."""
    kinds: set[str] = set()
    last = start
    for index in range(start, min(start + MAX_BLOCK, len(lines))):
        if kind := labels[index]:
            if index > start and kind == labels[start]:
                return None  # a line of prose above the block that happens to look like one of its lines
            kinds.add(kind)
            last = index
        elif index - last > 2 or (not lines[index] and not labels[min(index + 1, len(lines) - 1)]):
            break
    if "from" not in kinds or len(kinds) < 2:
        return None
    values = " ".join(line[:MAX_LENGTH] for line in lines[start : last + 1])
    if not any(re.search(shape, values) for shape in (_ADDRESS, _DATE, _TIME)):
        return None
    wrapped = len(lines[last]) > 60 and last + 2 < len(lines) and lines[last + 1] and not lines[last + 2]
    return last + 1 + bool(wrapped)


def _end_of_unmarked_block(lines: Sequence[str], start: int) -> int | None:
    """`From X <…>`, `To …`, `Date …`, `Subject …` without colons, right below a divider."""
    kinds: list[str] = []
    for line in lines[start : start + MAX_BLOCK]:
        found = re.match(_UNMARKED_LABEL, line)
        kind = _KIND_OF_LABEL.get(found["label"].lower()) if found else None
        if kind is None or kind in kinds:
            break
        kinds.append(kind)
    return start + len(kinds) if len(kinds) >= 3 and "from" in kinds else None


def label(line: str) -> str | None:
    """What kind of mail header a line is (from, date, to, cc, subject), or None."""
    found = re.match(_LABEL, line) if len(line) <= MAX_LENGTH and (":" in line or "：" in line) else None
    return _KIND_OF_LABEL.get(found[1].strip().lower()) if found else None
