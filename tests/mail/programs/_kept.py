"""The answered emails and the stored replies."""

from dataclasses import dataclass
from pathlib import Path

from replies import own_words
from tests.mail.programs.cases import Case

SENT, WRITTEN = Path(__file__).parent / "sent", Path(__file__).parent / "written"


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored reply, written by a mail program."""

    name: str
    raw: bytes
    typed: str
    """The text exactly as it was typed."""
    original: str
    """The name of the answered email."""

    @property
    def program(self) -> str:
        """The mail program that wrote the reply."""
        return self.name.partition("-")[0]

    @property
    def words(self) -> str:
        """The text that the reader takes for own words."""
        return own_words(self.raw, *email_of(self.original))


def email_of(name: str) -> tuple[str, str]:
    """Returns an email of the course as text and HTML."""
    return (SENT / f"{name}.txt").read_text("utf-8"), (SENT / f"{name}.html").read_text("utf-8")


def kept() -> list[Kept]:
    """Returns all stored replies, sorted by name."""
    return [_read(mail) for mail in sorted(WRITTEN.glob("*.eml"))]


def keep(case: Case, raw: bytes) -> None:
    """Stores a reply, the typed text and the name of the answered email."""
    WRITTEN.mkdir(exist_ok=True)
    (WRITTEN / f"{case.name}.eml").write_bytes(raw)
    (WRITTEN / f"{case.name}.txt").write_text(case.text, "utf-8")
    (WRITTEN / f"{case.name}.original").write_text(case.original, "utf-8")


def _read(mail: Path) -> Kept:
    typed, original = (mail.with_suffix(kind).read_text("utf-8") for kind in (".txt", ".original"))
    return Kept(mail.stem, mail.read_bytes(), typed, original)
