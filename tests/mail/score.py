"""`make replies`: prints a table of how well replies are understood, and checks each figure against its limit.

It scores the project's own test mails, or a folder of labelled mail with `reflections/` and `automatic/`. Both contain
`index.json` and `NNN.eml`; `reflections/` also contains `NNN.expected.txt`, `NNN.allowed.txt` and `original-NNN.*`.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from replies import UnreadableMail, automatic, own_words
from tests.mail import library, requests
from tests.mail.emails import as_html, as_text
from tests.mail.hostile import SLOWEST, repeated, with_head
from tests.mail.library import Reply
from tests.mail.programs._kept import kept
from tests.mail.programs.cases import SIGNATURE

FUNCTIONS = Path(__file__).parents[2] / "functions"

_IGNORED = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0f]")
_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\\W_]+|[\u2190-\u2bff\U0001f000-\U0001faff]"
)
_IMPORT = (
    "import email.message, email.header, email.parser, typing, time; began = time.process_time(); "
    "import replies.reader; print(time.process_time() - began)"
)


def words(text: str) -> list[str]:
    """Returns a text's words without case, width and punctuation. In scripts without spaces each letter is a word."""
    folded: list[str] = _WORD.findall(_IGNORED.sub("", unicodedata.normalize("NFKC", text).casefold()))
    return folded


@dataclass(frozen=True, slots=True)
class Score:
    """The result of one mail."""

    required: int
    lost: int
    """Required words that are missing."""
    leaked: int
    """Words that are neither required nor allowed."""
    disordered: bool = False

    @property
    def exact(self) -> bool:
        """Whether all required words are there, in order, and only allowed words."""
        return not (self.lost or self.leaked or self.disordered)

    @property
    def empty(self) -> bool:
        """Whether words were required and all of them are missing."""
        return self.required > 0 and self.lost == self.required


def score(output: str, expected: str, allowed: str) -> Score:
    """Compares the words taken from a mail with its labels."""
    out, must, may = words(output), words(expected), words(allowed)
    if out in (must, may):
        return Score(len(must), 0, 0)
    kept = SequenceMatcher(None, must, out, autojunk=False).get_matching_blocks()
    lost = len(must) - sum(block.size for block in kept)
    leaked = sum((Counter(out) - Counter(may)).values())
    rest = iter(may)
    return Score(len(must), lost, leaked, disordered=not all(word in rest for word in out))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Mails with their labels."""

    known: Sequence[Reply]
    """Replies that are read together with their original."""
    alone: Sequence[Reply]
    """Replies that are read without their original, as if it could no longer be rendered."""
    machines: Sequence[bytes]
    """Automatic mails."""
    people: Sequence[bytes]
    """Mails of people that look automatic, and all replies."""


def ours() -> Labelled:
    """Returns the project's own test mails."""
    replies = list(library.replies())
    people = [*(raw for _, raw in library.mails("people")), *(reply.raw for reply in replies)]
    above = [reply for reply in replies if reply.place == "above"]
    return Labelled(replies, above, [raw for _, raw in library.mails("automatic")], people)


def corpus(folder: Path) -> Labelled:
    """Reads a folder of labelled mail. Originals of real mails are not used: they are rebuilt from the quote."""
    entries = json.loads((folder / "reflections" / "index.json").read_text("utf-8"))
    replies = [_labelled(folder / "reflections", entry) for entry in entries]
    simulated = [entry["corpus"].startswith("sim_") for entry in entries]
    others = json.loads((folder / "automatic" / "index.json").read_text("utf-8"))
    mails = {True: [], False: []}  # type: dict[bool, list[bytes]]
    for entry in others:
        mails[entry["label"].startswith("human")].append((folder / "automatic" / f"{entry['id']}.eml").read_bytes())
    return Labelled(
        [reply for reply, is_simulated in zip(replies, simulated, strict=True) if is_simulated],
        [reply for reply, is_simulated in zip(replies, simulated, strict=True) if not is_simulated],
        mails[False],
        [*mails[True], *(reply.raw for reply in replies)],
    )


