"""G1: finds personal data in the logs of a world. conftest.py checks every world of the test run when it ends."""

import re
from collections.abc import Iterator

from local_cloud.cloud import World

ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+\.[\w.-]*\w")
TOKEN = re.compile(r"(?<![\w-])(?:[\w-]{44}|[a-z2-7]{33,34})(?![\w-])", re.IGNORECASE)
A_LINE = 16
"""Characters. A shorter line, such as "Yes", may be in a log for another reason."""


def given_away(world: World) -> set[str]:
    """Returns the addresses, mailed tokens and lines of mails that are in the logs."""
    logs = "\n".join(world.logs)
    found = set(ADDRESS.findall(logs))
    if tokens := {token.lower() for token in TOKEN.findall(logs)}:
        found |= tokens & {token.lower() for text in _mailed(world) for token in TOKEN.findall(text)}
    return found | {line for line in _written(world) if line in logs}


def _mailed(world: World) -> Iterator[str]:
    for email in world.emails:
        yield f"{email.html} {email.text} {' '.join(email.reply_to)}"


def _written(world: World) -> Iterator[str]:
    """Yields each line that people wrote, as it was received and as it was kept."""
    texts = [mail.raw.decode("utf-8", errors="replace").partition("\n\n")[2] for mail in world.received]
    if "Reflections" in world.tables():
        texts += [str(row.get("text", "")) for row in world.rows("Reflections")]
    for text in texts:
        for line in text.splitlines():
            if len(line.strip()) >= A_LINE:
                yield line.strip()
