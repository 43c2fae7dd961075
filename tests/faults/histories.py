"""Histories: whatever people, SES, the scheduler and the author may do, in any order, with faults in between.

Hypothesis makes them up. The oracle looks only at what SES took and at what people did.
"""

from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from local_cloud.cloud import World
from local_cloud.faults import Fault, faults
from local_cloud.functions import forget_everything
from tests.faults.forks import one_thread
from tests.faults.life import AnotherTurn, Events, Life, Someone, Unanswered
from tests.faults.oracle import Tally
from tests.faults.short_course import short_course
from tests.faults.trials import LATE, MONDAY
from tests.faults.trouble import ONLY_SES, Kind, Other, Trouble

ZONES = ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kolkata")
MOST = 2
"""People at a time in the middle of a course: each lesson takes its time here."""
IN_ALL = 4
RARELY = 25
"""Of numbers up to 30: those from here on."""
GIVES_UP = 20
"""Faults in one history, and SES's troubles. More, and nothing would ever go through."""
EDITED = "01-acknowledge.md.j2"
ANSWERS = ("I see it now.", "PAUSE", "PAUSE 2 DAYS", "SKIP", "STOP", "Not yet", "YES", "HELP")
BUTTONS = ("pause", "resume", "resume", "again", "yes", "not-yet", "stop")


