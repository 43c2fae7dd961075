"""Judges the stored data: each reflection is stored once, and nothing about an erased subscriber is left.

The oracle (`oracle`) judges the emails. This module compares the tables and the bucket with what people wrote and
erased.
"""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.faults.oracle import Tally

if TYPE_CHECKING:
    from tests.faults.simulation import Simulation

KEPT_FOR = timedelta(days=89)
"""The age until which no reflection may be deleted."""
UNQUEUED = "forms that were stored and never queued, which DynamoDB deletes after a day"
"""Known: the process died between the two calls, and the person saw an error."""
LEFT = "left after an erasure"
UNTOLD = "untold"


def judge_stored_data(sim: "Simulation", tally: Tally) -> None:
    """Checks that every text is stored once or set aside, and that nothing about erased subscribers is left."""
    since = sim.world.now() - KEPT_FOR
    rows, raw = sim.world.rows("Reflections"), _raw_mail(sim)
    ids = {str(row["address"]): str(row["id"]) for row in sim.world.subscribers()}
    aside = [raw.get(str(row["mail_id"]), "") for row in rows if "reason" in row]
    for person in sim.people:
        if person.erased:
            _judge_erased(sim, person.address, raw, tally)
            refused = (person.address, "erased") in sim.refused or person.address in sim.world.ses.suppressed
            if (
                person.expects_erased_notice
                and not refused
                and not any(m.tags["email"] == "erased" for m in person.emails)
            ):
                tally.found(UNTOLD, "an erasure on the journal page")
            continue
        written = Counter(text for at, text in person.wrote if at > since)
        stored = Counter(
            str(row["text"]).partition("\n")[0]
            for row in rows
            if row["subscriber"] == ids.get(person.address) and datetime.fromisoformat(str(row["received_at"])) > since
        )
        for text, times in (stored - written - Counter(person.answers)).items():
            tally.found("twice", f"stored {times} times more than written: {text}")
        for text, times in (written - stored).items():
            waiting = sum(text in mail and person.address in mail for mail in aside)
            if times > waiting:
                tally.found("lost", f"{times - waiting} of {written[text]} copies of: {text}")
    for row in rows:
        if "text" in row and row["subscriber"] not in ids.values():
            tally.found(LEFT, "a reflection without a subscriber")


def _judge_erased(sim: "Simulation", address: str, raw: dict[str, str], tally: Tally) -> None:
    for table in sim.world.tables():
        left = [row for row in sim.world.rows(table) if address in json.dumps(row, default=str)]
        tally.windows[UNQUEUED] += sum("form" in row for row in left)
        if any("form" not in row for row in left):
            tally.found(LEFT, f"the address in {table}")
    if any(address in mail for mail in raw.values()):
        tally.found(LEFT, "a mail")


def _raw_mail(sim: "Simulation") -> dict[str, str]:
    """Returns all mail in the bucket, by its id."""
    s3, bucket = sim.world.clients.s3, sim.world.resources.ref("RawMail")
    keys = [str(found["Key"]) for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {
        key.rpartition("/")[2]: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8", "replace")
        for key in keys
    }
