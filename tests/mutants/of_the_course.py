"""Mutants of the rules of the course: delivery, subscribers, schedule."""

from tests.mutants.mutant import Mutant

DELIVERY = "test_delivery.py"
SUBSCRIBER = "test_subscriber.py test_delivery.py"
SCHEDULE = "test_schedule.py"
ZONES = "test_schedule.py test_zones.py -k 'not d3'"

OF_DELIVERY = (
    Mutant(
        "decide: a lesson is sent before it is due",
        "subscriber.due_at is None or subscriber.due_at > now:",
        "subscriber.due_at is None:",
        DELIVERY,
    ),
    Mutant(
        "decide: an attempt under way is moved",
        "return Step.SKIP if now <= claim.at + IN_FLIGHT else Step.POSTPONE",
        "return Step.POSTPONE",
        DELIVERY,
    ),
    Mutant(
        "decide: an attempt of unknown outcome is decided at once",
        "        if now < claim.retry_at:\n            return Step.SKIP",
        "        if now < claim.at:\n            return Step.SKIP",
        DELIVERY,
    ),
    Mutant(
        "decide: an attempt in doubt is repeated although no event comes through",
        "if hold_in_doubt or events_until is None or events_until <= claim.at + IN_FLIGHT:",
        "if hold_in_doubt:",
        DELIVERY,
    ),
    Mutant(
        "decide: events of the same minute prove that events come through",
        "events_until <= claim.at + IN_FLIGHT:",
        "events_until <= claim.at:",
        DELIVERY,
    ),
    Mutant(
        "decide: a course does not hold lessons in doubt although it says so",
        "if hold_in_doubt or events_until is None",
        "if events_until is None",
        "test_delivery.py test_sending.py -k 'doubt'",
    ),
    Mutant(
        "decide: lessons are sent during a pause",
        "    if subscriber.status is Status.PAUSED:\n        return Step.POSTPONE",
        "    if subscriber.status is Status.COMPLETED:\n        return Step.POSTPONE",
        DELIVERY,
    ),
    Mutant(
        "day: a second lesson on a local day",
        "if subscriber.last_day and subscriber.last_day >= today:",
        "if subscriber.last_day and subscriber.last_day > today:",
        DELIVERY,
    ),
    Mutant(
        "day: no gap between two lessons",
        "if subscriber.last_at and now < subscriber.last_at + subscriber.gap:",
        "if subscriber.last_at and now < subscriber.last_at:",
        DELIVERY,
    ),
    Mutant(
        "day: a lesson before the chosen hour",
        "return at_once or ",
        "return True or ",
        DELIVERY,
    ),
    Mutant(
        "day: an introduction in doubt is sent again at once, at any hour",
        "at_once = subscriber.next_lesson == INTRODUCTION and not subscriber.claim",
        "at_once = subscriber.next_lesson == INTRODUCTION",
        DELIVERY,
    ),
    Mutant(
        "claim: just before midnight it takes only the day that ends",
        "local_day(now + IN_FLIGHT,",
        "local_day(now,",
        DELIVERY,
    ),
    Mutant(
        "claim: the attempt before is forgotten",
        "    subscriber = _without_claim(subscriber)\n",
        "    subscriber = replace(subscriber, claim=None)\n",
        DELIVERY,
    ),
    Mutant(
        "claim: the confirmation link expires counted from the sign-up",
        "return replace(subscriber.with_link_time_restarted(now), claim=new_claim)",
        "return replace(subscriber, claim=new_claim)",
        "test_delivery.py test_held.py -k 'confirm'",
    ),
    Mutant(
        "commit: an event of any attempt settles the claim",
        "if claim and claim.attempt == attempt:",
        "if claim:",
        DELIVERY,
    ),
    Mutant(
        "commit: a late event settles another email than its own",
        "if email is None or email != _next(subscriber):",
        "if email is None:",
        DELIVERY,
    ),
    Mutant(
        "commit: a late event takes the claim from a sender at work",
        "if claim and now <= claim.at + IN_FLIGHT:",
        "if claim is None and subscriber.held:",
        DELIVERY,
    ),
    Mutant(
        "commit: a lesson skipped under way also skips the next one",
        "if moved.next_lesson == email:  # otherwise",
        "if moved.next_lesson:  # otherwise",
        "test_delivery.py test_commands.py -k 'skip or delivery'",
    ),
    Mutant(
        "commit: a lesson counts as sent when the event came",
        "email: subscriber.last_at or now}",
        "email: now}",
        DELIVERY,
    ),
    Mutant(
        "commit_earlier_copy: an email is settled while a sender works on it",
        "if claim and claim.earlier_message_id and now > claim.at + IN_FLIGHT:",
        "if claim and claim.earlier_message_id:",
        DELIVERY,
    ),
    Mutant(
        "pass over: only one of two removed lessons is passed over",
        "while subscriber.next_lesson and",
        "if subscriber.next_lesson and",
        "test_delivery.py test_sending.py -k 'passed_over'",
    ),
    Mutant(
        "last lesson: a stopped subscriber completes the course",
        "going_on = subscriber.status is Status.ACTIVE or subscriber.paused_until",
        "going_on = True",
        SUBSCRIBER,
    ),
    Mutant(
        "release: a refusal of another attempt ends the claim",
        "if claim is None or claim.attempt != attempt:",
        "if claim is None:",
        DELIVERY,
    ),
    Mutant(
        "release: the day stays taken",
        "replace(before, last_day=claim.previous_day, last_at=claim.previous_at)",
        "replace(before)",
        DELIVERY,
    ),
    Mutant(
        "release: the day of the new zone is forgotten after a move",
        "replace(before, last_day=before.last_day_in(subscriber.zone))",
        "replace(before)",
        DELIVERY,
    ),
    Mutant(
        "release: the event of an earlier copy is forgotten",
        "return _count_as_sent(before, claim.email, claim.earlier_message_id, claim.at)",
        "return before",
        DELIVERY,
    ),
    Mutant(
        "release by an operator: a subscriber who is not held becomes due",
        "    if not subscriber.held:\n        return subscriber\n",
        "",
        DELIVERY,
    ),
    Mutant(
        "release by an operator: an attempt that may still be settled is repeated",
        "if claim and now >= claim.retry_at and subscriber.held is Held.IN_DOUBT:",
        "if claim and subscriber.held is Held.IN_DOUBT:",
        DELIVERY,
    ),
    Mutant(
        "release by an operator: an attempt in doubt is repeated although another reason held it",
        "if claim and now >= claim.retry_at and subscriber.held is Held.IN_DOUBT:",
        "if claim and now >= claim.retry_at:",
        "test_delivery.py test_held.py -k 'delivery or another_reason'",
    ),
    Mutant(
        "release by an operator: it ends a pause until a day",
        "due_at=free.next_due(now) if free.paused_until else now)",
        "due_at=now)",
        DELIVERY,
    ),
    Mutant(
        "missed a day: an introduction just before midnight counts",
        "return now > subscriber.due_at + timedelta(days=1)",
        "return now > subscriber.due_at",
        "test_delivery.py test_sending.py -k 'missed or noticed'",
    ),
    Mutant(
        "missed a day: a lesson of the same day counts",
        "local_day(subscriber.due_at, zone) < ",
        "local_day(subscriber.due_at, zone) <= ",
        "test_delivery.py test_sending.py -k 'missed or noticed'",
    ),
)

