"""Replies: which subscriber they belong to, what is kept, what is obeyed, and what is never answered."""

import json
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from zlib import crc32

import pytest

from local_cloud import clients
from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from replies.reader import Mail
from tests.people import Person
from tests.stories import next_email, nothing_comes, reads, unchanged, without_schedules
from tests.test_record_delivery import records

WORDS = "I never told her that I can see how tired she is.\nThat is what I should have said first."


def written(text: str, email: SentEmail | None, sender: str = "ann@example.net", **headers: str) -> bytes:
    """Makes a mail of typed text: without a quote, and with In-Reply-To only if it answers an email."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "somebody@example.org"
    message["Subject"] = "Re: your question"
    message["Message-ID"] = f"<{crc32(text.encode()):x}-{email.id if email else 0}@example.net>"
    if email:
        message["In-Reply-To"] = email.header("Message-ID")
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text + "\n")
    return message.as_bytes()


def reply_to(email: SentEmail) -> str:
    return email.reply_to[0]


def texts(person: Person) -> list[object]:
    return [reflection["text"] for reflection in person.reflections]


def emails_of(person: Person) -> list[str]:
    """The lesson and notice ids of the emails that came."""
    return [email.tags["email"] for email in person.emails]


def reasons(world: World) -> list[object]:
    """The reasons of all mails that were set aside."""
    return [row["reason"] for row in world.rows("Reflections") if row["subscriber"] == "set-aside"]


def raw_mails(world: World) -> list[str]:
    """The keys of the raw mail that is kept."""
    found = world.clients.s3.list_objects_v2(Bucket=world.resources.ref("RawMail"), Prefix="inbound/")
    return [item["Key"] for item in found.get("Contents", []) if "SETUP" not in item["Key"]]


def delivered_twice(world: World, raw: bytes, to: str) -> dict[str, object]:
    """Delivers the notification of one mail twice, as SQS may. Returns it as the function's event."""
    body = inbound(world, raw, to)
    record = {"messageId": "0", "body": body, "eventSource": "aws:sqs", "attributes": {}, "messageAttributes": {}}
    event: dict[str, object] = {"Records": [record]}
    assert world.invoke("receive_reply", event).payload == {"batchItemFailures": []}
    world.drain()
    return event


def inbound(world: World, raw: bytes, to: str) -> str:
    """Receives a mail, and returns its notification, which is left in the queue."""
    world.deliver(raw, to, drain=False)
    (body,) = next(queue.waiting for queue in world.queues() if queue.logical_id == "Inbound")
    return body


# ---------------------------------------------------------------- reflections


def test_replies_are_kept_with_their_lesson_and_none_replaces_another(world: World) -> None:
    ann = reads(Person(world), 2)
    introduction, first, second = ann.emails[1:]
    world.deliver(written(WORDS, second), reply_to(second))
    world.deliver(written("About the first one: she was right.", first), reply_to(first))
    world.deliver(written("One more thing about it.", first), reply_to(first))
    world.deliver(written("Hello to you too.", introduction), reply_to(introduction))

    kept = [(row["lesson"], row["text"]) for row in ann.reflections]
    assert sorted(kept, key=str) == sorted(
        [
            ("acknowledge", "About the first one: she was right."),
            ("acknowledge", "One more thing about it."),
            ("intro", "Hello to you too."),
            ("own-it", WORDS),
        ],
        key=str,
    )
    assert all(row["verified"] is True and row["attributed_by"] == "token" for row in ann.reflections)
    assert "That is what I should have said first." in ann.journal
    assert [email.tags["email"] for email in ann.emails[4:]] == ["journal"]  # a reflection is never answered


