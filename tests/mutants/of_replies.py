"""Mutants of the code for incoming mail: the reader of replies, their sender, their commands."""

from tests.mutants.mutant import Mutant

MAIL = "test_mail.py"
READER = "test_reader.py -k 'ours or another_mail'"
SUBTRACTION = "test_sent.py"
ATTRIBUTED = "test_attribution.py -k 'r2 or token'"

OF_PROGRAMS = (
    Mutant(
        "programs: our links count as own words",
        "without_links(text, original.links)",
        "text",
        "test_kinds.py -k footnotes",
    ),
    Mutant(
        "programs: the title counts as own words",
        '_RAW - {"title"} if self._everything else _RAW',
        "_RAW",
        "test_kinds.py -k title",
    ),
    Mutant(
        "programs: padding counts as own words",
        're.sub(_ONLY_PADDING, r"\\1", re.sub(_PADDING, "", text))',
        "text",
        "test_programs.py -k roundcube",
    ),
    Mutant(
        "programs: the plain part is always preferred",
        "complete = plain.is_all_above_quote and is_faithful(plain.text, original.text)",
        "complete = bool(plain.own)",
        "test_kinds.py -k r17",
    ),
    Mutant(
        "programs: own words are removed with a pasted mail",
        "elif section.quotes_another_mail and section.is_all_quoted and (quotes_ours or section.names_another_sender):",
        "elif not section.quotes_another_mail and section.is_all_quoted:",
        "test_kinds.py -k r18",
    ),
    Mutant(
        "programs: a quote of our email counts as a pasted mail",
        "not any(host.endswith(ours) for host in hosts)",
        "True",
        "test_kinds.py -k r18",
    ),
    Mutant(
        "programs: lines that own words introduce count as a quote",
        "for at in () if known else _introduced(lines, header):",
        "for at in ():",
        "test_replies.py -k 'own or chat or pasted'",
    ),
    Mutant(
        "programs: own words below a signature are lost",
        "_written_below(kept[cut + 1 :])",
        "[]",
        "test_kinds.py -k signature",
    ),
    Mutant(
        "programs: a changed first name counts as own words",
        "if line.quoted and found.matched < len(line.words) and self",
        "if not line.words and self",
        "test_made_again.py -k name",
    ),
    Mutant(
        "programs: marks typed by hand count as a quote",
        "if original and _marked_by_hand(",
        "if not original and _marked_by_hand(",
        "test_kinds.py -k typed_quote_marks",
    ),
)

OF_BOUNDS = (
    Mutant("mail: any size", "if len(raw) > MAX_MAIL:", "if not raw and len(raw) > MAX_MAIL:", MAIL),
    Mutant("mail: any headers", "if end is None and len(raw) > MAX_HEADERS:", "if end and len(raw) < 0:", MAIL),
    Mutant(
        "mail: any length of parameters", "if any(len(field[0]) > MAX_HEADER_VALUE", "if any(len(field[0]) < 0", MAIL
    ),
    Mutant(
        "mail: any depth",
        '    if len(boundaries) + raw.lower().count(b"message/rfc822") > MAX_NESTING:',
        "    if len(boundaries) < 0:",
        MAIL,
    ),
    Mutant("mail: any number of parts", "> 2 * MAX_PARTS", "> 2000 * MAX_PARTS", MAIL),
    Mutant("mail: any number of parts with an escaped boundary", "> MAX_DASHES", "> 1000 * MAX_DASHES", MAIL),
    Mutant("mail: any number of encoded lines", "> MAX_ENCODED_LINES:", "> 1000 * MAX_ENCODED_LINES:", MAIL),
    Mutant("mail: flowed lines are joined before they are counted", "            _bound_lines(text)\n", "", MAIL),
    Mutant("mail: twice the text", "MAX_TEXT = 512 * 1024", "MAX_TEXT = 1024 * 1024", MAIL),
    Mutant(
        "mail: no charset is guessed",
        "if guess := guessed(raw):",
        "if (guess := guessed(raw)) and not raw:",
        "test_charsets.py",
    ),
    Mutant(
        "mail: a wrong charset is trusted",
        "if charset in _VAGUE or re.search(BEYOND_ASCII, raw):",
        "if charset in _VAGUE:",
        "test_charsets.py",
    ),
    Mutant(
        "mail: a charset is guessed for Latin script",
        "    if 2 * in_runs <= len(",
        "    if 2 * in_runs < -len(",
        "test_charsets.py",
    ),
    Mutant(
        "receiving: a mail is read a second time without its original",
        "bare_text = reply.mail.words_without_original",
        "bare_text = reply.mail.own_words()",
        "test_receiving.py -k once",
    ),
    Mutant("mail: any number of lines", "MAX_LINES = 4_000", "MAX_LINES = 40_000", MAIL),
    Mutant("mail: an encrypted mail counts as empty", "if message.get_content_type() in _SEALED or", "if", MAIL),
    Mutant(
        "mail: an armoured mail is read",
        " or body.lstrip().startswith(_ARMOUR):",
        ":",
        MAIL,
    ),
    Mutant(
        "mail: one of two addresses in From is used",
        'return found.pop() if alone else ""',
        'return min(found, default="")',
        MAIL,
    ),
    Mutant(
        "mail: attachments are read",
        'if depth == 0 or part.get_content_disposition() == "attachment":',
        "if depth == 0:",
        MAIL,
    ),
    Mutant(
        "HTML: hidden text counts as text",
        "if self.hidden or (_is_hidden(attributes) and not self._everything):",
        "if self.hidden:",
        "test_html_text.py",
    ),
)

