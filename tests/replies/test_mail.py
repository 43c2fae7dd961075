"""The text of a mail: charsets, encodings, broken MIME, and the limits."""

import base64
import quopri
import time

import pytest

from replies import UnreadableMail
from replies.mail import has_one_author, header, marks_signature, parse, sender, visible_text
from tests.replies.replies import mail, part


def test_r6_a_mail_without_a_content_type_is_text() -> None:
    assert visible_text(parse(b"Subject: x\r\n\r\nI lied.")) == "I lied."


def test_flowed_lines_are_joined() -> None:
    raw = part(b"one \r\ntwo\r\n> three \r\n> four\r\n-- \r\nAna", "text/plain; format=flowed")

    assert visible_text(parse(raw)) == "one two\n> three four\n-- \nAna"


def test_the_plain_alternative_is_read_and_attachments_never_are() -> None:
    assert visible_text(parse(mail("plain", "<p>html</p>"))).strip() == "plain"
    assert visible_text(parse(mail("plain", "<p>html</p>")), prefer="html").strip() == "html"
    attached = part(b"secret").replace(b"Content-Type", b"Content-Disposition: attachment\r\nContent-Type", 1)
    assert visible_text(parse(attached)) == ""


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_a_signature_is_found_in_html_of_any_encoding(encoding: str) -> None:
    html = f"<p>{'I lied. ' * 7}</p><div id='geary-signature'>Ana</div>".encode()
    encoded = {"base64": base64.encodebytes(html), "quoted-printable": quopri.encodestring(html), "8bit": html}
    raw = part(encoded[encoding], "text/html; charset=utf-8", encoding)
    assert marks_signature(parse(raw))
    assert not marks_signature(parse(b"Content-Disposition: attachment\r\n" + raw))
    assert not marks_signature(parse(mail("my signature", "<p>I lied.</p>")))


def test_a_multipart_without_its_boundary_is_text() -> None:
    assert visible_text(parse(part(b"I lied.", "multipart/alternative"))) == "I lied."


def test_r6_invisible_characters_are_left_out() -> None:
    assert visible_text(parse(part("a\0b\u00a0c\ufeff\r\nd\re".encode()))) == "ab c\nd\ne"


def test_r6_a_header_of_any_encoding_is_decoded() -> None:
    assert header(parse(b"Subject: =?utf-8?q?s=C3=AD?=\r\n\r\n"), "subject") == "sí"
    assert header(parse("Subject: sí\r\n\r\n".encode()), "Subject") == "sí"
    assert header(parse(b"Subject: =?x-unknown?q?a?=\r\n\r\n"), "Subject") == "=?x-unknown?q?a?="
    assert header(parse("Subject: =?utf\u00e98?q?a?=\r\n\r\n".encode()), "Subject") == "=?utf\u00e98?q?a?="
    assert header(parse(b"\r\n"), "Subject") == ""


def test_the_sender_is_an_address_in_lower_case() -> None:
    assert sender(parse(b'From: "Ana" <Ana@Example.NET>\r\n\r\n')) == "ana@example.net"
    assert sender(parse(b'From: "ana@example.net" <ana@example.net>\r\n\r\n')) == "ana@example.net"
    assert sender(parse(b"From: " + b"(" * 4000 + b"\r\n\r\n")) == ""


@pytest.mark.parametrize(
    "fields",
    [
        b"From: =?utf-8?q?ana=40example.net?= <eve@example.com>",
        b"From: ana@example.net\r\nFrom: eve@example.com",
        b"From: ana@example.net, eve@example.com",
        b'From: "ana@example.net" <eve@example.com>',
        b"From: eve@example.com (ana@example.net)",
        b"From: ana@example.net@example.com",
        b'From: "ana@example.net"@example.com',
        b'From: "ana@example.net" @ example.com',
        b"From: ana@example.net(@example.com)",
        b"From: ana@example.net, eve@[192.0.2.1]",
        b"From: ana@example.net" + b" " * 4000 + b", eve@example.com",
    ],
    ids=[
        "encoded",
        "two fields",
        "two addresses",
        "name",
        "comment",
        "two domains",
        "quoted local part",
        "quoted local part with spaces",
        "domain in a comment",
        "literal",
        "far to the right",
    ],
)
def test_a_from_field_that_names_two_senders_does_not_pass_for_the_first(fields: bytes) -> None:
    assert sender(parse(fields + b"\r\n\r\nStop")) != "ana@example.net"


