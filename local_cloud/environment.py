"""The process's AWS settings while the local cloud runs: fake, so that no real account can be reached."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local_cloud.physical import REGION

OFFLINE = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto does not know the addresses with an account in them
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Sets these variables, and restores the earlier values at the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def offline_aws() -> Iterator[None]:
    """Hides every AWS profile, endpoint and session token of the machine's owner from the code inside."""
    theirs = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name in ("AWS_PROFILE", "AWS_SESSION_TOKEN") or name.startswith("AWS_ENDPOINT_URL")
    }
    try:
        with environment(OFFLINE):
            yield
    finally:
        os.environ.update(theirs)
