"""The clients with the text that each puts around a quote, taken from their real mail, in English."""

import uuid
from html import escape

from local_cloud.clients.client import Client, Place, Reply
from local_cloud.clients.plain import Style

EVERYWHERE = (Place.ABOVE, Place.BELOW, Place.INSIDE)


def _gmail_line(reply: Reply) -> str:
    clock = reply.sent.strftime("%-I:%M\u202f%p")
    name, address = reply.sender
    when = f"On {reply.sent:%a, %b} {reply.sent.day}, {reply.sent.year} at {clock} {name}".rstrip()
    line = f"{when} <{address}> wrote:"
    return line if len(line) <= 78 else f"{when} <\n{address}> wrote:"  # Gmail breaks this line inside the address


def _apple_line(reply: Reply) -> str:
    name, address = reply.sender
    return f"On {reply.sent.day} {reply.sent:%b %Y}, at {reply.sent:%H:%M}, {name} <{address}> wrote:"


def _iphone_line(reply: Reply) -> str:
    name, address = reply.sender
    clock = reply.sent.strftime("%-I:%M\u202f%p")
    return f"On {reply.sent:%b} {reply.sent.day}, {reply.sent.year}, at {clock}, {name} <{address}> wrote:"


def _thunderbird_line(reply: Reply) -> str:
    return f"On {reply.sent.month}/{reply.sent.day}/{reply.sent:%y} {reply.sent:%H:%M}, {reply.sender[0]} wrote:"


def _yahoo_line(reply: Reply) -> str:
    name, address = reply.sender
    zone = reply.sent.strftime("%z")
    clock = reply.sent.strftime("%I:%M:%S %p")
    when = f"{reply.sent:%A, %B} {reply.sent.day}, {reply.sent.year} at {clock} GMT{zone[0]}{int(zone[1:3])}"
    return f"    On {when}, {name} <{address}> wrote:  "


def _outlook_fields(reply: Reply, *, mobile: bool) -> str:
    name, address = reply.sender
    clock = reply.sent.strftime("%-I:%M %p")
    to = reply.original.address
    return (
        f"From: {name} <{address}>\nSent: {reply.sent:%A, %B} {reply.sent.day}, {reply.sent.year} {clock}\n"
        f"To: {f'{to} <{to}>' if mobile else to}\nSubject: {reply.original.subject}"
    )


def _samsung_fields(reply: Reply) -> str:
    name, address = reply.sender
    zone = reply.sent.strftime("%z")
    return (
        f"-------- Original message --------\nFrom: {name} <{address}>\n"
        f"Date: {reply.sent:%d/%m/%Y  %H:%M}  (GMT{zone[:3]}:{zone[3:]})\n"
        f"To: {reply.original.address}\nSubject: {reply.original.subject}"
    )


def _bold_names(fields: str) -> str:
    """Header fields with their names in bold, as Outlook writes them."""
    pairs = (line.partition(": ") for line in fields.split("\n"))
    return "<br>\n".join(f"<b>{name}:</b> {escape(value)}" for name, _, value in pairs)


def _gmail_html(line: str) -> str:
    """Gmail's quote header on one line, with a link on the address."""
    before, _, rest = line.replace("<\n", "<").partition("<")
    address = rest.partition(">")[0]
    return f'{escape(before)}&lt;<a href="mailto:{address}">{address}</a>&gt; wrote:<br>'


