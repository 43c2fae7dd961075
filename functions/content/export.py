"""The download of everything that we keep about a subscriber: a zip file for people and for programs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from operator import methodcaller
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from course.record import as_stored
from course.reflection import Reflection
from course.subscriber import Subscriber

IN_A_ZIP = 1_500_000
"""The most bytes of text in one zip. The zip contains the text twice and hardly compresses random characters. Lambda
answers with at most 6 MB, of which base64 takes a quarter."""

LISTED = 10
"""The most parts that a page lists: it must read each part to know where the next one begins."""


def parts(reflections: Iterable[Reflection]) -> Iterator[list[Reflection]]:
    """The reflections in order, divided into parts that fit into one file: at least one part, mostly only one."""
    part: list[Reflection] = []
    size = 0
    for reflection in reflections:
        length = len(reflection.text.encode())
        if part and size + length > IN_A_ZIP:
            yield part
            part, size = [], 0
        part.append(reflection)
        size += length
    yield part


def archive(
    subscriber: Subscriber,
    consent: Mapping[str, Any],
    rounds: Mapping[str, Any],
    reflections: Sequence[Reflection],
    journal_html: str,
    now: datetime,
) -> bytes:
    """A zip of `journal.html` and `data.json`. The latter has every stored value under its stored name."""
    data = {
        "made_at": now,
        "subscriber": as_stored(subscriber),
        "consent": consent,
        "earlier_rounds": rounds,
        "reflections": list(map(as_stored, reflections)),
    }
    files = {
        "journal.html": journal_html,
        "data.json": json.dumps(data, default=methodcaller("isoformat"), ensure_ascii=False, indent=2),
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            bundle.writestr(ZipInfo(name, now.timetuple()[:6]), text, ZIP_DEFLATED)
    return packed.getvalue()