OF_THE_READER = (
    Mutant("reader: fewer of our words make a quote our email", "\nLONG_MATCH = 5\n", "\nLONG_MATCH = 4\n", READER),
    Mutant("reader: more of our words make a quote our email", "\nLONG_MATCH = 5\n", "\nLONG_MATCH = 6\n", READER),
    Mutant("reader: a pasted email of fewer words", "PASTED_SHARE = 25, 0.4", "PASTED_SHARE = 24, 0.4", READER),
    Mutant("reader: a pasted email of more words", "PASTED_SHARE = 25, 0.4", "PASTED_SHARE = 26, 0.4", READER),
    Mutant("reader: a smaller share of a pasted email", "PASTED_SHARE = 25, 0.4", "PASTED_SHARE = 25, 0.35", READER),
    Mutant("reader: a larger share of a pasted email", "PASTED_SHARE = 25, 0.4", "PASTED_SHARE = 25, 0.45", READER),
    Mutant("reader: a smaller share of a quote", "OURS_SHARE = 0.3", "OURS_SHARE = 0.25", READER),
    Mutant("reader: a larger share of a quote", "OURS_SHARE = 0.3", "OURS_SHARE = 0.35", READER),
    Mutant("subtraction: few words farther ahead", "NEAR = 40", "NEAR = 41", SUBTRACTION),
    Mutant("subtraction: few words less far ahead", "NEAR = 40", "NEAR = 39", SUBTRACTION),
    Mutant("subtraction: more places are tried", "TRIES = 8", "TRIES = 9", SUBTRACTION),
    Mutant("subtraction: fewer places are tried", "TRIES = 8", "TRIES = 7", SUBTRACTION),
    Mutant(
        "subtraction: more of our words may be missing",
        "passed = len(sought) // 5",
        "passed = len(sought) // 4",
        SUBTRACTION,
    ),
    Mutant(
        "subtraction: fewer of our words may be missing",
        "passed = len(sought) // 5",
        "passed = len(sought) // 6",
        SUBTRACTION,
    ),
    Mutant("subtraction: more of our words in a row may be missing", "min(passed, 3)", "min(passed, 4)", SUBTRACTION),
    Mutant(
        "subtraction: a word of ours is used twice",
        "if matched > best.matched and used.find(1, place, end) < 0:",
        "if matched > best.matched:",
        SUBTRACTION,
    ),
    Mutant("signature: thirteen lines", "MAX_SIGNATURE = 12\n", "MAX_SIGNATURE = 13\n", "test_signatures.py"),
    Mutant("signature: eleven lines", "MAX_SIGNATURE = 12\n", "MAX_SIGNATURE = 11\n", "test_signatures.py"),
    Mutant("quote header: longer lines", "MAX_HEADER = 400\n", "MAX_HEADER = 401\n", "test_sentences.py"),
    Mutant("quote header: shorter lines", "MAX_HEADER = 400\n", "MAX_HEADER = 399\n", "test_sentences.py"),
)

