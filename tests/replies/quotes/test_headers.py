"""The lines with which mail programs introduce a quote, in many languages, and prose that looks like them."""

import pytest

from replies.quotes.headers import quote_headers

HEADERS = [
    "On Mon, Aug 3, 2026 at 7:00 AM X <a@b.org> wrote:",
    "Am Mo., 3. Aug. 2026 um 07:00 Uhr schrieb X <a@b.org>:",
    "Le lun. 3 août 2026 à 07:00, X <a@b.org> a écrit :",
    "El lun, 3 ago 2026 a las 7:00, X (<a@b.org>) escribió:",
    "Il giorno lun 3 ago 2026 alle ore 07:00 X <a@b.org> ha scritto:",
    "X <a@b.org> escreveu (segunda, 3/08/2026 à(s) 07:00):",
    "Op 3 aug 2026, om 07:00 heeft X <a@b.org> het volgende geschreven:",
    "Den mån 3 aug. 2026 kl 07:00 skrev X <a@b.org>:",
    "ma 3. elok. 2026 klo 7.00 X (a@b.org) kirjoitti:",
    "Wiadomość napisana przez X <a@b.org> w dniu 3 sie 2026, o godz. 07:00:",
    "X <a@b.org> ezt írta (időpont: 2026. aug. 3., H, 7:00):",
    "пн, 3 авг. 2026 г. в 07:00, X <a@b.org>:",
    "Στις Δευ 3 Αυγ 2026 στις 7:00 π.μ., ο χρήστης X <a@b.org> έγραψε:",
    "X <a@b.org>, 3 Ağu 2026 Pzt, 07:00 tarihinde şunu yazdı:",
    "في الاثنين، ٣ أغسطس ٢٠٢٦، ٧:٠٠ ص X <a@b.org> كتب:",
    "2026年8月3日(月) 7:00 X <a@b.org>:",
    "X <a@b.org> 于2026年8月3日周一 07:00写道：",
    "2026년 8월 3일 (월) 오전 7:00, X <a@b.org>님이 작성:",
    "On 8/3/26 07:00, X wrote:",
    "Op ma 03-08-2026 om 07:00 [+0200], schreef X:",
    "W dniu 3.08.2026 o 07:00, X pisze:",
    "---- On Mon, 03 Aug 2026 07:00:00 +0200 X <a@b.org> wrote ---",
    "x@b.org wrote:",
    "-----Ursprüngliche Nachricht-----",
    "---------- Forwarded message ---------",
    "Début du message réexpédié :",
    "From: X <a@b.org>\nSent: Monday, August 3, 2026 7:00 AM\nTo: Ana\nSubject: Day 2",
    "Von: X\nGesendet: Montag, 3. August 2026 07:00\nAn: Ana\nBetreff: Tag 2",
    "De : X\nEnvoyé : lundi 3 août 2026 07:00\nÀ : Ana\nObjet : Jour 2",
    "*De:* X [mailto:\na@b.org]\n*Enviado el:* lunes\n*Para:* Ana\n*Asunto:* Día 2",
    "-------- Mail original --------",
    "------ Originalnachricht ------",
    "-------- 原始訊息 --------",
    "Vidarebefordrat brev:",
    "Начало переадресованного сообщения:",
    "Nuo: X <a@b.org>\nIšsiųsta: 2026 m. rugpjūčio 3 d. 07:00\nKam: Ana\nTema: 2",
    "De: X <a@b.org>\nEnviat: dilluns, 3 d’agost de 2026 7:00\nPer a: Ana\nTema: 2",
    "Kimden: X <a@b.org>\nTarih: 03.08.2026 07:00\nAlıcı: Ana\nKonu: 2",
    "送信元: X <a@b.org>\n送信日: 2026年8月3日 7:00\n宛先: Ana\n件名: 2",
    "-----Original-Nachricht-----\nBetreff: Tag 2\nDatum: 2026-08-03T07:00:12+0200\nVon: X <a@b.org>\nAn: Ana",
    "Original Message\nFrom: a@b.org\nSent: August 3, 2026 7:00 AM\nTo: Ana",
    "Message du 03/08/26 07:00\nDe : X <a@b.org>\nA : Ana\nCopie à :\nObjet : Jour 2",
    "------ Original Message ------\nFrom X <a@b.org>\nTo Ana\nDate 8/3/2026 7:00 AM\nSubject Day 2",
    "--------- 원본 메일 ---------\n보낸사람: X <a@b.org>\n받는사람: Ana\n날짜: 2026년 8월 3일\n제목: 2",
    ">>> X <a@b.org> 8/3/2026 7:00 AM >>>",
    "X <a@b.org> skrev: (3 augusti 2026 07:00:12 CEST)",
    "======= 2026-08-03 07:00:12 您在来信中写道：=======",
    "On Nov 26, 2026 you wrote:",
    "Original Message processed by example®\nFW: Day 2 9. August 2026, 12:44 Uhr\nVon X\nAn Ana",
    "发件人: X <a@b.org>\n发送时间: 2026年8月3日 7:00\n收件人: Ana\n主题: 2",
]
PROSE = [
    "On Tuesday my mother wrote:",
    "On 3 August 2026 my mother wrote:",
    "Am 3. August um 10:30 schrieb ich:",
    "Le soir il a écrit :",
    "I wrote to bob@example.org and he said:",
    "My address is bob@example.org:",
    "On 12/05/2024 at 10:30 I told her:",
    "She writes:",
    "From: me\nTo: me, in ten years\nSubject: the kitchen",
    "-------- Enter feedback below --------",
    "2024-01-15 14:30:25",
    "On 3 August 2026 you wrote:",
    "Original message of mine\nat 12:44 on 9/8/2026\nFrom me",
]


