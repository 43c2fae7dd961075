"""What a telephone adds, and sentences that look like it."""

import pytest

from replies.devices import is_device_line

DEVICES = [
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Sent from my phone, please excuse typos",
    "Get Outlook for Android<https://aka.ms/ghei36>",
    "Enviado desde mi iPhone",
    "Enviado desde Correo para Windows",
    "Von meinem iPhone gesendet",
    "Gesendet mit der mobilen Mail App",
    "Envoyé de mon iPhone",
    "Télécharger Outlook pour iOS",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPad",
    "Skickat från min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "從我的 iPhone 傳送",
    "iPhoneから送信",
    "أُرسلت من الـ iPhone",
    "Sent from my RIDGE 4G",
    "发自我的iPhone",
    "Get BlueMail for Android",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Envoyé depuis l'application Mail Orange",
    "Отправлено из мобильной Почты Mail.ru",
    "Sent from my HTC One™ X, an AT&T 4G LTE smartphone",
]
SENTENCES = [
    "Sent from my desk, is much easier than my mobile phone.",
    "Sent from my own kitchen, at midnight.",
    "Sent my mother a mail today",
    "I sent this from my phone",
    "Get your phone and call me",
    "Enviado por correo.",
    "Von meinem Telefon aus habe ich sie angerufen",
    "Mein Handy habe ich weggelegt und eine Nachricht gesendet",
    "From my phone I called her",
    "Sent with love from the orange kitchen",
    "Get up for work",
    "Von meinem Vater habe ich ihr nie gesendet",
]


@pytest.mark.parametrize("line", DEVICES)
def test_a_line_that_a_telephone_adds_is_known(line: str) -> None:
    assert is_device_line(line)


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_about_a_telephone_stays(line: str) -> None:
    assert not is_device_line(line)
