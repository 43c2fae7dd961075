"""Histories: random sequences of what people, SES, the scheduler and the author can do, with faults in between.

Hypothesis generates them. Each method of `History` with `@rule` is one possible action. At the end of a history the
oracle judges it only by what SES took and what people did.
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
from tests.faults.injection import SES_REFUSALS, FaultInjector, Injection, Interference
from tests.faults.oracle import Tally
from tests.faults.short_course import short_course
from tests.faults.simulation import EventTiming, RecordedPerson, Simulation, StepImpossible, Unanswered
from tests.faults.trials import LATE, MONDAY

ZONES = ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kolkata")
MOST = 2
"""The number of people who are in the course at the same time. More would make a history slow."""
IN_ALL = 4
"""The number of people in a whole history."""
RARELY = 25
"""A rare action happens only if a random number from 0 to 30 is at least this."""
GIVES_UP = 20
"""The most faults and failures of SES in one history. With more, no email would ever be sent."""
EDITED = "01-acknowledge.md.j2"
ANSWERS = ("I see it now.", "PAUSE", "PAUSE 2 DAYS", "SKIP", "STOP", "Not yet", "YES", "HELP")
BUTTONS = ("pause", "resume", "resume", "again", "yes", "not-yet", "stop")


class History(RuleBasedStateMachine):
    """One history. Its verdict is added to `tallies`."""

    template: Path
    tallies: list[Tally]

    def __init__(self) -> None:
        super().__init__()
        self._ending = ExitStack()
        self._ending.enter_context(one_thread())
        world = self._ending.enter_context(World(self.template, MONDAY))
        self.sim = Simulation(world, EventTiming.ON_TIME)
        self.sim.audit_every = timedelta(days=3)
        world.ses.delivers = False  # one event for each email is enough
        self.injector = FaultInjector(self.sim)
        self._ending.enter_context(faults(world.functions, self.injector.choose))
        self._ending.callback(self._put_back)
        self._lesson = self.template.parent / "emails" / "rebuild-trust" / EDITED
        self._text = self._lesson.read_text("utf-8")
        self._injected = self._moves = 0

    @property
    def people(self) -> list[RecordedPerson]:
        return self.sim.people

    # ---------------------------------------------------------------- actions of people

    @initialize(zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def one_joins(self, zone: str, hour: int) -> None:
        self.sim.add_person("ann", zone=zone, hour=hour).joins()

    @precondition(lambda self: len(self.people) < IN_ALL and sum(not one.left for one in self.people) < MOST)
    @rule(zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def another_joins(self, zone: str, hour: int) -> None:
        with suppress(Unanswered):
            self.sim.add_person(f"p{len(self.people)}", zone=zone, hour=hour).joins()

    @rule(who=st.integers(0, MOST - 1))
    def signs_up_again(self, who: int) -> None:
        person = self._person(who)
        if person.left and person.address not in self.sim.world.ses.suppressed and not person.erased:
            with suppress(Unanswered, StepImpossible):
                person.signs_up()
                if person.can_confirm():
                    person.confirms()

    @rule(who=st.integers(0, MOST - 1), text=st.sampled_from(ANSWERS))
    def replies(self, who: int, text: str) -> None:
        person = self._person(who)
        if person.erased:
            return
        with suppress(StepImpossible):
            if person.can_confirm():
                person.confirms_by_reply()
            else:
                person.replies(text)

    @rule(who=st.integers(0, MOST - 1), button=st.sampled_from(BUTTONS))
    def presses(self, who: int, button: str) -> None:
        with suppress(StepImpossible, Unanswered):
            self._person(who).presses(button)

    @rule(who=st.integers(0, MOST - 1), zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def chooses_a_time(self, who: int, zone: str, hour: int) -> None:
        self._moves += 1
        with suppress(StepImpossible, Unanswered):
            self._person(who).presses("time", zone=zone, hour=str(hour))

    @rule(who=st.integers(0, MOST - 1), which=st.integers(0, 30))
    def clicks_once(self, who: int, which: int) -> None:
        """Unsubscribes with any email that ever came. An email of an earlier sign-up changes nothing."""
        person = self._person(who)
        if person.emails:
            email = person.emails[which % len(person.emails)]
            with suppress(Unanswered):
                person.one_click(email)

    @rule(who=st.integers(0, MOST - 1), chance=st.integers(0, 30))
    def erases(self, who: int, chance: int) -> None:
        if chance >= RARELY:
            with suppress(StepImpossible, Unanswered):
                self._person(who).erases()

    # ---------------------------------------------------------------- time, SES, the author, faults

    @rule(hours=st.integers(1, 14))
    def hours_pass(self, hours: int) -> None:
        self.sim.advance_to(self.sim.world.now() + timedelta(hours=hours))

    @rule()
    def a_day_passes(self) -> None:
        self.sim.advance_days()

    @rule(hours=st.sampled_from((2, 26, 72)))
    def the_scheduler_sleeps(self, hours: int) -> None:
        self.sim.stop_scheduler(timedelta(hours=hours))

    @rule(events=st.sampled_from(EventTiming))
    def events_come_otherwise(self, events: EventTiming) -> None:
        self.sim.events = events

    @precondition(lambda self: self._injected < GIVES_UP)
    @rule(
        calls=st.integers(1, 40),
        kind=st.sampled_from((*Fault, Interference.SAME_MEANWHILE, *SES_REFUSALS)),
    )
    def something_goes_wrong(self, calls: int, kind: Injection) -> None:
        self._injected += 1
        self.injector.pending.append((calls, kind))

    @rule(who=st.integers(0, MOST - 1), which=st.integers(0, 30), complains=st.booleans())
    def mailbox_refuses(self, who: int, which: int, complains: bool) -> None:
        person = self._person(who)
        if which >= RARELY and person.emails and not person.erased:
            refuse = self.sim.world.ses.complained if complains else self.sim.world.ses.bounced
            refuse(person.emails[which % len(person.emails)])
            self.sim.process_messages()

    @precondition(lambda self: self._injected < GIVES_UP)
    @rule(answers=st.integers(1, 4), taken=st.booleans())
    def ses_fails(self, answers: int, taken: bool) -> None:
        """SES answers HTTP 500, whether it took the email or not."""
        self._injected += answers
        self.injector.ses_fails(answers, taken=taken)

    @rule(chance=st.integers(0, 30))
    def the_author_edits(self, chance: int) -> None:
        """Removes a lesson, or puts it back."""
        if chance < RARELY:
            return
        if self._lesson.exists():
            self._lesson.unlink()
        else:
            self._lesson.write_text(self._text, "utf-8")
        self.sim.removed |= {"acknowledge"}
        forget_everything(lessons=True)

    # ---------------------------------------------------------------- the end

    def teardown(self) -> None:
        try:
            self.injector.pending = []
            self.injector.ses_fails(0, taken=False)
            tally = self.sim.finish_and_judge(self.injector.unanswered_attempts)
            days = self.injector.may_cost + self._moves  # a move over the date line may also cost a day
            if tally.latest > days:
                tally.found(LATE, f"{tally.latest} days")
            tally.findings = [
                f"{finding} (a history: {'; '.join(self.injector.happened)})" for finding in tally.findings
            ]
            self.tallies.append(tally)
        finally:
            self._ending.close()
        assert tally.holds, "\n".join(tally.findings)

    def _put_back(self) -> None:
        if not self._lesson.exists():
            self._lesson.write_text(self._text, "utf-8")
            forget_everything(lessons=True)

    def _person(self, who: int) -> RecordedPerson:
        """One of the people who joined last."""
        return self.people[-1 - who % min(MOST, len(self.people))]


def run_histories(number: int, steps: int, first: int = 0) -> Tally:
    """Runs `number` histories of `steps` steps each, up to the first that breaks a promise. `first` is the seed.

    They have their own copy of the course, because the author edits it.
    """

    class Seeded(History):
        pass

    Seeded.tallies = []
    how = settings(
        max_examples=number,
        stateful_step_count=steps,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    total = Tally()
    with short_course() as Seeded.template, suppress(AssertionError):  # its text is among the findings
        run_state_machine_as_test(seed(first)(Seeded), settings=how)
    for tally in Seeded.tallies:
        total.add(tally)
    if total.runs < number and total.holds:
        total.found("lost", f"{number - total.runs} histories that did not reach their end")
    return total
