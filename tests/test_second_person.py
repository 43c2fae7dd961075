"""Random histories in which a second person writes to every reply address that a subscriber has.

They reply to all, reply to a forwarded lesson, forge the subscriber's address, write odd header fields, and send
commands. None of their words is ever shown as the subscriber's. The rules run in this process, on the tables of the
local cloud.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from random import Random
from unittest.mock import patch
from zipfile import ZipFile

import pytest

from aws import clients
from aws.inbound import Arrival, key_of
from aws.outbox import Outbox
from content import pages
from content.emails import Email, lesson_email, notice_email
from course import delivery, tokens
from course.record import SignUp
from course.subscriber import Subscriber, new_epoch
from local_cloud.cloud import World
from services import inbox
from services.links import journal_page
from services.receiving import receive
from tests.conftest import MONDAY

A_TIME = 50
"""Histories in one world."""
COURSE = "rebuild-trust"
PASS = dict.fromkeys(("spf", "dkim", "dmarc", "spam", "virus"), "PASS")
UNPROVEN = [PASS | {"dmarc": "FAIL"}, PASS | {"dmarc": "GRAY", "spf": "FAIL"}, PASS | {"dmarc": "GRAY"}]
"""In the last, SPF proves the domain of the envelope, which is another one here."""
MINE, FORGED, THEIRS = "What I wrote myself", "What somebody forged", "What the other one wrote"
WORDS = re.compile(f"(?:{MINE}|{FORGED}|{THEIRS}) [0-9]+")
MARK = "It could not be proven that you sent this"
COMMANDS = ["JOURNAL", "PAUSE", "DELETE MY DATA", "AGAIN", "yes", "not yet", "unsubscribe me", "TIME 20"]
TRICKS = [
    "From: eve@example.com\nFrom: {ann}\n",
    "From: {ann}\nFrom : eve@example.com\n",
    "FROM\t: eve@example.com\nFrom: {ann}\n",
    "no field\nFrom: {ann}\n",
    'From: "{ann}"@example.com\n',
    'From: "{ann}" <eve@example.com>\n',
    "From: {ann}\0\n",
    "From: {ann}, eve@example.com\n",
]


@dataclass
class Bucket:
    """A stand-in for the bucket of raw mails."""

    held: dict[str, bytes] = field(default_factory=dict)

    def fetch(self, key: str) -> bytes:
        return self.held[key]

    def fetch_if_there(self, key: str) -> bytes | None:
        return self.held.get(key)

    def delete(self, mail_id: str) -> None:
        self.held.pop(key_of(mail_id), None)


@dataclass
class History:
    """The actions of one subscriber and the second person, each a few hours after the last."""

    number: int
    bucket: Bucket
    now: datetime = MONDAY
    given: list[Email] = field(default_factory=list)
    """Every email that came, each with another reply address."""
    said: list[str] = field(default_factory=list)
    """Every text that was written."""

    def __post_init__(self) -> None:
        self.some = Random(self.number)
        self.address = f"ann{self.number}@example.net"
        self.id = tokens.subscriber_id(clients.keys(), COURSE, self.address)
        self.course = clients.library().courses[COURSE]
        asked = SignUp(new_epoch(self.now), self.now, "Ann", "Europe/Berlin", 7)
        someone = Subscriber(self.id, COURSE, self.address).signing_up(asked)
        clients.subscribers().save(someone.confirmed(asked.epoch, self.course.plan, self.now))

    @property
    def ann(self) -> Subscriber:
        found = clients.subscribers().get(self.id)
        assert found
        return found

    # ------------------------------------------------------------ what happens

    def a_lesson_comes(self) -> None:
        ann = self.ann
        if not ann.next_lesson or not ann.has_next_email:
            return
        self.given.append(self.email(ann, ann.next_lesson))
        sent = delivery.commit(delivery.claim(ann, "attempt", self.now), "attempt", f"ses-{len(self.given)}", self.now)
        assert clients.subscribers().save(sent)

    def a_notice_comes(self) -> None:
        self.given.append(self.notice(self.ann, self.some.choice(["help", "journal", "time", "erase"])))

    def a_round_begins(self) -> None:
        clients.subscribers().change(self.id, lambda ann: ann.beginning_again(self.course.plan_again, self.now))

    def ann_writes(self) -> None:
        self.comes(self.text(MINE), self.some.choice(self.given).reply_to, f"From: {self.address}\n")

    def ann_writes_without_proof(self) -> None:
        to = self.some.choice(self.given).reply_to
        self.comes(self.text(FORGED), to, f"From: Ann <{self.address}>\n", self.some.choice(UNPROVEN))

    def the_second_person_writes(self) -> None:
        """Writes to every reply address, each time in a random way."""
        for email in self.given:
            self.some.choice(self.ways())(email)

    # ------------------------------------------------------------ how the second person writes

    def ways(self) -> list[Callable[[Email], None]]:
        plain = partial(self.theirs, head="From: eve@example.com\n")
        answers_all = partial(self.theirs, head=f"From: Sam <sam@example.com>\nCc: {self.address}\n", quotes=True)
        forwarded = partial(self.theirs, head="From: friend@example.com\nSubject: Re: Fwd: it\n", quotes=True)
        trick = partial(self.theirs, head=self.some.choice(TRICKS).format(ann=self.address))
        return [plain, answers_all, forwarded, trick, self.forges, self.without_the_address, self.commands]

    def theirs(self, email: Email, head: str, *, quotes: bool = False) -> None:
        """Sends a mail that is proven to be from its sender: it makes no difference."""
        quoted = "\n\nOn Monday Ann wrote:\n" + "\n".join(f"> {line}" for line in email.text.splitlines())
        self.comes(self.text(THEIRS) + (quoted if quotes else ""), email.reply_to, head)

    def forges(self, email: Email) -> None:
        verdicts = self.some.choice(UNPROVEN)
        self.comes(self.text(FORGED), email.reply_to, f"From: {self.address}\n", verdicts)

    def without_the_address(self, email: Email) -> None:
        head = self.some.choice(["From: eve@example.com\n", f"From: {self.address}\n"])
        head += f"In-Reply-To: <{self.ann.message_id}@eu-central-1.amazonses.com>\nTo: {email.reply_to}\n"
        kind = FORGED if self.address in head else THEIRS
        self.comes(self.text(kind), "course@reply.example.org", head, self.some.choice(UNPROVEN))

    def commands(self, email: Email) -> None:
        before = self.ann
        words = self.some.choice(COMMANDS)
        self.comes(words, email.reply_to, "From: eve@example.com\n")
        if words != "unsubscribe me":  # from her address, this one needs no proof
            self.comes(words, email.reply_to, f"From: {self.address}\n", self.some.choice(UNPROVEN))
        assert replace(self.ann, version=0, mention_other_address_in=None, mention_reply_in=None) == replace(
            before, version=0, mention_other_address_in=None, mention_reply_in=None
        ), words

    def comes(self, text: str, to: str, head: str, verdicts: dict[str, str] = PASS) -> None:
        mail_id = f"{self.number}-{len(self.said)}-{len(self.bucket.held)}-{self.some.random()}"
        raw = f"{head}Message-ID: <{mail_id}@example.com>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        self.bucket.held[key_of(mail_id)] = raw.encode()
        receive(Arrival(mail_id, self.now, "eve@example.com", (to,), key_of(mail_id), verdicts), self.now)

    def text(self, kind: str) -> str:
        self.said.append(f"{kind} {len(self.said)}")
        return f"{self.said[-1]}.\nIt is the truth."

    def goes_on(self) -> "History":
        self.a_lesson_comes()
        likely = [self.a_lesson_comes, self.ann_writes, self.ann_writes_without_proof, self.the_second_person_writes]
        for _ in range(self.some.randint(2, 5)):
            self.some.choice([*likely, *likely, self.a_notice_comes, self.a_round_begins])()
            self.now += timedelta(hours=self.some.choice([1, 9, 25]))
        self.the_second_person_writes()
        return self

    # ------------------------------------------------------------ what is shown

    def email(self, ann: Subscriber, lesson: str) -> Email:
        written = list(clients.reflections().of(self.id))
        return lesson_email(clients.site(), ann, self.course.lessons[lesson], written, self.now)

    def notice(self, ann: Subscriber, name: str) -> Email:
        return notice_email(clients.site(), ann, name, self.now)

    def emails(self) -> Iterator[Email]:
        """Yields the emails that came, and those that may come next, in this round and in the next one."""
        yield from self.given
        ann = self.ann
        later, asked = replace(ann, round=ann.round + 1), self.some.choice(self.course.plan)
        yield self.notice(ann, "journal")
        for reader, lesson in ((ann, self.course.closing), (ann, "apology-in-action"), (later, asked)):
            yield self.email(reader, lesson)

    def shown(self, world: World) -> Iterator[str]:
        """Yields the journal page and its files."""
        ann, written = self.ann, list(clients.reflections().of(self.id))
        token = tokens.journal(ann.id)
        clients.journal_links().add(tokens.read_journal(token), world.now())
        yield world.request("POST", f"/journal/{token}", form={}).text
        yield pages.journal_text(ann, self.course, written)
        archive = journal_page.archive(ann, self.course, "", self.now)
        yield ZipFile(BytesIO(archive)).read("journal.html").decode()


def marked(shown: str) -> dict[str, bool]:
    """Returns each text that a page or a file shows, and whether the mark of an unproven one is above it."""
    above = rf"(?:({MARK})[^\n]*\n\s*(?:<div class=\"written\" dir=\"auto\">)?)?"
    return {text: bool(mark) for mark, text in re.findall(f"{above}({WORDS.pattern})", shown)}


def an_operator_accepts(histories: list[History], some: Random) -> None:
    """Accepts mails that were set aside, for the subscribers to whom they came."""
    by_number = {str(history.number): history for history in histories}
    for aside in some.sample(list(clients.set_aside().all()), 15):
        history = by_number[aside.mail_id.partition("-")[0]]
        inbox.accept(aside.mail_id, history.id, "", history.now)


OFFERS = ("prove-", "ask-", "help")
"""The first words in the names of notices that change nothing."""
CHUNKS = [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, 20))]


@pytest.mark.parametrize("chunk", CHUNKS)
def test_r20_r21_no_history_shows_a_second_persons_words_as_the_subscribers(chunk: int) -> None:
    """1,000 histories in all, of which the first 50 are not marked as long."""
    shown: set[str] = set()
    bucket = Bucket()
    with (
        World(start=MONDAY) as world,
        patch.object(clients, "raw_mail", lambda: bucket),
        patch.object(Outbox, "notice") as noticed,
    ):
        assert world.request("GET", "/").status == 200  # from now on this process has the settings of a function
        histories = [History(chunk * A_TIME + number, bucket).goes_on() for number in range(A_TIME)]
        an_operator_accepts(histories, Random(chunk))
        for history in histories:
            for email in history.emails():
                stands = WORDS.findall(f"{email.text} {email.html}")
                assert all(text.startswith(MINE) for text in stands), (history.number, email.subject)
                shown |= {"email" for _ in stands}
            mine = {text for text in history.said if text.startswith(MINE)}
            for page in history.shown(world):
                texts = marked(page)
                assert {text for text, unproven in texts.items() if not unproven} == mine, history.number
                assert all(text.startswith(FORGED) for text, unproven in texts.items() if unproven), history.number
                shown |= {"marked" for unproven in texts.values() if unproven}
        told = {call.args[0] for call in noticed.call_args_list}
        assert all(name.startswith(OFFERS) for name in told), (
            "her mailbox only gets offers of the requests that the second person made"
        )
    assert shown == {"email", "marked"}, "the histories show texts of both kinds"