GMAIL = Client(
    label="Gmail",
    line=_gmail_line,
    line_in_html=_gmail_html,
    page=(
        '<div dir="ltr">{typed}</div><br><div class="gmail_quote gmail_quote_container">'
        '<div dir="ltr" class="gmail_attr">{line}</div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        'border-left:1px solid rgb(204,204,204);padding-left:1ex">{quote}</blockquote></div>'
        '<div dir="ltr">{under}</div>\n'
    ),
    style=Style(bullet="   - ", bold="*", wrap=76, hidden=True),
    places=EVERYWHERE,
    message_id=lambda _: f"<CA+{uuid.uuid4().hex}@mail.gmail.com>",
    wrap=76,
)
APPLE_MAIL = Client(
    label="Apple Mail",
    line=_apple_line,
    page=(
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="'
        'overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">{typed}'
        '<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>{line}</div>'
        '<br class="Apple-interchange-newline"><div>{quote}</div></blockquote></div><br>{under}</body></html>'
    ),
    text="{typed}\n\n> {line}\n> \n{quote}\n",
    text_around="> {line}\n> \n{quote}\n",
    style=Style(bullet="• "),
    places=EVERYWHERE,
    headers={"X-Mailer": "Apple Mail (2.3826.400.131.1.6)"},
    message_id=lambda domain: f"<{str(uuid.uuid4()).upper()}@{domain}>",
)
IPHONE = Client(
    label="iPhone",
    line=_iphone_line,
    page=(
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body dir="auto">{typed}'
        '<div><br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br>'
        '<blockquote type="cite">{line}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">\ufeff{quote}'
        "</div></blockquote></div>{under}</body></html>"
    ),
    text="{typed}{signature}\n\n> {line}\n> \n> \ufeff\n{quote}\n",
    text_around="> {line}\n> \n> \ufeff\n{quote}\n",
    signature="\n\nSent from my iPhone",
    style=Style(bullet=""),
    places=EVERYWHERE,
    headers={"X-Mailer": "iPhone Mail (22F76)", "Mime-Version": "1.0 (1.0)"},
    message_id=lambda domain: f"<{str(uuid.uuid4()).upper()}@{domain}>",
    encoding="base64",
)
OUTLOOK = Client(
    label="Outlook",
    line=lambda reply: _outlook_fields(reply, mobile=False),
    line_in_html=lambda line: f'<p class="MsoNormal">{_bold_names(line)}<o:p></o:p></p>',
    page=(
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" '
        'xmlns="http://www.w3.org/TR/REC-html40"><head><meta http-equiv="Content-Type" content="text/html; charset='
        'utf-8"><meta name="Generator" content="Microsoft Word 15 (filtered medium)"><style><!--\np.MsoNormal '
        '{margin:0cm; font-size:11.0pt; font-family:"Aptos",sans-serif;}\n--></style></head><body lang="EN-GB" '
        'link="#0563C1" vlink="#954F72"><div class="WordSection1">{typed}<p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">{line}</div></div>'
        '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{quote}{under}</div></body></html>'
    ),
    block='<p class="MsoNormal"><span style="mso-fareast-language:EN-US">{}<o:p></o:p></span></p>',
    inside='<div style="color:#0070C0">{}</div>',
    style=Style(link="{}<{}>", bullet="  *   ", mark=""),
    places=EVERYWHERE,
    headers={"X-MS-Has-Attach": "", "Thread-Index": "AQHcXr0m6H2pQk2YV0qH0w==", "Accept-Language": "en-GB, en-US"},
    message_id=lambda _: f"<AM0PR0{uuid.uuid4().hex[:20].upper()}@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>",
)
OUTLOOK_MOBILE = Client(
    label="Outlook mobile",
    line=lambda reply: _outlook_fields(reply, mobile=True),
    line_in_html=lambda line: f'<font face="Calibri, sans-serif" style="font-size:11pt">{_bold_names(line)}</font>',
    page=(
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style type="text/css" '
        'style="display:none;"> P {margin-top:0;margin-bottom:0;} </style></head><body dir="ltr"><div class='
        '"elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt;">{typed}</div>'
        '<div id="ms-outlook-mobile-signature"><div><br></div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a>'
        '</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        '<div id="divRplyFwdMsg" dir="ltr">{line}<div>&nbsp;</div></div><div>{quote}</div>{under}</body></html>'
    ),
    text="{typed}{signature}\n________________________________\n{line}\n\n{quote}\n",
    text_around="{signature}\n________________________________\n{line}\n\n{quote}\n",
    signature="\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
    inside='<div style="color:#0070C0">{}</div>',
    style=Style(link="{}<{}>", bullet="  *   ", mark="", hidden=True),
    headers={"Accept-Language": "en-GB, en-US", "X-MS-Exchange-MessageSentRepresentingType": "1"},
    message_id=lambda _: f"<DB9PR0{uuid.uuid4().hex[:20].upper()}@DB9PR01MB0002.eurprd01.prod.exchangelabs.com>",
    encoding="base64",
)
YAHOO = Client(
    label="Yahoo",
    line=_yahoo_line,
    line_in_html=lambda line: escape(line.strip()),
    page=(
        '<html><head></head><body><div class="ydp4d1yahoo-style-wrap" style="font-family:Helvetica Neue, Helvetica, '
        'Arial, sans-serif;font-size:16px;"><div></div><div dir="ltr" data-setdir="false">{typed}</div><div><br></div>'
        '</div><div id="ydpa1yahoo_quoted_5500112233" class="ydpa1yahoo_quoted"><div style="font-family:Helvetica;'
        'font-size:13px;color:#26282a;"><div>{line}</div><div><br></div><div><br></div><div><div id="ydpa1yiv">{quote}'
        "</div></div></div></div></body></html>"
    ),
    text="{typed}\n\n{line}\n \n{quote}\n ",
    text_around="\n{line}\n \n{quote}\n ",
    style=Style(link="{}", bullet="   - ", mark=" "),
    headers={"X-Mailer": "WebService/1.1.24562 YMailNorrin"},
    message_id=lambda _: f"<{uuid.uuid4().int % 10**9}.{uuid.uuid4().int % 10**7}.1764075600000@mail.yahoo.com>",
)
THUNDERBIRD = Client(
    label="Thunderbird",
    line=_thunderbird_line,
    page=(
        '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>'
        '<p>{typed}</p><div class="moz-cite-prefix">{line}<br></div><blockquote type="cite" cite="mid:original">{quote}'
        "</blockquote>{under}</body></html>"
    ),
    text="{typed}\n\n{line}\n{quote}\n",
    text_around="{line}\n{quote}\n",
    block="{}<br>",
    inside="<p>{}</p>",
    style=Style(bullet=" * ", bold="*", wrap=72),
    places=EVERYWHERE,
    headers={"User-Agent": "Mozilla Thunderbird", "Content-Language": "en-GB"},
    message_id=lambda domain: f"<{uuid.uuid4()}@{domain}>",
)
THUNDERBIRD_PLAIN = Client(
    label="Thunderbird, plain text",
    line=_thunderbird_line,
    page="",
    text="{typed}\n\n{line}\n{quote}\n",
    text_around="{line}\n{quote}\n",
    style=Style(bullet=" * ", bold="*", wrap=72),
    places=EVERYWHERE,
    headers={"User-Agent": "Mozilla Thunderbird", "Content-Language": "en-GB"},
    message_id=lambda domain: f"<{uuid.uuid4()}@{domain}>",
    flowed=True,
)
SAMSUNG = Client(
    label="Samsung",
    line=_samsung_fields,
    line_in_html=lambda fields: "".join(f"<div>{escape(line)} </div>" for line in fields.split("\n")),
    page=(
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body dir="auto">{typed}'
        '<div dir="auto"><br></div><div id="composer_signature" dir="auto"><div style="font-size:12px;color:#575757" '
        'dir="auto">Sent from my Galaxy</div></div><div dir="auto"><br></div><div><br></div>'
        '<div align="left" dir="auto" style="font-size:100%;color:#000000">{line}<div><br></div></div>{quote}'
        "</body></html>"
    ),
    block='<div dir="auto">{}</div>',
    text="{typed}\n\n\n{signature}\n\n\n{line}\n\n{quote}\n",
    text_around="\n\n{signature}\n\n\n{line}\n\n{quote}\n",
    signature="Sent from my Galaxy",
    style=Style(link="{}", bullet="", mark="", hidden=True),
    message_id=lambda domain: f"<{uuid.uuid4().hex[:12]}.1764075600000@email.android.{domain}>",
    encoding="base64",
)

CLIENTS = {
    "gmail": GMAIL,
    "outlook": OUTLOOK,
    "outlook-mobile": OUTLOOK_MOBILE,
    "apple-mail": APPLE_MAIL,
    "iphone": IPHONE,
    "yahoo": YAHOO,
    "thunderbird": THUNDERBIRD,
    "thunderbird-plain": THUNDERBIRD_PLAIN,
    "samsung": SAMSUNG,
}
