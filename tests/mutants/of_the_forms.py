"""Mutants of the code that strangers can reach: limits, tokens, forms, pages."""

from tests.mutants.mutant import Mutant

LIMITS = "test_limits.py"
TOKENS = "test_tokens.py"
FORMS = "test_forms.py"
NAMES = "test_names.py"

OF_LIMITS = (
    Mutant("asks: a day has 23 hours", "A_DAY = timedelta(hours=24)", "A_DAY = timedelta(hours=23)", LIMITS),
    Mutant("asks: three emails a day", "EMAILS_A_DAY = 2", "EMAILS_A_DAY = 3", LIMITS),
    Mutant("asks: seven emails in 30 days", "EMAILS_IN_30_DAYS = 6", "EMAILS_IN_30_DAYS = 7", LIMITS),
    Mutant(
        "asks: forgotten after 29 days",
        "ASKS_REMEMBERED = timedelta(days=30)",
        "ASKS_REMEMBERED = timedelta(29)",
        LIMITS,
    ),
    Mutant(
        "asks: a repetition is possible at once",
        "ONCE_MORE_AFTER = timedelta(minutes=10)",
        "ONCE_MORE_AFTER = timedelta(0)",
        LIMITS,
    ),
    Mutant(
        "asks: a course asks twice a day", "all(ask.course != course for ask", "all(ask.key != course for ask", LIMITS
    ),
    Mutant(
        "asks: the promise of another request counts", "if ask.key == key), None)", "if ask.key or key), None)", LIMITS
    ),
    Mutant(
        "asks: an erasure does not count",
        'return Asks((*others, Ask(now, course, "")))',
        "return Asks(others)",
        LIMITS,
    ),
    Mutant(
        "once more: a repeated link has no consent",
        "            clients.consents().store(subscriber.id, consent, now)  # for",
        "            pass  # for",
        "test_sign_ups.py -k s20",
    ),
    Mutant(
        "forms: the forms of one network are not counted",
        'if not clients.limits().count_up(f"network#{network}", settings().forms_per_network, now):',
        "if not network:",
        "test_sign_ups.py -k s10",
    ),
    Mutant(
        "count_up: one more than the limit",
        "attribute_not_exists(#count) OR #count < :most",
        "attribute_not_exists(#count) OR #count <= :most",
        "test_limits.py -k counted",
    ),
    Mutant(
        "sign-ups: each address of a household's network counts separately",
        'return ":".join(address.exploded.split(":")[:4])',
        'return ":".join(address.exploded.split(":"))',
        "test_limits.py -k household",
    ),
    Mutant(
        "answers: 21 an hour",
        "ANSWERS_AN_HOUR = 20",
        "ANSWERS_AN_HOUR = 21",
        "test_reply_commands.py -k twenty",
    ),
    Mutant(
        "admit: one more than the limit",
        "size(members) < :most",
        "size(members) <= :most",
        "test_limits.py -k 'hour'",
    ),
    Mutant(
        "admit: a member that was admitted before is refused",
        "OR contains(members, :member) OR",
        "OR",
        "test_limits.py -k 'hour or again'",
    ),
    Mutant(
        "promise: two simultaneous first requests both promise",
        'stored = self._put(item, "attribute_not_exists(#last)")',
        "stored = self._put(item)",
        "test_limits.py -k 'at_once'",
    ),
    Mutant(
        "promise: two simultaneous later requests both promise",
        '"#last = :before"',
        '"#last >= :before"',
        "test_limits.py -k 'at_once'",
    ),
    Mutant(
        "mark: finished work is repeated",
        "(#owner <> :done AND expires_at < :given_up)",
        "expires_at < :given_up",
        "test_limits.py -k mark",
    ),
    Mutant(
        "mark: an owner is given up too early",
        "GIVEN_UP_AFTER = timedelta(minutes=7)",
        "GIVEN_UP_AFTER = timedelta(minutes=6)",
        "test_limits.py -k mark",
    ),
    Mutant(
        "mark: an owner is given up too late",
        "GIVEN_UP_AFTER = timedelta(minutes=7)",
        "GIVEN_UP_AFTER = timedelta(minutes=8)",
        "test_limits.py -k mark",
    ),
    Mutant(
        "mark: work that has begun counts as done",
        'return item.get("note", "") if item and item["owner"] == DONE else None',
        'return item.get("note", "") if item else None',
        "test_limits.py -k done",
    ),
    Mutant(
        "breaker: it never closes",
        'return item["reason"] if item and datetime.fromisoformat(item["until"]) > now else None',
        'return item["reason"] if item else None',
        "test_limits.py -k breaker",
    ),
    Mutant(
        "events: an earlier event overwrites the latest",
        '"attribute_not_exists(#at) OR #at < :at"',
        '"attribute_not_exists(#at) OR #at <> :at"',
        "test_limits.py -k event",
    ),
)

