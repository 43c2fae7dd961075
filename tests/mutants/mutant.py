"""What a mutant is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to the code. The text that it replaces is in the code once, in whatever file."""

    name: str
    old: str
    new: str
    tests: str
    """Pytest's arguments, where a file name stands for each such file: `test_sending.py -k "d6 or e1"`."""