def test_a_name_may_hold_an_at_sign() -> None:
    assert sender(parse(b'From: "Ana @ Home" <ana@example.net>\r\n\r\n')) == "ana@example.net"


AUTHOR = b"From: Ana <ana@example.net>\r\n"


@pytest.mark.parametrize(
    "head",
    [
        AUTHOR,
        b"Received: from mail.example.com\r\n\tby example.org;\r\n from: x\r\nSubject: From: me\r\n" + AUTHOR,
        b"FROM:\r\n Ana\r\n <ana@example.net>\r\nTo: x\r\nnot a field\r\n",
        AUTHOR.replace(b"\r\n", b"\n"),
    ],
    ids=["plain", "folded above", "folded, and a malformed line below", "line feeds"],
)
def test_r22_one_from_field_is_one_author(head: bytes) -> None:
    end = b"\n" if b"\r" not in head else b"\r\n"
    assert has_one_author(head + end + b"From: eve@example.com" + end)
    assert has_one_author(head)


SECOND = ["From: eve", "From : eve", "FROM\t: eve", "from:eve", "F\u00adrom: eve", "From\x0b: eve", "From\r\n : eve"]


@pytest.mark.parametrize("other", SECOND)
def test_r22_a_second_from_field_in_any_spelling_leaves_no_author(other: str) -> None:
    field = f"{other}@example.com\r\n".encode()
    assert not has_one_author(AUTHOR + field + b"\r\n")
    assert not has_one_author(field + AUTHOR + b"\r\n")
    assert not has_one_author(AUTHOR + b"To: x\r\n y\r\n" + field + b"\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n" + AUTHOR,
        b"To: x\r\n",
        b"not a field\r\n" + AUTHOR,
        b"From ana@example.net Mon Nov 23 09:00:00 2026\r\n" + AUTHOR,
        b"Subject : x\r\n" + AUTHOR,
        b" From: eve@example.com\r\n" + AUTHOR,
        b"Subject: x\r\n \r\n" + AUTHOR,
        b"Subj\xc3\xa9ct: x\r\n" + AUTHOR,
        b"Subject: x\rFrom: eve@example.com\r\n" + AUTHOR,
        AUTHOR + b"Subject: x\rFrom: eve@example.com\r\n",
        AUTHOR + b"Subject: x\r\r\nFrom: eve@example.com\r\n",
        b"From: Ana <ana@example.net>\0 <eve@example.com>\r\n",
        b"From\0: eve@example.com\r\n" + AUTHOR,
        AUTHOR + b"Subject: \0\r\n",
    ],
)
def test_r22_a_malformed_line_above_from_and_a_nul_leave_no_author(head: bytes) -> None:
    assert not has_one_author(head + b"\r\nI lied.")


def test_r5_many_long_parts_are_read_only_up_to_the_limits() -> None:
    page = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>x</p>\r\n" * 2000
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + page * 90
    assert len(raw) > 1024 * 1024

    with pytest.raises(UnreadableMail, match="lines"):
        visible_text(parse(raw))
    assert visible_text(parse(raw.replace(b"<p>", b"").replace(b"</p>\r\n", b" "))).count("x") < 1024 * 1024