OF_AUTOMATIC_MAIL = (
    Mutant(
        "automatic: Auto-Submitted is not read",
        "if submitted and not re.match(",
        "if not submitted and not re.match(",
        "test_auto_replies.py",
    ),
    Mutant(
        "automatic: Auto-Submitted: no counts as automatic",
        "if submitted and not re.match(",
        "if submitted or not re.match(",
        "test_auto_replies.py",
    ),
    Mutant("automatic: no sender in the envelope", 'if "<>" in (', 'if "<none>" in (', "test_auto_replies.py"),
    Mutant(
        "automatic: Precedence is not read",
        '("bulk", "junk", "auto_reply", "auto-reply")',
        "()",
        "test_auto_replies.py",
    ),
    Mutant(
        "automatic: a bounce counts as a person's mail",
        '("multipart/report", "text/calendar", *_REPORTS)',
        '("text/calendar", *_REPORTS)',
        "test_auto_replies.py",
    ),
    Mutant(
        "harmful mail is read",
        "    if harmful := came.harmful:",
        "    if (harmful := came.harmful) and not harmful.text:",
        "test_receiving.py -k r13",
    ),
    Mutant(
        "harmful: mail that was not scanned counts as harmless",
        '== "PROCESSING_FAILED":',
        '== "PROCESSING":',
        "test_receiving.py -k r13",
    ),
)

OF_ATTRIBUTION = (
    Mutant(
        "In-Reply-To: accepted without DMARC",
        'if not replied or came.verdicts.get("dmarc") != "PASS":',
        "if not replied:",
        "test_attribution.py -k in_reply_to",
    ),
    Mutant(
        "In-Reply-To: accepted for any email",
        "if subscriber and subscriber.message_id == replied:",
        "if subscriber:",
        "test_attribution.py test_arriving.py -k in_reply_to",
    ),
    Mutant(
        "token: one of an earlier sign-up is accepted",
        "if token.epoch != subscriber.epoch and not subscriber.awaits(token.epoch) and not obeyed:",
        "if False:",
        ATTRIBUTED,
    ),
    Mutant(
        "token: one of an expired sign-up is accepted",
        "if waits and waits.epoch == token.epoch and now >=",
        "if waits and not waits.epoch and now >=",
        "test_receiving.py -k only_as_long",
    ),
    Mutant(
        "proof: any DMARC verdict is a proof",
        'return self.verdicts.get("dmarc") == "PASS"',
        'return "dmarc" in self.verdicts',
        "test_attribution.py test_inbound.py -k 'r3 or dmarc'",
    ),
    Mutant(
        "proof: SPF of another domain is a proof",
        'return self.source.rpartition("@")[2].lower() == address.rpartition("@")[2]',
        "return True",
        "test_inbound.py -k dmarc",
    ),
    Mutant(
        "proof: not checked",
        "proven=own_address and came.is_from(subscriber.address),",
        "proven=own_address,",
        "test_proof.py -k r21",
    ),
    Mutant(
        "proof: another sender counts as the subscriber",
        "return forms.without_tag(forms.normalised_address(mail.sender)) == forms.without_tag(address)",
        "return True",
        "test_proof.py -k r20",
    ),
    Mutant(
        "commands: obeyed without proof",
        "if request.command is Command.STOP or reply.answer.proven:",
        "if True:",
        "test_proof.py -k r23",
    ),
    Mutant(
        "topic: mail of another topic is accepted",
        'if body["TopicArn"] != topic:',
        'if not body["TopicArn"]:',
        "test_inbox.py test_receiving.py -k f7",
    ),
)

