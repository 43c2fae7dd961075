"""Mutants of the proof of a sender: the author of a mail, mail that is set aside, and unproven reflections."""

from tests.mutants.mutant import Mutant

OF_THE_AUTHOR = (
    Mutant(
        "author: a quoted local part is accepted",
        'alone = len(found) == 1 and "@" not in rest and',
        "alone = len(found) == 1 and",
        "test_mail.py -k does_not_pass_for_the_first",
    ),
    Mutant(
        "author: a second address after a long value is missed",
        "and len(fields) <= MAX_HEADER_VALUE  #",
        "#",
        "test_mail.py -k does_not_pass_for_the_first",
    ),
    Mutant(
        "author: a second From in another spelling is missed",
        """re.sub(rb"[^a-z]", b"", line.partition(b":")[0].lower()) == b"from\"""",
        """line.lower().startswith(b"from:")""",
        "test_mail.py -k r22",
    ),
    Mutant(
        "author: a malformed line above From is accepted",
        "if not found and not re.match(_FIELD, line):",
        "if not line and not re.match(_FIELD, line):",
        "test_mail.py -k r22",
    ),
    Mutant(
        "author: a NUL or a lone carriage return is accepted",
        "return found == 1 and not re.search(_LOOSE, head)",
        "return found == 1",
        "test_mail.py -k r22",
    ),
)

OF_THE_SENDER = (
    Mutant(
        "sender: words from another address are kept",
        "return _of_the_subscriber(reply) if answer.own_address else _of_another(reply)",
        "return _of_the_subscriber(reply)",
        "test_proof.py -k r20",
    ),
    Mutant(
        "sender: an operator may accept words from another address",
        "Why.VIRUS, Why.NOT_SCANNED_FOR_VIRUS, Why.ANOTHER_ADDRESS)",
        "Why.VIRUS, Why.NOT_SCANNED_FOR_VIRUS)",
        "test_reflection.py",
    ),
    Mutant(
        "sender: an operator may accept another address's words that were set aside for another reason",
        "    if not answer.own_address:\n        raise NotAccepted",
        "    if not answer:\n        raise NotAccepted",
        "test_proof.py -k operator",
    ),
    Mutant(
        "sender: a copy from another address makes the subscriber's mail a repetition",
        'answers += "" if answer.own_address else "#another"',
        'answers += ""',
        "test_proof.py -k copy",
    ),
    Mutant(
        "stop: in any words from another address",
        "if any(map(replies.says_stop, texts)):",
        "if hearing.interpret(reply).request == Request(Command.STOP):",
        "test_proof.py -k r23",
    ),
    Mutant(
        "stop: proof is required",
        "if request.command is Command.STOP or reply.answer.proven:",
        "if reply.answer.proven:",
        "test_proof.py -k r23",
    ),
    Mutant(
        "stop: a retried stop to List-Unsubscribe is not reported",
        "if after and noted and Place.read(noted).in_course and not",
        "if after and noted and before.is_in_course and not",
        "test_proof.py -k list_unsubscribe",
    ),
    Mutant(
        "unproven: there is no limit a day",
        'if not reply.answer.proven and not reply.is_among_first("unproven", UNPROVEN_A_DAY):',
        'if not reply.answer and not reply.is_among_first("unproven", UNPROVEN_A_DAY):',
        "test_proof.py -k r24",
    ),
    Mutant(
        "unproven: the limit a day is one higher",
        "UNPROVEN_A_DAY = 20",
        "UNPROVEN_A_DAY = 21",
        "test_proof.py -k r24",
    ),
    Mutant(
        "another address: the note is in a lesson that was made before",
        "return 2 if self.claim else 1",
        "return 1",
        "test_subscriber.py -k r20",
    ),
    Mutant(
        "another address: the note is in every lesson",
        "return which - 1 or None if which else None",
        "return which",
        "test_subscriber.py -k r20",
    ),
)

OF_UNPROVEN_WORDS = (
    Mutant(
        "last time: quotes unproven reflections",
        "earlier = to_earlier(proven(reflections), lesson, before_round)",
        "earlier = to_earlier(reflections, lesson, before_round)",
        "test_outlets.py test_journal.py -k r21",
    ),
    Mutant(
        "journal by mail: contains unproven reflections",
        "journal.journal(course, journal.proven(reflections), subscriber.zone)",
        "journal.journal(course, reflections, subscriber.zone)",
        "test_outlets.py test_emails.py -k r21",
    ),
    Mutant(
        "journal by mail: the number of omitted reflections is missing",
        '"journal_unproven": _unproven(reflections)}',
        '"journal_unproven": 0}',
        "test_outlets.py test_emails.py -k r21",
    ),
    Mutant(
        "last time: the number of omitted reflections is missing",
        "_unproven(journal.to_earlier(reflections, lesson.id, subscriber.round)),",
        "0,",
        "test_outlets.py -k r21",
    ),
    Mutant(
        "journal: an unproven reflection is not marked",
        "found.text, not found.proven, found.mail_id)",
        "found.text, False, found.mail_id)",
        "test_outlets.py test_journal.py -k r21",
    ),
    Mutant(
        "plain text: an unproven reflection is not marked",
        '*([say["unproven"]] if entry.unproven else [])',
        "*[]",
        "test_outlets.py test_journal.py -k r21",
    ),
)
