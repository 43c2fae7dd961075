"""The line that a telephone or a mail program adds below what was written: `Sent from my iPhone`, in many languages."""

import re

_BRAND = (
    r"iphone|iphon|ipad|ipod|android|galaxy|samsung|blackberry|outlook|huawei|xiaomi|redmi|pixel|nokia|motorola|oneplus|htc"
    r"|windows|yahoo|gmail|gmx|web\.de|proton|airmail|sparrow|mailbox|thunderbird|k-9|fairemail|spark|mail\.ru|mail\.com|superhuman|bluemail|aol|libero|fastmail|tuta\w*"
    r"|zoho|vivaldi|mailspring|yandex|яндекс\w*|mail orange|laposte|zimbra|roundcube|outlook\w*"
)
_DEVICE = (
    r"mobil\w*|mobiel\w*|handy|smartphone|phone|téléphone|teléfono|telefon\w*|telefoon|móvil|celular|cellulare|cell|tablet"
    r"|device|app|application|aplikacji|aplicativo|aplicación|почты|appareil|\w*gerät|dispositivo|\w*手机|\w*手機|携帯"
)
_SENT_FROM = (
    r"(?:sent|posted) (?:from|via|with|using|by|on)|(?:enviad[oa]|mandado|escrito) (?:desde|con|do|de|pelo|via|por)"
    r"|inviat[oa] (?:da|dal|dall|con|tramite)|envoyé (?:de|depuis|à partir|avec|via)"
    r"|(?:gesendet|verschickt) (?:von|mit|aus|über)|(?:verzonden|verstuurd) (?:van|vanaf|vanuit|met|via)"
    r"|(?:skickat|sendt|sent) (?:från|fra|via|med|frá)"
    r"|(?:wysłan[eo]|odesláno|odoslané|poslan[oé]) (?:z|ze|iz|s)|trimis (?:de|din|cu|prin)|отправлено (?:с|из|от)"
    r"|надіслано (?:з|із)|изпратено от|στάλθηκε από|gửi từ|dikirim dari|saadetud minu|lähetetty"
    r"|أُ?رسلت من|נשלח (?:מ|באמצעות)\S*"
    r"|diese (?:nachricht|e-?mail) wurde (?:von|mit)|this (?:message|e-?mail) was sent (?:from|with|via)"
)
_EXCUSE = (
    r"(?:[,.;!]* ?\(?(?:please|pls|excuse|sorry|forgive|pardon|bitte|entschuldig|disculp|perdon|désolé|scus)"
    r"[^\n]{0,80})?"
)
_LINE = (
    rf"(?i:\W*(?:(?:{_SENT_FROM})(?!\w)|发自|發自|傳送自)"
    rf"(?:[^.!?\n]{{0,50}}?(?<![a-z0-9])(?:{_BRAND})(?!\w*\?)[^!?,\n]{{0,40}}(?:, an? [^!?,\n]{{1,40}})?"
    rf"|[^.,!?\n]{{0,40}}?(?<!\w)(?:l['’])?(?:{_DEVICE})(?!\w)(?: [^\s,.!?]+){{0,2}}){_EXCUSE}\W*)"
    r"|(?i:get (?:[\w.-]+ ){1,3}for (?:iOS|Android|iPhone|mobile|desktop|Windows|Mac))"
    r"|(?i:(?:\S+ ){0,3}\W*Outlook\W* (?:\S+ ){1,2}(?:iOS|Android|Mac|Windows)(?: \S+)?)"
    rf"|(?i:(?=.{{0,80}}(?<!\w)(?:{_BRAND}|{_DEVICE}))(?:von|mit) (?:meine\S+|der|dem)(?: [\w./-]+){{1,6}}"
    r" (?:gesendet|verschickt))"
    r"|(?i:(?:von meine\S+|az|mein|从我的|從我的|나의)? ?(?:iphone|ipad|android|galaxy|samsung|outlook"
    r"|huawei|\S*telefon|mobilgerät)[^\s,.!?]* ?(?:\S*gesendet|küldve|傳送|发送|から送信|에서 보냄|gönderildi)\W*)"
    r"|Sent from my (?:[\w'+-]+ ){0,5}(?:[A-Z0-9-]*\d[A-Z0-9-]*|[A-Z]{2,})(?: [\w'+-]+){0,3}\W*"
)
"""In this order: `Sent from` a brand or a kind of device; `Get … for iOS`; `Outlook for iOS`; languages with the verb
last; a model such as `RIDGE 4G`."""
_LINK = r"[<(\[]*https?://\S+"
_UNSEEN = "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"


def is_device_line(line: str) -> bool:
    """Whether a line is what a telephone adds: `Sent from my iPhone`, in many languages."""
    if not 8 <= len(line) <= 200:
        return False
    bare = re.sub(_UNSEEN, "", re.sub(_LINK, "", line)).strip(" \t*_.")
    return bool(bare) and re.fullmatch(_LINE, bare) is not None
