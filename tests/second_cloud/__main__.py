"""`make second-cloud`: deploys the built artefact to a cloud that others wrote, and takes the course there.

Exits with 1 if a call was denied, a function failed, or data was left after an erasure. `--grants` also removes each
grant that the journey uses from the deployed template, one after the other, and exits with 1 if the run does not fail
without it. `--keep` keeps the stack at the end until Ctrl-C, so that one can look at it.
"""

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from local_cloud.environment import offline_aws
from tests.second_cloud import journey
from tests.second_cloud.cloud import SecondCloud
from tests.second_cloud.grants import Template, Uses, try_each
from tests.second_cloud.server import ROOT, CannotRun, Server
from tests.second_cloud.stack import RunFailed

BUILT = ROOT / ".aws-sam" / "second-cloud"
OUTPUT = ROOT / "build" / "second-cloud"


def main() -> int:
    options = argparse.ArgumentParser(prog="make second-cloud", description=__doc__)
    options.add_argument("--grants", action="store_true", help="remove each grant, and check that the run fails")
    options.add_argument("--keep", action="store_true", help="keep the stack at the end, until Ctrl-C")
    given = options.parse_args()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    try:
        with offline_aws(), Server(OUTPUT) as server:  # sam and boto3 see no account of the machine's owner
            cloud = SecondCloud(server)
            wrong = run(cloud, each_grant=given.grants)
            if given.keep:
                kept(cloud, server)
            timed("is joined", partial(journey.is_joined, cloud, BUILT))
            timed("is deleted", partial(journey.is_deleted, cloud))
            return wrong
    except (RunFailed, CannotRun) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


def run(cloud: SecondCloud, *, each_grant: bool) -> int:
    timed("is refused", lambda: journey.is_refused(cloud, BUILT))
    timed("sam deploy", lambda: cloud.deploy(BUILT))
    timed("SES's own notices", cloud.set_up_notices)
    template = cloud.template()
    uses = Uses(cloud, template)
    for chapter in journey.CHAPTERS:
        before = len(cloud.calls)
        seconds = timed(chapter.__name__.replace("_", " "), partial(chapter, cloud))
        uses.note(chapter, cloud.calls[before:], seconds)
    journey.nothing_is_wrong(cloud)
    print(f"{len(cloud.emails)} emails, {len(cloud.calls)} calls that policies allowed, none denied; 0 dead letters.")
    print(f"By person: {', '.join(f'{who} {number}' for who, number in by_person(cloud).most_common())}.")
    print(f"Grants: {len(uses.used)} used; {len(uses.unused)} not: {', '.join(map(str, uses.unused))}.")
    missed = each_is_needed(cloud, template, uses) if each_grant else 0
    return 1 if missed else 0


def by_person(cloud: SecondCloud) -> Counter[str]:
    """Returns how many emails each person of the journey was sent."""
    return Counter(email.address.partition("@")[0] for email in cloud.emails)


def kept(cloud: SecondCloud, server: Server) -> None:
    """Prints how to look at the stack from another terminal, and waits for Ctrl-C."""
    print(f"The stack is kept. The pages: {cloud.outputs['ApiUrl']}. The server's log: {OUTPUT / 'ministack.log'}")
    print("In another terminal, for .venv/bin/email-course audit, inbox, or any AWS client:")
    print("\n".join(f"  export {name}={value}" for name, value in server.root.items()))
    print("Ctrl-C ends it.", flush=True)
    with suppress(KeyboardInterrupt):
        signal.pause()


def each_is_needed(cloud: SecondCloud, template: Template, uses: Uses) -> int:
    """Removes each used grant in turn, and returns how many removals the run did not notice."""
    missed = 0
    for trial in try_each(cloud, template, uses.used):
        came = "denied" if trial.noticed else f"NOT NOTICED: {trial.how or 'nothing failed'}"
        print(f"  {trial.seconds:5.1f} s  without {trial.grant}: {came}", flush=True)
        missed += not trial.noticed
    print(f"Removed each of {len(uses.used)} grants: {missed} times the run did not fail because of it.")
    return missed


def timed(what: str, do: Callable[[], object]) -> float:
    """Calls `do`, prints how long it took, and returns the seconds."""
    begun = time.monotonic()
    do()
    seconds = time.monotonic() - begun
    print(f"  {seconds:5.1f} s  {what}", flush=True)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
