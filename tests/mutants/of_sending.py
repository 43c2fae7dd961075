"""Mutants of the code that stores, sends and deletes."""

from tests.mutants.mutant import Mutant

OF_SENDING = (
    Mutant(
        "outbox: a thousand ids a message, whatever the rate",
        "return max(1, min(IDS_A_MESSAGE, int(rate * STARTING_TIME)))",
        "return IDS_A_MESSAGE",
        "test_dispatch.py -k 'rate or quota'",
    ),
    Mutant(
        "dispatch: more than the quota",
        "min(int(capacity.rate * TICK), capacity.left_today) -",
        "int(capacity.rate * TICK) -",
        "test_dispatch.py -k quota",
    ),
    Mutant(
        "dispatch: forms take all of the quota",
        "capacity.daily // FORMS_PART",
        "capacity.daily",
        "services/test_sign_ups.py -k quota",
    ),
    Mutant(
        "dispatch: more than the rate",
        "min(int(capacity.rate * TICK), capacity.left_today) -",
        "capacity.left_today -",
        "test_dispatch.py -k rate",
    ),
    Mutant(
        "dispatch: emails that already wait are not counted",
        " - waiting * ids_a_message(rate)",
        "",
        "test_dispatch.py -k waits",
    ),
    Mutant(
        "send: starts an email with too little time left",
        "return not self.closed and self._milliseconds_left() >= CLAIM_TIME + ANSWER_TIME",
        "return not self.closed",
        "test_sending.py -k d6",
    ),
    Mutant(
        "send: continues after SES refused the account",
        "return not self.closed and self._milliseconds_left()",
        "return self._milliseconds_left()",
        "test_sending.py -k e4",
    ),
    Mutant(
        "send: an email is sent after a claim that took too long",
        "if left < ANSWER_TIME or began - left > CLAIM_TIME:",
        "if left < ANSWER_TIME:",
        "test_sending.py -k 'took_too_long'",
    ),
    Mutant(
        "send: an email is sent after a claim that leaves no time for SES",
        "if left < ANSWER_TIME or began - left > CLAIM_TIME:",
        "if began - left > CLAIM_TIME:",
        "test_sending.py -k 'took_too_long or d6'",
    ),
    Mutant("send: a refused address is not held", "Refusal.ADDRESS: Held.ADDRESS, ", "", "test_sending.py -k e5"),
    Mutant(
        "send: the breaker stays closed",
        "if why is Refusal.ACCOUNT:\n            self.closed",
        "if why is Refusal.SANDBOX:\n            self.closed",
        "test_sending.py -k e4",
    ),
    Mutant("send: lessons while the breaker is open", "elif not halt:", "else:", "test_sending.py -k breaker"),
    Mutant(
        "notice: one of an earlier sign-up is sent",
        "    if subscriber.epoch != epoch or not subscriber.reachable:",
        "    if not subscriber.reachable:",
        "test_sending.py -k notices_are_sent_once",
    ),
    Mutant(
        "notice: one for the course is sent after a stop",
        "return notice in AFTER_STOPPING or subscriber.is_in_course",
        "return True",
        "test_sending.py -k stopped",
    ),
    Mutant(
        "notice: sent twice",
        "if not clients.limits().mark(mark, message_id, now):",
        "if clients.limits().mark(mark, message_id, now) is None:",
        "test_sending.py -k notices_are_sent_once",
    ),
    Mutant(
        "SES: an HTTP 5xx answer counts as a refusal",
        '["HTTPStatusCode"] >= 500:',
        '["HTTPStatusCode"] >= 600:',
        "test_ses.py",
    ),
    Mutant(
        "SES: a throttled email counts as a refused account", "if code in _THROTTLED:", "if code in ():", "test_ses.py"
    ),
    Mutant(
        "SES: a request is repeated",
        '    retries={"total_max_attempts": 1},\n',
        "",
        "test_ses.py test_sending.py -k e2",
    ),
    Mutant(
        "pace: the gap between emails grows without a limit",
        "MOST_DOUBLINGS = 4",
        "MOST_DOUBLINGS = 40",
        "test_pace.py",
    ),
    Mutant(
        "pace: a clock that was set back causes a long wait",
        "early = min(self._next - time.time(), gap)",
        "early = self._next - time.time()",
        "test_pace.py",
    ),
    Mutant(
        "home: a stack with another stack's table sends",
        'return bool(found["home"] == here)',
        "return True",
        "test_restored.py -k d9_nothing",
    ),
)