@pytest.mark.parametrize("text", HEADERS)
def test_a_quote_header_is_recognised_by_its_shape(text: str) -> None:
    lines = ["I lied.", "", *text.split("\n"), "", "Day 2"]

    assert [at for each in quote_headers(lines) for at in each] == list(range(2, len(lines) - 2))


@pytest.mark.parametrize("text", [text for text in HEADERS if "<a@b.org>" in text and "\n" not in text])
def test_a_quote_header_may_be_broken_before_the_address(text: str) -> None:
    lines = ["I lied.", *text.replace(" <", "\n<").split("\n")]

    assert list(quote_headers(lines)) == [range(1, len(lines))]


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_no_quote_header(text: str) -> None:
    assert not list(quote_headers([*text.split("\n"), "come home"]))


def test_a_persons_line_above_headers_is_not_part_of_them() -> None:
    lines = ["Date: 3 August. Mood: bad.", "From: X <a@b.org>", "Date: 4 August 2026", "To: Ana"]

    assert list(quote_headers(lines)) == [range(1, 4)]


@pytest.mark.parametrize(
    "text",
    [
        "On Mon, Aug 3, 2026 at 7:00 AM X <a@b.org> wrote:",
        "Am Mo., 3. Aug. 2026 um 07:00 Uhr schrieb X <a@b.org>:",
        "Le lun. 3 août 2026 à 07:00, X <a@b.org> a écrit :",
        "El lun, 3 ago 2026 a las 7:00, X (<a@b.org>) escribió:",
        "On 8/3/26 07:00, X wrote:",
    ],
)
def test_a_quote_header_is_recognised_above_a_line_that_looks_like_a_mail_header(text: str) -> None:
    assert list(quote_headers([text, "Subject: the kitchen", "", "Day 2"])) == [range(1)]


BEFORE_MARKS = [
    "On Mon, 3 Aug 2026, X wrote:",
    "Quoting X <a@b.org>:",
    "Zitat von X <a@b.org>:",
    "Ines Marlow wrote:",
    "Ines Marlow schrieb:",
]


@pytest.mark.parametrize("text", BEFORE_MARKS)
def test_less_evidence_is_enough_right_before_a_marked_quote(text: str) -> None:
    assert list(quote_headers(["I lied.", text, "Day 2"], [False, True, False])) == [range(1, 2)]
    assert not list(quote_headers(["I lied.", text, "Day 2"]))


@pytest.mark.parametrize("text", ["You asked:", "She wrote:", "my mother wrote:", "I said it in 2026:"])
def test_a_persons_introduction_to_a_quote_is_no_quote_header(text: str) -> None:
    assert not list(quote_headers(["I lied.", text, "Day 2"], [False, True, False]))
