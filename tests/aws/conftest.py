"""The tests of the tables ask for `database`, which asks for `dynalite`."""

from tests.aws.dynalite import database, dynalite

__all__ = ["database", "dynalite"]