OF_EVENTS = (
    Mutant(
        "event: one of an earlier sign-up counts",
        "if subscriber.current_epoch == news.epoch:",
        "if subscriber.current_epoch:",
        "test_record_delivery.py -k f4",
    ),
    Mutant(
        "event: a permanent bounce stops nobody",
        "return Status.BOUNCED if self.kind is Kind.BOUNCE and self.permanent else None",
        "return None",
        "test_record_delivery.py -k f3",
    ),
    Mutant(
        "event: a complaint stops no other course",
        "clients.subscribers().change(other, lambda current: current.stopped(status))",
        "pass",
        "test_record_delivery.py -k f8",
    ),
    Mutant(
        "event: a complaint does not stop a later sign-up",
        "return subscriber.stopped(news.stops) if news.stops else subscriber",
        "return subscriber.stopped(news.stops) if news.stops and subscriber.epoch == news.epoch else subscriber",
        "test_record_delivery.py -k f8",
    ),
    Mutant(
        "event: a suppressed address counts as a full mailbox",
        'frozenset({"OnAccountSuppressionList", "Suppressed"})',
        "frozenset()",
        "test_ses_events.py",
    ),
    Mutant(
        "event: an out-of-office answer counts as a full mailbox",
        " and bounced_as != OUT_OF_OFFICE,",
        ",",
        "test_record_delivery.py -k f9",
    ),
    Mutant(
        "event: one of another topic is accepted",
        'if wrapped and body.get("TopicArn") != topic:',
        'if wrapped and not body.get("TopicArn"):',
        "test_ses_events.py test_record_delivery.py -k f7",
    ),
    Mutant(
        "event: a soft bounce counts for nothing",
        "if news.soft else subscriber",
        "if not news.kind else subscriber",
        "test_record_delivery.py -k f3",
    ),
)

OF_STORING = (
    Mutant(
        "save: overwrites another writer's change",
        '"#version = :read"',
        '"#version >= :read"',
        "test_subscribers.py -k 'writer or write'",
    ),
    Mutant(
        "save: a new subscriber overwrites an existing one",
        'saved = self._put(item, "attribute_not_exists(id)")',
        "saved = self._put(item)",
        "test_subscribers.py -k 'new or written'",
    ),
    Mutant(
        "save: another writer's success counts as our own",
        "return stored if saved or self.get(subscriber.id) == stored else None",
        "return stored",
        "test_subscribers.py -k writer",
    ),
    Mutant(
        "save: our own success counts as another writer's",
        "return stored if saved or self.get(subscriber.id) == stored else None",
        "return stored if saved else None",
        "test_subscribers.py -k writer",
    ),
    Mutant(
        "schema: an item of newer code is read",
        'if item.get("schema", 1) > SCHEMA:',
        'if item.get("schema", 1) < SCHEMA:',
        "test_rolled_back.py",
    ),
    Mutant(
        "schema: it is not stored",
        '| ({"schema": SCHEMA} if SCHEMA > 1 else {})',
        "",
        "test_rolled_back.py -k due",
    ),
    Mutant(
        "schema: a notice of newer code is lost",
        "    return False\n\n\ndef _send(",
        "    return True\n\n\ndef _send(",
        "test_rolled_back.py -k notice",
    ),
    Mutant(
        "reflection: an existing one is overwritten",
        '"attribute_not_exists(subscriber)"',
        '"attribute_not_exists(nothing)"',
        "test_reflections.py -k overwritten",
    ),
    Mutant(
        "retention: newer reflections are deleted",
        " and written < stamp(before):",
        ":",
        "test_reflections.py -k forget",
    ),
    Mutant(
        "retention: never ends for a held subscriber",
        "or (subscriber.status is Status.ACTIVE and not subscriber.held):",
        "or subscriber.status is Status.ACTIVE:",
        "test_standing.py",
    ),
    Mutant(
        "retention: a subscriber without reflections is asked",
        "if not clients.reflections().any_of(subscriber.id):",
        "if not clients.reflections():",
        "test_account.py -k p7",
    ),
    Mutant(
        "retention: a press of the button does not extend it",
        "since = max(since, datetime.combine(subscriber.kept_on + DAY, time(), UTC))",
        "pass",
        "test_account.py test_standing.py -k p7",
    ),
    Mutant(
        "reply: dropping one also deletes others",
        "            if reflection.mail_id == mail_id:\n                self.delete",
        "            if reflection:\n                self.delete",
        "test_privacy.py test_reflections.py -k 'o2_what or by_one_mail'",
    ),
)