def _labelled(folder: Path, entry: dict[str, str]) -> Reply:
    def text(name: str | None) -> str | None:
        return (folder / name).read_text("utf-8") if name else None

    expected = (folder / f"{entry['id']}.expected.txt").read_text("utf-8")
    place = "inside" if "inline" in entry["corpus"] else "above"
    raw = (folder / f"{entry['id']}.eml").read_bytes()
    allowed = text(entry.get("allowed")) or expected
    original, original_html = text(entry.get("original")), text(entry.get("original_html"))
    return Reply(entry["id"], entry["language"], place, raw, expected, allowed, original, original_html)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. A value above `most` or below `least` fails."""

    what: str
    value: float
    unit: str = "%"
    least: float = 0
    most: float = float("inf")

    @property
    def reached(self) -> bool:
        return self.least <= self.value <= self.most

    def __str__(self) -> str:
        asked = f"≥ {self.least:g}" if self.least else f"≤ {self.most:g}"
        value = f"{self.value:8.2f} {self.unit}"
        return f"{self.what:<58}{value:<13}{asked} {self.unit}{'' if self.reached else '  not reached'}".rstrip()


def understood(mails: Labelled) -> list[Figure]:
    """Returns the figures for replies and automatic mail."""
    alone = [score(own_words(reply.raw), reply.expected, reply.allowed) for reply in mails.alone]
    foreign = [result for result, reply in zip(alone, mails.alone, strict=True) if reply.language != "en"]
    around, inside = _with_originals(mails.known, inside=False), _with_originals(mails.known, inside=True)
    return [
        Figure(f"{len(alone)} replies without the original: exact", _share(s.exact for s in alone), least=96),
        Figure("  with any word lost", _share(s.lost > 0 for s in alone), most=0.5),
        Figure("  with anything leaked", _share(s.leaked > 0 for s in alone), most=3),
        Figure(f"  {len(foreign)} not in English: exact", _share(s.exact for s in foreign), least=97),
        Figure(f"{len(around)} with the original, above or below: exact", _share(s.exact for s in around), least=99),
        Figure("  words lost", _words_lost(around), most=0.1),
        Figure("  empty", sum(s.empty for s in around), "", most=0),
        Figure(f"{len(inside)} with the original, inside the quote: exact", _share(s.exact for s in inside), least=97),
        Figure(f"{len(mails.machines)} automatic mails: caught", _share(map(_caught, mails.machines)), least=98.5),
        Figure(f"{len(mails.people)} mails of people: flagged", sum(map(_caught, mails.people)), "", most=0),
    ]


def by_programs() -> list[Figure]:
    """Returns the figures for replies written by real mail programs. An unmarked signature may remain."""
    scores = [score(reply.words, reply.typed, f"{SIGNATURE} {reply.typed} {SIGNATURE}") for reply in kept()]
    return [
        Figure(f"{len(scores)} replies by real mail programs: exact", _share(s.exact for s in scores), least=99.5),
        Figure("  with any word lost", sum(s.lost > 0 for s in scores), "", most=0),
    ]


def requested(path: Path) -> list[Figure]:
    """Returns the figures for the decisions about a labelled set of replies."""
    cases = list(requests.cases(path))
    found = requests.figures(cases)
    return [
        Figure(f"{len(cases)} labelled replies: obeyed by mistake", len(found.mistaken), "", most=4),
        Figure("  obeyed with another day or hour, or words lost", len(found.wrong) + len(found.lost), "", most=0),
        Figure("  to be obeyed: obeyed", 100 * found.obeyed, least=80),
        Figure("  obeyed or asked about", 100 * found.heard, least=92),
        Figure("  stops obeyed or asked about", 100 * found.stops_heard, least=95),
        Figure("  to be asked about: asked, or rightly obeyed", 100 * found.asked, least=85),
        Figure("  to be kept: answered", 100 * found.answered, most=4),
    ]


def swift(mails: Labelled) -> list[Figure]:
    """Returns the figures for the time, measured as CPU time of this process."""
    began = time.process_time()
    for reply in mails.known:
        own_words(reply.raw, reply.original, reply.original_html)
    each = (time.process_time() - began) / max(1, len(mails.known)) * 1000
    return [
        Figure("time for a mail", each, "ms", most=2),
        Figure("  for the worst 100 KB", _worst(100_000), "s", most=0.2),
        Figure("  for the worst 1 MB", _worst(1_000_000), "s", most=2),
        Figure("import beyond the packages email and typing", _import() * 1000, "ms", most=10),
    ]


def _import() -> float:
    """Returns the median import time of 20 runs in seconds, with compiled bytecode as in the deployment."""
    with TemporaryDirectory() as cache:
        env = os.environ | {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        command = [sys.executable, "-c", _IMPORT]
        runs = [subprocess.run(command, cwd=FUNCTIONS, env=env, check=True, capture_output=True) for _ in range(20)]
    return statistics.median(float(run.stdout) for run in runs)


def _with_originals(replies: Iterable[Reply], *, inside: bool) -> list[Score]:
    return [
        score(own_words(reply.raw, reply.original, reply.original_html), reply.expected, reply.allowed)
        for reply in replies
        if (reply.place == "inside") is inside
    ]


def _share(of: Iterable[bool]) -> float:
    found = list(of)
    return 100 * sum(found) / max(1, len(found))


def _words_lost(scores: Sequence[Score]) -> float:
    return 100 * sum(s.lost for s in scores) / max(1, sum(s.required for s in scores))


def _caught(raw: bytes) -> bool:
    return automatic(raw) is not None


def _worst(size: int) -> float:
    """Returns the longest time in seconds for the slowest texts, read together with an original."""
    email, email_html = as_text("en"), as_html("en")
    taken: list[float] = []
    for kind, piece in SLOWEST:
        raw = with_head(repeated(piece, size), f"text/{kind}; charset=utf-8")
        began = time.process_time()
        with suppress(UnreadableMail):
            own_words(raw, email, email_html)
        taken.append(time.process_time() - began)
    return max(taken)


def main(folder: str) -> int:
    """Prints the table. Returns 1 if a figure misses its limit."""
    mails = corpus(Path(folder)) if folder else ours()
    labelled = Path(folder) / "requests" / "replies.tsv" if folder else requests.SET
    figures = [*understood(mails), *by_programs(), *swift(mails)]
    figures += requested(labelled) if labelled.is_file() else []
    sys.stdout.write("\n".join(map(str, figures)) + "\n")
    return int(not all(figure.reached for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main(" ".join(sys.argv[1:])))