OF_SUBSCRIBERS = (
    Mutant(
        "stopped: a later stop overwrites a complaint",
        "        if not self.reachable:\n            return self\n",
        "",
        SUBSCRIBER,
    ),
    Mutant(
        "stopped: a waiting sign-up does not become the current epoch",
        "ended = replace(self, status=status, epoch=self.current_epoch,",
        "ended = replace(self, status=status,",
        SUBSCRIBER,
    ),
    Mutant(
        "sign-up: an address that complained can be signed up again",
        "if not self.reachable or self.status in (Status.ACTIVE, Status.PAUSED):",
        "if self.status in (Status.ACTIVE, Status.PAUSED):",
        SUBSCRIBER,
    ),
    Mutant(
        "confirm: the link of an earlier sign-up works",
        "if not (asked := self.sign_up) or asked.epoch != epoch:",
        "if not (asked := self.sign_up):",
        SUBSCRIBER,
    ),
    Mutant(
        "confirm: the introduction comes within hours of a lesson of an earlier epoch",
        "rested = self.last_at is None or now >= self.last_at + schedule.MIN_GAP",
        "rested = True",
        SUBSCRIBER,
    ),
    Mutant(
        "confirm: attempts of an earlier epoch can settle this one",
        "claim=None, unsettled={}, sign_up=None",
        "claim=None, sign_up=None",
        SUBSCRIBER,
    ),
    Mutant(
        "new round: two requests start two rounds",
        "        if not self.sent:\n            return self.resumed(now)\n",
        "",
        SUBSCRIBER,
    ),
    Mutant(
        "new round: a stopped subscriber begins again",
        "        if self.status not in IN_COURSE:\n            return self\n        if not self.sent:",
        "        if not self.sent:",
        SUBSCRIBER,
    ),
    Mutant(
        "yes: a round with a sent lesson is passed over",
        "self.round > 1 and not self.sent and self.next_lesson",
        "self.round > 1 and self.next_lesson",
        "test_subscriber.py test_commands.py",
    ),
    Mutant(
        "pause: a stopped subscriber is paused",
        "if self.status not in (Status.ACTIVE, Status.PAUSED):",
        "if False:",
        SUBSCRIBER,
    ),
    Mutant(
        "pause: it ends a day late",
        "schedule.local_day(now, self.zone) >= self.paused_until:",
        "schedule.local_day(now, self.zone) > self.paused_until:",
        SUBSCRIBER,
    ),
    Mutant(
        "pause: another hour ends it",
        "after = max(filter(None, (self.last_day, day_before)), default=None)",
        "after = self.last_day",
        SUBSCRIBER,
    ),
    Mutant(
        "resume: a stopped subscriber is resumed",
        "        if self.status is not Status.PAUSED:\n            return self\n",
        "",
        SUBSCRIBER,
    ),
    Mutant(
        "soft bounces: one that is reported twice counts twice",
        "if self.status is not Status.ACTIVE or short in self.soft_bounces:",
        "if self.status is not Status.ACTIVE:",
        SUBSCRIBER,
    ),
    Mutant(
        "soft bounces: the third pause in a row ends by itself",
        "BOUNCE_PAUSES = 3",
        "BOUNCE_PAUSES = 4",
        SUBSCRIBER,
    ),
    Mutant(
        "soft bounces: a delivered email does not reset the count of pauses",
        "bounce_pauses=self.bounce_pauses if self.soft_bounces else None",
        "bounce_pauses=self.bounce_pauses",
        SUBSCRIBER,
    ),
    Mutant("soft bounces: four pause the course", "SOFT_BOUNCES = 5", "SOFT_BOUNCES = 4", SUBSCRIBER),
    Mutant("soft bounces: six pause the course", "SOFT_BOUNCES = 5", "SOFT_BOUNCES = 6", SUBSCRIBER),
    Mutant(
        "another zone: the day in the new zone is not taken",
        "moved = replace(self, zone=zone, hour=hour, last_day=self.last_day_in(zone))",
        "moved = replace(self, zone=zone, hour=hour)",
        SUBSCRIBER,
    ),
    Mutant("obeyed: only one mail is remembered", "LAST_OBEYED = 5", "LAST_OBEYED = 1", SUBSCRIBER),
)