OF_ERASURE = (
    Mutant(
        "erasure: the last retry comes after 24 hours",
        "TOLD_WITHIN = timedelta(hours=23, minutes=30)",
        "TOLD_WITHIN = timedelta(hours=24)",
        "test_erasing.py -k 24_hours",
    ),
    Mutant(
        "audit: an expired sign-up of a former subscriber stays",
        "if not self.sign_up or not self.round or now <",
        "if not self.sign_up or self.round or now <",
        "test_account.py test_subscriber.py -k 'p8 or forgotten'",
    ),
    Mutant(
        "erase: a reply that came during the erasure stays",
        "deque(delete_remains(subscriber.id), maxlen=0)  # what",
        "pass  # what",
        "test_privacy.py -k o2",
    ),
    Mutant(
        "erase: the subscriber is deleted before the mail",
        "    deque(delete_remains(subscriber.id), maxlen=0)\n",
        "",
        "test_erasure.py -k interrupted",
    ),
    Mutant(
        "erase: the proofs of consent stay",
        "    clients.consents().erase(subscriber_id)\n",
        "",
        "test_erasure.py -k 'o2 or consent'",
    ),
    Mutant(
        "erase: mail that was set aside stays",
        "if aside.subscriber == subscriber_id:",
        "if not aside.subscriber:",
        "test_erasure.py -k o2",
    ),
    Mutant(
        "erase: the raw mail stays",
        "        clients.raw_mail().delete(reflection.mail_id)\n",
        "        pass\n",
        "test_erasure.py -k o2",
    ),
    Mutant(
        "erase: no reflection is deleted during the listing",
        "clients.reflections().delete(reflection)\n        yield",
        "yield",
        "test_erasing.py -k p6",
    ),
    Mutant(
        "erase: the subscriber can be found until the queue has finished",
        "    clients.subscribers().erase(subscriber.id)\n    clients.outbox",
        "    clients.outbox",
        "test_erasing.py -k p4",
    ),
    Mutant(
        "erase: the key of a counter names the subscriber",
        "return hashlib.sha256(subscriber.encode()).hexdigest()[:16]",
        "return subscriber",
        "test_erasure.py -k o2",
    ),
    Mutant(
        "erase: a second new beginning on the same day is possible",
        'return Asks((*others, Ask(now, course, "")))',
        "return self",
        "test_my_course.py -k u7",
    ),
)

OF_THE_JOURNAL = (
    Mutant("journal: longer than its limit", "        if budget < 0:\n", "        if not budget:\n", "test_journal.py"),
    Mutant("journal: longer than Gmail shows", "IN_A_LETTER = 40_000", "IN_A_LETTER = 140_000", "test_emails.py"),
    Mutant("last time: longer than Gmail shows", "LAST_TIME = 12_000", "LAST_TIME = 112_000", "test_emails.py"),
    Mutant(
        "echo: quotes unproven reflections",
        "for found in proven(reflections) if (found.lesson, found.round) == (lesson, round_number)]",
        "for found in reflections if (found.lesson, found.round) == (lesson, round_number)]",
        "test_journal.py",
    ),
    Mutant(
        "last time: quotes reflections of the same round",
        "found.round < before_round]",
        "found.round <= before_round]",
        "test_journal.py",
    ),
    Mutant(
        "reflection: cut inside a character",
        '[:limit].decode(errors="ignore")',
        '[:limit].decode(errors="replace")',
        "test_journal.py",
    ),
    Mutant("reflection: kept whole", "MAX_BYTES = 256 * 1024", "MAX_BYTES = 512 * 1024", "test_receiving.py -k r11"),
    Mutant(
        "export: larger than Lambda can answer",
        "if part and size + length > IN_A_ZIP:",
        "if part and not length:",
        "test_export.py",
    ),
    Mutant(
        "export: an empty first part",
        "if part and size + length > IN_A_ZIP:",
        "if size + length > IN_A_ZIP:",
        "test_export.py",
    ),
)
