"""Signatures, telephones' lines and footers, which are removed, and own words that look like them and stay."""

import pytest

from replies.signatures import is_device_line, without_signature, without_warning


def cleaned(text: str, *, before: bool = False, elsewhere: bool = False, original_known: bool = True) -> str:
    flags = {"before": before, "elsewhere": elsewhere, "original_known": original_known}
    return "\n".join(without_signature(text.split("\n"), **flags)).rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "I lied.\n-- \nAna\nTeacher",
        "I lied.\n--\nAna",
        "I lied.\n______\nAna",
        "I lied.\n-- \n\nAna",
        "I lied.\n -- \n Ana",
    ],
)
def test_a_delimited_signature_is_removed(text: str) -> None:
    assert cleaned(text) == "I lied."


@pytest.mark.parametrize(
    "text",
    [
        "I lied.\n\n--\n\nand then, quiet.",
        "I lied.\n--\nI have called him since, and he listened.",
        "-- first\n-- second",
        "--\nI lied",
        "Thanks -- I needed this.",
        "Service   Date\n--------------\nDomain    June",
        "-- \n" + "a line\n" * 20 + "the end",
    ],
)
def test_a_persons_own_dashes_stay(text: str) -> None:
    assert cleaned(text) == text


def test_text_below_a_telephones_line_is_kept_only_if_the_original_is_known() -> None:
    text = "I lied.\n\nSent from my iPhone\n\nAnd it hurt."

    assert cleaned(text) == "I lied.\n\n\nAnd it hurt."
    assert cleaned(text, original_known=False) == "I lied."


def test_a_long_rule_begins_a_quote_if_a_telephones_line_comes_first() -> None:
    text = f"Sent from my iPhone\n\nI lied.\n\n{'_' * 32}\n\nDay 2"

    assert cleaned(text, original_known=False).strip() == "I lied."
    assert cleaned(text).endswith("Day 2")
    assert cleaned(text.replace("_" * 32, "_" * 9), original_known=False).endswith("Day 2")


def test_a_legal_footer_is_removed() -> None:
    footer = (
        "This message is confidential and meant for the addressee; any other recipient must delete it at once, please. "
        * 2
    )

    assert cleaned(f"I lied.\n\n{footer}") == "I lied."


def test_a_warning_about_external_mail_is_removed() -> None:
    warning = "CAUTION: This email comes from outside the company. Do not click links or open attachments."

    assert without_warning([warning, "", "I lied."]) == ["", "I lied."]
    assert without_warning(["I went outside, with caution."]) == ["I went outside, with caution."]


def test_a_legal_footer_may_be_wrapped_and_own_words_are_not_one() -> None:
    lines = [
        "This message is confidential and meant for",
        "the recipient only. Whoever else gets it must",
        "delete it at once, and tell us that it came.",
    ]
    footer = "\n".join(lines)
    own = footer.replace("meant for", "I meant it for")

    assert cleaned(f"I lied.\n\n{footer}") == "I lied."
    assert cleaned(f"I lied.\n\n{own}") == f"I lied.\n\n{own}"


def test_words_right_above_a_legal_footer_stay() -> None:
    footer = "This message is confidential. Whoever is not its recipient must delete it at once and tell the sender."
    assert (
        cleaned(f"He knew.\n\nShe knew as well.\n{footer} Thank you kindly for your help.")
        == "He knew.\n\nShe knew as well."
    )


def test_a_request_not_to_print_is_removed() -> None:
    assert cleaned("I lied.\n\nThink of the environment: please print this only if you must.") == "I lied."
    own = "I lied.\n\nBefore that I had printed a paper on the environment."
    assert cleaned(own) == own


def test_a_long_rule_starts_a_signature_but_not_below_a_heading() -> None:
    assert cleaned("I lied.\n\n-------------\nAna\nTeacher") == "I lied."
    assert cleaned("The evening\n-------------\nI lied") == "The evening\n-------------\nI lied"


def test_the_placeholder_of_a_picture_is_removed() -> None:
    assert cleaned("Look:\n[image: room.png]\nThe cross is me.") == "Look:\nThe cross is me."


def test_a_signature_has_at_most_twelve_lines() -> None:
    twelve = "I lied.\n-- " + "\nAna" * 12

    assert cleaned(twelve) == "I lied."
    assert cleaned(f"{twelve}\nAna") == f"{twelve}\nAna"


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
    "Provenance : Courrier pour Windows",
    "Skickades från E-post för Windows",
    "Отправлено со смартфона Samsung Galaxy.",
    "Windows 版のメールから送信",
    "Samsung Galaxy akıllı telefonumdan gönderildi.",
    "iOS için Outlook'tan gönderildi",
    "Android için Outlook'u edinin",
    "Hanki Outlook Androidille",
    "Az Android Outlook letöltése",
    "Android용 Outlook 다운로드",
    "내 Galaxy에서 보냄",
    "取得 Android 版 Outlook",
    "Enviat des del meu iPhone",
    "Đã gửi từ iPhone của tôi",
    "ส่งจาก iPhone ของฉัน",
    "Išsiųsta iš mano iPhone",
    "Nosūtīts no mana iPhone",
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
    "Mektup o gece telefonundan gönderildi",
    "Samsung için çok çalıştım, sonra eve gönderildim",
    "家から送信した",
    "Von meinem Vater habe ich ihr nie gesendet",
]


@pytest.mark.parametrize("line", DEVICES)
def test_a_line_that_a_telephone_adds_is_recognised(line: str) -> None:
    assert is_device_line(line)


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_about_a_telephone_stays(line: str) -> None:
    assert not is_device_line(line)