OF_TOKENS = (
    Mutant(
        "link: the result of comparing its MAC is ignored",
        "if not hmac.compare_digest(mac, _link_mac(keys, number, purpose, payload, ended)):",
        "if hmac.compare_digest(mac, _link_mac(keys, number, purpose, payload, ended)) is None:",
        TOKENS,
    ),
    Mutant(
        "reply address: the result of comparing its MAC is ignored",
        "if not any(hmac.compare_digest(mac, expected) for expected in macs):",
        "if not [hmac.compare_digest(mac, expected) for expected in macs]:",
        TOKENS,
    ),
    Mutant("link: it never expires", "if minute and now >= datetime.fromtimestamp(minute * 60, UTC):", "if 0:", TOKENS),
    Mutant(
        "link: a link works for any purpose",
        'return hmac.digest(key, purpose.encode() + b"\\0" + message, hashlib.sha256)',
        "return hmac.digest(key, message, hashlib.sha256)",
        TOKENS,
    ),
    Mutant(
        "link: an ended link works",
        'f"{purpose}#{ended}" if ended else purpose',
        "purpose",
        "test_course_page.py -k p3",
    ),
    Mutant(
        "journal link: works after more than a day",
        "found is not None and now <",
        "found is not None or now <",
        "-k 24_hours",
    ),
    Mutant(
        "journal link: mailed to an address that was changed in the table",
        "if subscriber is None or held_if_changed(subscriber) or not _is_wanted(asked.name, subscriber, asked.epoch):",
        "if subscriber is None or not _is_wanted(asked.name, subscriber, asked.epoch):",
        "test_notices.py -k p5",
    ),
    Mutant(
        "journal link: no limit a day",
        "if not clients.limits().admit_of_day(key, asked, JOURNAL_LINKS_A_DAY, now):",
        "if not clients.limits().admit_of_day(key, asked, 99, now):",
        "-k p3",
    ),
    Mutant("link: a second spelling is accepted", " or urlsafe_b64encode(raw).decode() != token:", ":", TOKENS),
    Mutant("reply address: a second spelling is accepted", "if _base32(raw) != text:", "if not text:", TOKENS),
    Mutant(
        "confirmation: its link works for 73 hours",
        "CONFIRM_LIFE = timedelta(hours=72)",
        "CONFIRM_LIFE = timedelta(hours=73)",
        "test_confirm.py -k expired",
    ),
)

OF_FORMS = (
    Mutant("form: a larger body is accepted", "MAX_BODY = 10_000", "MAX_BODY = 100_000", FORMS),
    Mutant(
        "form: a field may occur twice",
        "if any(len(values) > 1 for values in fields.values()):",
        "if any(len(values) > 9 for values in fields.values()):",
        FORMS,
    ),
    Mutant("form: any content type is accepted", '!= "application/x-www-form-urlencoded":', '== "":', FORMS),
    Mutant(
        "form: no consent is needed",
        'if fields.get("consent") != "yes":',
        'if "consent" not in fields:',
        "test_sign_up.py -k s13_fields",
    ),
    Mutant("name: 61 characters are accepted", "MAX_NAME = 60", "MAX_NAME = 61", NAMES),
    Mutant(
        "name: invisible characters are accepted",
        'unicodedata.category(char)[0] in "CZ"',
        'unicodedata.category(char)[0] in "Z"',
        NAMES,
    ),
    Mutant("name: a link is accepted", "[<>@] | // |", "[<>@] |", NAMES),
    Mutant("name: a dot of another script is accepted", "name.translate(_DOTS)).translate(_DOTS)", "name)", NAMES),
    Mutant("slip: no question about a likely typing error", 'if name == "gmail":', "if name:", "test_slips.py"),
    Mutant(
        "address: a quoted local part is accepted",
        "allow_smtputf8=False, strict=True)",
        "allow_smtputf8=False, allow_quoted_local=True)",
        FORMS,
    ),
    Mutant("mailbox: dots make another mailbox", ".replace('.', '')}@", "}@", FORMS),
    Mutant(
        "typing time: a form that is sent at once is accepted",
        "in_time = shortest <= timedelta(",
        "in_time = timedelta() <= timedelta(",
        FORMS,
    ),
    Mutant(
        "typing time: a form that was open for two days is accepted",
        "TYPING_TIME = timedelta(seconds=2), timedelta(hours=24)",
        "TYPING_TIME = timedelta(seconds=2), timedelta(hours=48)",
        FORMS,
    ),
    Mutant(
        "form: a filled hidden field is accepted",
        'if not genuine or fields.get("website"):',
        "if not genuine:",
        FORMS,
    ),
    Mutant(
        "form: a forged time is accepted",
        'if not genuine or fields.get("website"):',
        'if fields.get("website"):',
        FORMS,
    ),
    Mutant(
        "pause: may end today",
        "if today < until <= today + LONGEST_PAUSE",
        "if today <= until <= today + LONGEST_PAUSE",
        "test_my_course.py -k 'cannot_end'",
    ),
)

OF_PAGES = (
    Mutant(
        "pages: no Content-Security-Policy",
        'return {"Content-Security-Policy": policy, **HEADERS}',
        "return {**HEADERS, **({'X': policy} if False else {})}",
        "test_privacy.py -k locked",
    ),
    Mutant("pages: any site may frame them", " if embedded else ()) or", ") or", "test_sign_up.py -k frame"),
    Mutant("pages: a browser stores them", '    "Cache-Control": "no-store",\n', "", "test_privacy.py -k locked"),
    Mutant("pages: HEAD has a body", '"body": "", "isBase64Encoded": False}', "}", "test_routes.py -k looking"),
    Mutant(
        "course page: a link of an earlier sign-up works",
        "if subscriber is None or subscriber.epoch != link.epoch:",
        "if subscriber is None:",
        "test_unsubscribe.py -k u7",
    ),
    Mutant(
        "course page: shows a lesson that was not sent",
        "if lesson not in course.lessons or not _was_sent(lesson, subscriber, earlier):",
        "if lesson not in course.lessons:",
        "test_my_course.py -k 'not_sent'",
    ),
    Mutant(
        "confirm: a stopped subscriber reads that they are in the course",
        "done = subscriber.epoch == link.epoch and subscriber.status in IN_COURSE",
        "done = subscriber.epoch == link.epoch",
        "test_confirm.py -k c4",
    ),
    Mutant(
        "unsubscribe: one click in an email of an earlier sign-up counts",
        "asked = pressed or subscriber.current_epoch == link.epoch",
        "asked = True",
        "test_unsubscribe.py -k u7",
    ),
)
