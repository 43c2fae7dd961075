"""What people wrote, held against what is kept of it; and what they had deleted, against everything that is stored."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.faults.oracle import Tally

if TYPE_CHECKING:
    from tests.faults.life import Life

KEPT_FOR = timedelta(days=89)
"""No reflection is deleted before it is older than this."""
LEFT = "left after an erasure"
UNTOLD = "untold"


def judge_kept(life: "Life", tally: Tally) -> None:
    """Each of their words is a reflection once, or waits for a person; of who was erased nothing is left."""
    since = life.world.now() - KEPT_FOR
    rows, raw = life.world.rows("Reflections"), _raw_mail(life)
    ids = {str(row["address"]): str(row["id"]) for row in life.world.subscribers()}
    aside = [raw.get(str(row["mail_id"]), "") for row in rows if "reason" in row]
    for person in life.people:
        if person.erased:
            _judge_erased(life, person.address, raw, tally)
            refused = (person.address, "erased") in life.refused or person.address in life.world.ses.suppressed
            if person.is_to_be_told and not refused and not any(m.tags["email"] == "erased" for m in person.emails):
                tally.found(UNTOLD, "an erasure behind the journal link")
            continue
        written = Counter(text for at, text in person.wrote if at > since)
        stored = Counter(
            str(row["text"]).partition("\n")[0]
            for row in rows
            if row["subscriber"] == ids.get(person.address) and datetime.fromisoformat(str(row["received_at"])) > since
        )
        for text, times in (stored - written - Counter(person.answers)).items():
            tally.found("twice", f"{times} times more than it was written: {text}")
        for text, times in (written - stored).items():
            waiting = sum(text in mail and person.address in mail for mail in aside)
            if times > waiting:
                tally.found("lost", f"{times - waiting} of {written[text]} times that it was written: {text}")
    for row in rows:
        if "text" in row and row["subscriber"] not in ids.values():
            tally.found(LEFT, "a reflection of nobody")


def _judge_erased(life: "Life", address: str, raw: dict[str, str], tally: Tally) -> None:
    for table in life.world.tables():
        if any(address in json.dumps(row, default=str) for row in life.world.rows(table)):
            tally.found(LEFT, f"the address in {table}")
    if any(address in mail for mail in raw.values()):
        tally.found(LEFT, "a mail")


def _raw_mail(life: "Life") -> dict[str, str]:
    """All mail in the bucket, by its id."""
    s3, bucket = life.world.clients.s3, life.world.resources.ref("RawMail")
    keys = [str(found["Key"]) for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {
        key.rpartition("/")[2]: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8", "replace")
        for key in keys
    }
