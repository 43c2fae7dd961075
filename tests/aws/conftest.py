"""The fixtures of the table tests: they use `database`, which uses `dynalite`."""

from tests.aws.dynalite import database, dynalite

__all__ = ["database", "dynalite"]