def test_r8_text_signed_in_the_clear_is_read_without_its_armour() -> None:
    signature = "-----BEGIN PGP SIGNATURE-----\n\niQEz+/=\n-----END PGP SIGNATURE-----\n"
    armoured = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nI lied.\n- -- \nAna\n{signature}below"

    assert visible_text(parse(part(armoured.encode()))) == "I lied.\n-- \nAna\nbelow"


@pytest.mark.parametrize(
    "raw",
    [
        part(
            b"--b\r\n\r\nVersion: 1\r\n--b--", 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b'
        ),
        part(b"MIAGCSqG", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "base64"),
        part(b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----"),
    ],
    ids=["PGP/MIME", "S/MIME", "inline PGP"],
)
def test_r8_an_encrypted_mail_is_not_mistaken_for_an_empty_one(raw: bytes) -> None:
    with pytest.raises(UnreadableMail, match="encrypted"):
        parse(raw)


NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(500)
)


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * (10 * 1024 * 1024 + 1),
        b"X-A: b\r\n" * 20_000,
        NESTED,
        NESTED.replace(b"boundary=", b"boundary*0="),
        b"Content-Type: message/rfc822\r\n\r\n" * 1000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100_000,
        b'Content-Type: multipart/mixed; boundary="\\b"\r\n\r\n' + b"--b\r\n\r\n" * 100_000,
        b"Content-Type: text/plain" + b";a=b" * 10_000 + b"\r\n\r\n",
    ],
    ids=["size", "headers", "depth", "depth by RFC 2231", "forwarded", "parts", "parts by escape", "parameters"],
)
def test_r5_a_mail_over_a_limit_is_refused_before_it_is_parsed(raw: bytes) -> None:
    started = time.process_time()
    with pytest.raises(UnreadableMail):
        parse(raw)

    assert time.process_time() - started < 1


def test_r5_a_text_has_at_most_4000_lines() -> None:
    assert visible_text(parse(part(b"a\n" * 4_000))).count("\n") == 4_000
    with pytest.raises(UnreadableMail, match="4,000 lines"):
        visible_text(parse(part(b"a\n" * 4_001)))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_r25_a_mail_has_at_most_200000_lines(end: bytes) -> None:
    head = b"Subject: x" + end * 2
    parse(head + end * 199_998)
    with pytest.raises(UnreadableMail, match="200,000 lines"):
        parse(head + end * 199_999)


def test_r25_flowed_lines_are_counted_before_they_are_joined() -> None:
    kind = "text/plain; format=flowed"
    assert visible_text(parse(part(b"a \n" * 4_000, kind))).count("a") == 4_000
    with pytest.raises(UnreadableMail, match="4,000 lines"):
        visible_text(parse(part(b"a \n" * 4_001, kind)))


def test_r5_512_kb_of_a_text_are_read() -> None:
    assert len(visible_text(parse(part(b"a" * 600_000)))) == 512 * 1024


def nested(depth: int) -> bytes:
    """Returns a mail with parts nested to this depth."""
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(10, 10 + depth))
    return b"".join(heads) + b"\r\nI lied."


MANY = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
TEXT_ONLY = b"Subject: x\r\n\r\n"


@pytest.mark.parametrize(
    ("most", "more", "why"),
    [
        (TEXT_ONLY.ljust(10 * 1024 * 1024, b"x"), b"x", "larger than 10 MB"),
        (b"X-A: b\r\n" * 8_000, b"X-A: b\r\n" * 200, "64 KB of headers"),
        (nested(20), nested(21), "nested too deeply"),
        (MANY + b"--b\r\n\r\n" * 200, b"--b\r\n\r\n", "too many parts"),
        (TEXT_ONLY + b"\r\n--" * 1000, b"\r\n--", "too many parts"),
    ],
    ids=["size", "headers", "depth", "parts", "dashes"],
)
def test_r5_each_limit_of_a_mail_is_exact(most: bytes, more: bytes, why: str) -> None:
    parse(most)
    with pytest.raises(UnreadableMail, match=why):
        parse(more if more.startswith(b"Content-Type") else most + more)
