"""The type of a mutant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to the code. The text that it replaces occurs exactly once in all files of the functions."""

    name: str
    old: str
    new: str
    tests: str
    """Pytest's arguments. A file name stands for every test file of that name: `test_sending.py -k "d6 or e1"`."""