class History(RuleBasedStateMachine):
    """One history. What is judged is added to `tallies`."""

    template: Path
    tallies: list[Tally]

    def __init__(self) -> None:
        super().__init__()
        self._ending = ExitStack()
        self._ending.enter_context(one_thread())
        world = self._ending.enter_context(World(self.template, MONDAY))
        self.life = Life(world, Events.ON_TIME)
        self.life.audit_every = timedelta(days=3)
        world.ses.delivers = False  # one event an email is enough
        self.trouble = Trouble(self.life)
        self._ending.enter_context(faults(world.functions, self.trouble.choose))
        self._ending.callback(self._put_back)
        self._lesson = self.template.parent / "emails" / "rebuild-trust" / EDITED
        self._text = self._lesson.read_text("utf-8")
        self._troubles = self._moves = 0

    @property
    def people(self) -> list[Someone]:
        return self.life.people

    # ---------------------------------------------------------------- what people do

    @initialize(zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def one_joins(self, zone: str, hour: int) -> None:
        self.life.person("ann", zone=zone, hour=hour).joins()

    @precondition(lambda self: len(self.people) < IN_ALL and sum(not one.left for one in self.people) < MOST)
    @rule(zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def another_joins(self, zone: str, hour: int) -> None:
        with suppress(Unanswered):
            self.life.person(f"p{len(self.people)}", zone=zone, hour=hour).joins()

    @rule(who=st.integers(0, MOST - 1))
    def signs_up_again(self, who: int) -> None:
        person = self._person(who)
        if person.left and person.address not in self.life.world.ses.suppressed and not person.erased:
            with suppress(Unanswered, AnotherTurn):
                person.signs_up()
                if person.asks_to_confirm():
                    person.confirms()

    @rule(who=st.integers(0, MOST - 1), text=st.sampled_from(ANSWERS))
    def replies(self, who: int, text: str) -> None:
        person = self._person(who)
        if person.erased:
            return
        with suppress(AnotherTurn):
            if person.asks_to_confirm():
                person.confirms_by_reply()
            else:
                person.replies(text)

    @rule(who=st.integers(0, MOST - 1), button=st.sampled_from(BUTTONS))
    def presses(self, who: int, button: str) -> None:
        with suppress(AnotherTurn, Unanswered):
            self._person(who).presses(button)

    @rule(who=st.integers(0, MOST - 1), zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def chooses_a_time(self, who: int, zone: str, hour: int) -> None:
        self._moves += 1
        with suppress(AnotherTurn, Unanswered):
            self._person(who).presses("time", zone=zone, hour=str(hour))

    @rule(who=st.integers(0, MOST - 1), which=st.integers(0, 30))
    def clicks_once(self, who: int, which: int) -> None:
        """On any email that ever came: on one of an earlier sign-up it changes nothing."""
        person = self._person(who)
        if person.emails:
            email = person.emails[which % len(person.emails)]
            with suppress(Unanswered):
                person.one_click(email)

    @rule(who=st.integers(0, MOST - 1), chance=st.integers(0, 30))
    def erases(self, who: int, chance: int) -> None:
        if chance >= RARELY:
            with suppress(AnotherTurn, Unanswered):
                self._person(who).erases()

    # ---------------------------------------------------------------- what the world does

    @rule(hours=st.integers(1, 14))
    def hours_pass(self, hours: int) -> None:
        self.life.until(self.life.world.now() + timedelta(hours=hours))

    @rule()
    def a_day_passes(self) -> None:
        self.life.days()

    @rule(hours=st.sampled_from((2, 26, 72)))
    def the_scheduler_sleeps(self, hours: int) -> None:
        self.life.sleep(timedelta(hours=hours))

    @rule(events=st.sampled_from(Events))
    def events_come_otherwise(self, events: Events) -> None:
        self.life.events = events

    @precondition(lambda self: self._troubles < GIVES_UP)
    @rule(
        calls=st.integers(1, 40),
        kind=st.sampled_from((*Fault, Other.SAME_MEANWHILE, *ONLY_SES)),
    )
    def something_goes_wrong(self, calls: int, kind: Kind) -> None:
        self._troubles += 1
        self.trouble.plan.append((calls, kind))

    @rule(who=st.integers(0, MOST - 1), which=st.integers(0, 30), complains=st.booleans())
    def mailbox_refuses(self, who: int, which: int, complains: bool) -> None:
        person = self._person(who)
        if which >= RARELY and person.emails and not person.erased:
            tell = self.life.world.ses.complained if complains else self.life.world.ses.bounced
            tell(person.emails[which % len(person.emails)])
            self.life.settle()

    @precondition(lambda self: self._troubles < GIVES_UP)
    @rule(answers=st.integers(1, 4), taken=st.booleans())
    def ses_fails(self, answers: int, taken: bool) -> None:
        """It answers 500, having taken the email or not."""
        self._troubles += answers
        self.trouble.ses_fails(answers, taken=taken)

    @rule(chance=st.integers(0, 30))
    def the_author_edits(self, chance: int) -> None:
        """Takes a lesson out, or puts it back."""
        if chance < RARELY:
            return
        if self._lesson.exists():
            self._lesson.unlink()
        else:
            self._lesson.write_text(self._text, "utf-8")
        self.life.removed |= {"acknowledge"}
        forget_everything(lessons=True)

    # ---------------------------------------------------------------- the end

    def teardown(self) -> None:
        try:
            self.trouble.plan = []
            self.trouble.ses_fails(0, taken=False)
            tally = self.life.judged(self.trouble.no_reply)
            days = self.trouble.may_cost + self._moves  # a move over the date line may cost a day as well
            if tally.latest > days:
                tally.found(LATE, f"{tally.latest} days")
            tally.findings = [
                f"{finding} (a history: {'; '.join(self.trouble.happened)})" for finding in tally.findings
            ]
            self.tallies.append(tally)
        finally:
            self._ending.close()
        assert tally.holds, "\n".join(tally.findings)

    def _put_back(self) -> None:
        if not self._lesson.exists():
            self._lesson.write_text(self._text, "utf-8")
            forget_everything(lessons=True)

    def _person(self, who: int) -> Someone:
        """One of the last to come."""
        return self.people[-1 - who % min(MOST, len(self.people))]


def told(number: int, steps: int, first: int = 0) -> Tally:
    """So many histories of so many steps, or as far as the first that breaks a promise. `first` begins others.

    The course is their own: the author edits it.
    """

    class Told(History):
        pass

    Told.tallies = []
    how = settings(
        max_examples=number,
        stateful_step_count=steps,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    total = Tally()
    with short_course() as Told.template, suppress(AssertionError):  # what it says is among the findings
        run_state_machine_as_test(seed(first)(Told), settings=how)
    for tally in Told.tallies:
        total.add(tally)
    if total.runs < number and total.holds:
        total.found("lost", f"{number - total.runs} histories that were not told to their end")
    return total