OF_THE_SCHEDULE = (
    Mutant("gap: eleven hours", "MIN_GAP = timedelta(hours=12)", "MIN_GAP = timedelta(hours=11)", ZONES),
    Mutant("gap: thirteen hours", "MIN_GAP = timedelta(hours=12)", "MIN_GAP = timedelta(hours=13)", ZONES),
    Mutant(
        "gap: as long after the introduction as after a lesson",
        "AFTER_INTRODUCTION = timedelta(hours=4)",
        "AFTER_INTRODUCTION = timedelta(hours=12)",
        SUBSCRIBER,
    ),
    Mutant("spread: over the whole hour", "SPREAD_MINUTES = 45", "SPREAD_MINUTES = 60", ZONES),
    Mutant("spread: none", "SPREAD_MINUTES = 45", "SPREAD_MINUTES = 1", "test_schedule.py test_subscriber.py"),
    Mutant(
        "clocks: an hour that is skipped before midnight falls on the next day",
        "return moved_back if local_day(moved_on, zone) != day == local_day(moved_back, zone) else moved_on",
        "return moved_on",
        SCHEDULE,
    ),
    Mutant(
        "clocks: an hour that comes twice is the second",
        "local = datetime.combine(day, time(hour, minute), ZoneInfo(zone))",
        "local = datetime.combine(day, time(hour, minute, fold=1), ZoneInfo(zone))",
        SCHEDULE,
    ),
    Mutant(
        "slot: on a taken day",
        "    if after_day and day <= after_day:\n        day = after_day + timedelta(days=1)\n    while True:\n"
        "        due = slot(day, zone, hour, minute)\n"
        "        if due >= not_before and (after_day is None or local_day(due, zone) > after_day):",
        "    while True:\n        due = slot(day, zone, hour, minute)\n        if due >= not_before:",
        SCHEDULE,
    ),
    Mutant(
        "hour: an hour into which the clocks jump has not come",
        "return local.hour >= hour or now >= slot(local.date(), zone, hour)",
        "return local.hour >= hour",
        SCHEDULE,
    ),
)
