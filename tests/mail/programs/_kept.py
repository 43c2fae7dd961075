"""The emails that were answered, and the replies that are kept."""

from dataclasses import dataclass
from pathlib import Path

from replies import own_words
from tests.mail.programs.cases import Case

SENT, WRITTEN = Path(__file__).parent / "sent", Path(__file__).parent / "written"


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply that a program wrote."""

    name: str
    raw: bytes
    typed: str
    """To the email."""
    original: str
    """The name of the email that it answers."""

    @property
    def program(self) -> str:
        """Which wrote it."""
        return self.name.partition("-")[0]

    @property
    def words(self) -> str:
        """What is taken for the person's."""
        return own_words(self.raw, *email_of(self.original))


def email_of(name: str) -> tuple[str, str]:
    """An email of the course as text and HTML."""
    return (SENT / f"{name}.txt").read_text("utf-8"), (SENT / f"{name}.html").read_text("utf-8")


def kept() -> list[Kept]:
    """All of them, by name."""
    return [_read(mail) for mail in sorted(WRITTEN.glob("*.eml"))]


def keep(case: Case, raw: bytes) -> None:
    """Keeps a reply, what was typed and which email it answers."""
    WRITTEN.mkdir(exist_ok=True)
    (WRITTEN / f"{case.name}.eml").write_bytes(raw)
    (WRITTEN / f"{case.name}.txt").write_text(case.text, "utf-8")
    (WRITTEN / f"{case.name}.original").write_text(case.original, "utf-8")


def _read(mail: Path) -> Kept:
    typed, original = (mail.with_suffix(kind).read_text("utf-8") for kind in (".txt", ".original"))
    return Kept(mail.stem, mail.read_bytes(), typed, original)
