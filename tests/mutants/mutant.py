"""What a mutant is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to the code. The text that it replaces is in the code once, in whatever file."""

    name: str
    old: str
    new: str
    tests: str
    """Pytest's arguments, where a file's name stands for every test file of this name: `test_sending.py -k "d6 or e1"`."""
