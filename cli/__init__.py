"""The email-course command: for authors and operators, on their own machine. Never deployed."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - one line, before an import fails with a long traceback
    raise SystemExit("email-course needs Python 3.11 or later; this is " + sys.version.split(maxsplit=1)[0])