def test_r4_automatic_mail_is_neither_kept_nor_obeyed_nor_answered(world: World) -> None:
    ann = Person(world).joins()
    email, sent = ann.emails[-1], len(world.emails)
    automatic = [
        clients.out_of_office(email, world.now()),
        email.raw,
        written("I am away.", email, Auto_Submitted="auto-replied"),
        written("I am away.", email, Auto_Submitted="auto-replied (vacation)", Precedence="bulk"),
        written("Delivery failed.", email, sender="MAILER-DAEMON@example.net"),
        written("Delivery failed.", email, Return_Path="<>"),
        written("Hello, list.", email, List_Id="<friends.example.net>"),
        written("STOP", email, Precedence="junk"),
    ]
    for raw in automatic:
        world.deliver(raw, reply_to(email))
    assert not ann.reflections
    assert len(reasons(world)) == len(automatic)
    assert ann.row["status"] == "active"
    assert len(world.emails) == sent


OURS = ("Auto-Submitted", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Feedback-ID")
"""Header fields of our email that show that it was sent automatically."""


@pytest.mark.parametrize("times", [100, pytest.param(1000, marks=pytest.mark.long)])
def test_r4_our_own_email_looped_a_thousand_times_is_no_reflection_and_sends_nothing(world: World, times: int) -> None:
    """As it was sent, and through a relay that removes every sign of automatic mail."""
    ann = reads(Person(world), 1)
    sent = len(world.emails)
    for number in range(times):
        email = ann.emails[number % len(ann.emails)]
        looped = message_from_bytes(email.raw)
        for name in OURS if number % 4 > 1 else ():
            del looped[name]
        if number % 3 == 0:  # a relay may write its own
            del looped["Message-ID"]
            looped["Message-ID"] = f"<{number}@relay.example>"
        world.deliver(looped.as_bytes(), reply_to(email), drain=number % 50 == 49)

    assert not ann.reflections
    assert (ann.row["status"], len(world.emails)) == ("active", sent)
    assert not any(queue.waiting or queue.in_flight for queue in world.queues())
    assert len(reasons(world)) > times / 2  # the others are repetitions


def test_a_mail_is_read_once_with_its_original_and_once_without(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    own_words = Mail.own_words

    def counted(mail: Mail, original: str | None = None, original_html: str | None = None) -> str:
        asked.append(original is not None)
        return own_words(mail, original, original_html)

    monkeypatch.setattr(Mail, "own_words", counted)
    ann = Person(world).joins()
    for sender in ("eve@example.com", "ann@example.net"):
        asked.clear()
        world.deliver(written(WORDS, ann.emails[-1], sender=sender), reply_to(ann.emails[-1]))
        assert asked == [True, False], sender


def test_r7_a_mail_with_html_only_becomes_plain_text_without_active_content(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    message = EmailMessage()
    message["From"] = "ann@example.net"
    message["Message-ID"] = "<html@example.net>"
    message.set_content(
        "<html><head><title>unseen title</title><style>p { color: red }</style></head>"
        "<body onload='alert(1)'><script>alert('unseen')</script><p>She said <b>it hurts</b>.</p>"
        "<p style='display:none'>unseen words</p><div hidden>unseen block</div>"
        "<p>I &lt;i&gt; heard &amp; waited.<br>Second line.</p><img src='https://evil.example/pixel.gif' alt=''>"
        "<a href='javascript:alert(2)'>a link</a><template>unseen</template></body></html>",
        subtype="html",
    )
    world.deliver(message.as_bytes(), reply_to(email))

    assert texts(ann) == ["She said it hurts.\n\nI <i> heard & waited.\nSecond line.\n\na link"]
    page = ann.journal
    assert "I &lt;i&gt; heard &amp; waited." in page
    for active in ("<script>", "alert(", "onload", "javascript:", "evil.example", "unseen"):
        assert active not in page


def test_r9_the_same_mail_twice_is_one_reflection(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    raw = clients.reply("apple-mail", email, WORDS, world.now())
    notification = delivered_twice(world, raw, reply_to(email))
    world.deliver(raw, reply_to(email), mail_id="second")
    world.advance(timedelta(minutes=30))
    world.deliver(raw, reply_to(email), mail_id="third")
    assert world.invoke("receive_reply", notification).error is None
    assert texts(ann) == [WORDS]
    assert len(world.rows("Reflections")) == 1
    assert len(ann.emails) == 3
    assert len(raw_mails(world)) == 1, "one is kept, and its copies are deleted"


def test_r9_mail_set_aside_stays_when_it_comes_twice(world: World) -> None:
    ann = reads(Person(world), 1)
    raw = written(WORDS, ann.emails[-1], Precedence="bulk")
    notification = delivered_twice(world, raw, reply_to(ann.emails[-1]))
    assert world.invoke("receive_reply", notification).error is None
    assert (reasons(world), len(raw_mails(world))) == (["precedence"], 1)


def test_r9_a_command_that_comes_twice_is_obeyed_and_answered_once(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    raw = written("again", email)
    delivered_twice(world, raw, reply_to(email))
    world.deliver(raw, reply_to(email), mail_id="second")
    assert ann.row["round"] == 2
    assert [email.tags["email"] for email in ann.emails[3:]] == ["again"]


def test_r9_the_same_words_to_two_lessons_are_two_reflections(world: World) -> None:
    """Even when a mail program gives its mails no Message-ID."""
    ann = reads(Person(world), 2)
    for email in ann.emails[-2:]:
        raw = written("I listened.", None)
        without = b"\n".join(line for line in raw.split(b"\n") if not line.startswith(b"Message-ID"))
        world.deliver(without, reply_to(email))
    assert sorted(str(row["lesson"]) for row in ann.reflections) == ["acknowledge", "own-it"]


def test_r10_after_unsubscribing_words_are_kept_and_nothing_is_sent(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    world.request("POST", ann.link("/unsubscribe/"))
    sent = len(world.emails)
    for text in (WORDS, "RESUME", "AGAIN", "HELP", "STOP"):
        world.deliver(written(text, email), reply_to(email))
    assert texts(ann) == [WORDS]
    assert ann.row["status"] == "unsubscribed"
    assert nothing_comes(world)
    assert len(world.emails) == sent


def test_r10_after_unsubscribing_a_subscriber_can_still_request_their_data_by_reply(world: World) -> None:
    """Their journal is still kept, so they may have it."""
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    world.request("POST", ann.link("/unsubscribe/"))
    sent = len(ann.emails)
    for text in ("JOURNAL", "EXPORT"):
        world.deliver(written(text, email), reply_to(email))
    assert [email.tags["email"] for email in ann.emails[sent:]] == ["journal", "export"]


def test_r10_after_erasure_nothing_is_kept(world: World) -> None:
    ann = Person(world).joins()
    email = ann.emails[-1]
    key = {"id": {"S": str(ann.row["id"])}}
    world.clients.dynamodb.delete_item(TableName=world.resources.ref("Subscribers"), Key=key)
    world.deliver(written(WORDS, email), reply_to(email))
    assert not world.rows("Reflections")
    assert not world.subscribers()
    assert not raw_mails(world)


@pytest.mark.parametrize("what", ["automatic", "spam", "large"])
def test_r10_after_erasure_mail_that_would_be_set_aside_is_not_kept(world: World, what: str) -> None:
    ann = Person(world).joins()
    email = ann.emails[-1]
    ann.erases()
    assert not world.subscribers()
    raw = written(WORDS, email, Precedence="bulk") if what == "automatic" else written(WORDS, email)
    large = raw + b"x" * 10_500_000 if what == "large" else raw
    world.deliver(large, reply_to(email), verdicts={"spam": "FAIL"} if what == "spam" else {})
    assert not world.rows("Reflections")
    assert not raw_mails(world)


def test_r11_too_much_text_is_cut_between_characters_and_flagged(world: World) -> None:
    ann = Person(world).joins()
    email = ann.emails[-1]
    long = "x" + "💔" * 70_000  # 280 KB; the 256th KB ends within a heart
    message = EmailMessage()
    message["From"] = "ann@example.net"
    message.set_content(long, cte="8bit")
    world.deliver(message.as_bytes(), reply_to(email))

    (kept,) = ann.reflections
    assert kept["cut"] is True
    assert 256 * 1024 - 4 < len(str(kept["text"]).encode()) <= 256 * 1024
    assert set(str(kept["text"])) == {"x", "💔"}
    assert "💔" in ann.journal


def test_r13_mail_that_ses_finds_harmful_is_set_aside_and_no_reflection(world: World) -> None:
    ann = Person(world).joins()
    email, sent = ann.emails[-1], len(world.emails)
    for verdict in ("virus", "spam"):
        for text in (WORDS, "STOP"):
            world.deliver(written(text, email), reply_to(email), verdicts={verdict: "FAIL"})
        world.deliver(written(WORDS, email), reply_to(email), verdicts={verdict: "PROCESSING_FAILED"})
    unscanned = ["not scanned for spam", "not scanned for virus"]
    assert sorted(map(str, reasons(world))) == [*unscanned, "spam", "spam", "virus", "virus"]
    assert not ann.reflections
    assert ann.row["status"] == "active"
    assert len(world.emails) == sent


def test_an_earlier_answer_quoted_in_a_lesson_is_not_taken_for_own_words(world: World) -> None:
    ann = reads(Person(world), 2)
    ann.replies(WORDS)
    third = next_email(world)
    line = " ".join(WORDS.split())
    assert f"you wrote:\n\n    {line}\n" in (third.text or "")
    for client in ("gmail", "apple-mail"):
        ann.replies(f"I will be home at six. Sent from {client}.", third, client)
    kept = [row["text"] for row in ann.reflections if row["lesson"] == "apology-in-action"]
    assert kept == ["I will be home at six. Sent from gmail.", "I will be home at six. Sent from apple-mail."]


def test_only_a_lesson_that_quotes_reads_reflections(world: World) -> None:
    reads(Person(world), 3)
    reading = [call for call in world.calls if call.function == "send" and call.operation == "dynamodb:Query"]
    assert len(reading) == 1


# ---------------------------------------------------------------- the confirmation


@pytest.mark.parametrize("words", ["Yes please", "Sí, por favor", "Confirmo. Gracias"])
def test_c5_a_yes_in_answer_to_the_confirmation_email_confirms(world: World, words: str) -> None:
    ann = Person(world)
    ann.signs_up()
    ann.replies(words)
    assert not ann.reflections
    assert ann.row["status"] == "active"
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]


def test_c5_the_same_reply_twice_confirms_once_and_is_no_reflection(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    raw = written("Yes please", ann.emails[0])
    delivered_twice(world, raw, reply_to(ann.emails[0]))
    world.deliver(raw, reply_to(ann.emails[0]), mail_id="second")
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]
    assert not ann.reflections


def test_c5_a_yes_after_the_button_was_pressed_is_no_reflection(world: World) -> None:
    """The same happens if a reply confirmed, and its process crashed before recording that."""
    ann = Person(world).joins()
    world.deliver(written("YES", ann.emails[0]), reply_to(ann.emails[0]))
    assert not ann.reflections
    assert not raw_mails(world)
    assert emails_of(ann) == ["confirm", "intro"]


def test_c5_an_auto_reply_does_not_confirm(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    world.deliver(clients.out_of_office(ann.emails[-1], world.now()), reply_to(ann.emails[-1]))
    assert ann.row["status"] == "pending"
    assert len(ann.emails) == 1


def test_c5_a_reply_confirms_only_as_long_as_the_link_does(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    without_schedules(world, timedelta(hours=73))
    ann.replies("Yes please")
    assert ann.row["status"] == "pending"
    assert len(ann.emails) == 1


def test_c5_words_in_answer_to_the_confirmation_email_after_the_button_was_pressed_are_kept(world: World) -> None:
    """People press the button and then reply too; nothing breaks."""
    ann = Person(world).joins()
    world.deliver(written("Thank you, I am looking forward to it.", ann.emails[0]), reply_to(ann.emails[0]))
    assert texts(ann) == ["Thank you, I am looking forward to it."]
    assert ann.row["round"] == 1
    assert len(ann.emails) == 2


@pytest.mark.parametrize("client", ["gmail", "apple-mail"])
@pytest.mark.parametrize(
    ("words", "notice", "status"),
    [
        ("PAUSE", "paused", "paused"),
        ("PAUSE 2 DAYS", "paused", "paused"),
        ("Please stop the emails for two weeks", "paused", "paused"),
        ("SKIP", "skipped", "active"),
        ("TIME 9 pm", "time", "active"),
        ("Could you pause this?", "paused", "paused"),
    ],
)
def test_c5_a_command_in_answer_to_the_confirmation_email_is_obeyed_after_confirming(
    world: World, words: str, notice: str, status: str, client: str
) -> None:
    ann = reads(Person(world), 1)
    ann.replies("STOP")
    without_schedules(world, timedelta(days=2))
    ann.signs_up()
    ann.confirms()
    confirmation = [email for email in ann.emails if email.tags["email"] == "confirm"][-1]
    ann.replies(words, confirmation, client)
    assert (emails_of(ann)[-1], ann.row["status"], texts(ann)) == (notice, status, [])


def test_u6_stop_in_answer_to_the_confirmation_email_does_not_begin_the_course(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    world.deliver(written("STOP", ann.emails[0]), reply_to(ann.emails[0]))
    assert ann.row["status"] != "active"
    assert "intro" not in {email.tags["email"] for email in ann.emails}


@pytest.mark.parametrize("doubt", [{}, {"dmarc": "FAIL"}])
def test_delete_my_data_in_answer_to_the_confirmation_email_deletes_and_never_confirms(
    world: World, doubt: dict[str, str]
) -> None:
    ann = Person(world)
    ann.signs_up()
    email = ann.emails[0]
    world.deliver(written("Delete my data, please", email), reply_to(email), verdicts=doubt)
    assert [row["status"] for row in world.subscribers()] == (["unsubscribed"] if doubt else [])
    assert emails_of(ann) == ["confirm"]
    assert bool(raw_mails(world)) is bool(doubt)


def test_the_words_of_a_long_yes_to_the_confirmation_email_are_kept(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    ann.replies("Yes please. It happened last winter, and I have not slept well since.")
    assert ann.row["status"] == "active"
    assert texts(ann) == ["Yes please. It happened last winter, and I have not slept well since."]


@pytest.mark.parametrize(
    ("words", "answered"),
    [
        *[
            (no, False)
            for no in ("No, this was not me.", "I didn’t ask for this.", "PAUSE", "No fui yo", "Maybe later")
        ],
        *[(question, True) for question in ("Who are you?", "Help", "yes?? what is this about", "I suppose so")],
    ],
)
def test_c5_w8_an_answer_to_the_confirmation_email_that_is_no_clear_yes_does_not_confirm(
    world: World, words: str, answered: bool
) -> None:
    """A question or an unclear yes is answered with how to confirm."""
    ann = Person(world)
    ann.signs_up()
    ann.replies(words)
    assert str(ann.row["status"]) == "pending"
    assert emails_of(ann) == ["confirm", *(["ask-confirm"] if answered else [])]
    ann.confirms()
    assert ann.row["status"] == "active", "the button is still there"


def test_f7_a_notification_of_another_topic_is_ignored(world: World) -> None:
    """Otherwise anybody who publishes to another topic could claim any mail, recipient and verdict."""
    ann = Person(world).joins()
    ours = json.loads(inbound(world, written(WORDS, ann.emails[-1]), reply_to(ann.emails[-1])))
    kept = raw_mails(world)
    topics = (ours["TopicArn"].replace("InboundTopic", "FeedbackTopic"), ours["TopicArn"] + "-2", "", None)
    assert ours["TopicArn"] not in topics
    with unchanged(world):
        answer = world.invoke("receive_reply", records(*(ours | {"TopicArn": topic} for topic in topics)))
    assert answer.payload == {"batchItemFailures": []}
    assert raw_mails(world) == kept
    world.drain()
    assert texts(ann) == [WORDS]
