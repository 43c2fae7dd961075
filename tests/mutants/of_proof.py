"""Mutants of whose words a reply holds: the author of a mail, what is set aside, and where unproven words stand."""

from tests.mutants.mutant import Mutant

OF_THE_AUTHOR = (
    Mutant(
        "author: a quoted local part",
        'alone = len(found) == 1 and "@" not in rest and',
        "alone = len(found) == 1 and",
        "test_mail.py -k somebody_else",
    ),
    Mutant(
        "author: a second address far behind",
        "and len(fields) <= MAX_HEADER_VALUE  #",
        "#",
        "test_mail.py -k somebody_else",
    ),
    Mutant(
        "author: a second From in another spelling",
        """re.sub(rb"[^a-z]", b"", line.partition(b":")[0].lower()) == b"from\"""",
        """line.lower().startswith(b"from:")""",
        "test_mail.py -k r22",
    ),
    Mutant(
        "author: a malformed line above From",
        "if not found and not re.match(_FIELD, line):",
        "if not line and not re.match(_FIELD, line):",
        "test_mail.py -k r22",
    ),
    Mutant(
        "author: a NUL or a lone carriage return",
        "return found == 1 and not re.search(_LOOSE, head)",
        "return found == 1",
        "test_mail.py -k r22",
    ),
)