OF_COMMANDS = (
    Mutant(
        "commands: a stop is not confirmed after the limit of answers in an hour",
        "if always_told or clients.limits()",
        "if clients.limits()",
        "test_reply_commands.py -k however_many",
    ),
    Mutant(
        "command: may have 61 words",
        "MOST_WORDS = 60\n",
        "MOST_WORDS = 61\n",
        "decisions/test_grammar.py",
    ),
    Mutant(
        "erase: the question never expires",
        "in_time = asked_at is not None and now < asked_at + ERASE_WITHIN",
        "in_time = asked_at is not None",
        "test_reply_commands.py -k delete",
    ),
    Mutant(
        "erase: obeyed without the question",
        "in_time = asked_at is not None and now < asked_at + ERASE_WITHIN",
        "in_time = True",
        "test_reply_commands.py -k delete",
    ),
    Mutant(
        "erase: the question expires after eight days",
        "ERASE_WITHIN, OBEYED_WITHIN = timedelta(days=7)",
        "ERASE_WITHIN, OBEYED_WITHIN = timedelta(days=8)",
        "test_reply_commands.py -k delete",
    ),
    Mutant(
        "erase: a question from before a later sign-up counts",
        "return in_time and not subscriber.signed_up_since(yes_at)",
        "return in_time",
        "test_replayed_commands.py -k deletion",
    ),
    Mutant(
        "too late: no command is too late",
        "return not never and now - received_at > OBEYED_WITHIN",
        "return False",
        "test_commands.py",
    ),
    Mutant(
        "too late: a stop can be too late",
        "never = request.command is Command.STOP or ROWS",
        "never = ROWS",
        "test_commands.py",
    ),
    Mutant(
        "replayed: a command is obeyed again",
        "if came.short_id in current.obeyed or current.signed_up_since(came.received_at):",
        "if current.signed_up_since(came.received_at):",
        "test_replayed_commands.py",
    ),
    Mutant(
        "replayed: a command from before the sign-up is obeyed",
        "if came.short_id in current.obeyed or current.signed_up_since(came.received_at):",
        "if came.short_id in current.obeyed:",
        "test_replayed_commands.py -k 'sign_up'",
    ),
    Mutant(
        "skip: the closing letter can be skipped",
        "subscriber.next_lesson not in (None, INTRODUCTION, self.syllabus.closing)",
        "subscriber.next_lesson not in (None, INTRODUCTION)",
        "test_commands.py",
    ),
    Mutant(
        "yes: obeyed in a reply to any lesson",
        "    EmailKind.LESSON: ANSWERS,\n",
        "    EmailKind.LESSON: frozenset(),\n",
        "decisions/test_context.py decisions/test_decision.py",
    ),
    Mutant(
        "confirm: a yes with a no in it counts",
        "unclear = any(sentence.asks for sentence in reply.sentences) or _is_hedged(beginning)",
        "unclear = any(sentence.asks for sentence in reply.sentences)",
        "decisions/test_beginning.py",
    ),
    Mutant(
        "mail: handled twice",
        "    if note is None:\n        note =",
        '    if note is None or note == "":\n        note =',
        "test_inbox.py -k r12",
    ),
    Mutant(
        "mail: a copy is handled",
        '"attribute_not_exists(#owner) OR #owner = :owner"',
        '"attribute_not_exists(#owner) OR #owner <> :note"',
        "test_receiving.py -k r9",
    ),
)

OF_WHAT_IS_SET_ASIDE = (
    Mutant(
        "inbox: a virus is accepted",
        "if not aside.reason.may_be_accepted:",
        "if not aside.reason:",
        "test_inbox.py -k refused",
    ),
    Mutant(
        "inbox: mail that is under way counts as lost",
        "LOST_AFTER = timedelta(hours=1)",
        "LOST_AFTER = timedelta(minutes=30)",
        "test_inbox.py -k r12",
    ),
    Mutant(
        "inbox: mail that was already handled is accepted",
        "if aside.reason.why is Why.LOST and clients",
        "if not aside.reason and clients",
        "test_inbox.py -k r12",
    ),
    Mutant(
        "inbox: mail of an unconfirmed sign-up is accepted",
        "if not answer.subscriber.round:",
        "if answer.subscriber.round < 0:",
        "test_inbox.py -k refused",
    ),
)
