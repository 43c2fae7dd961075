"""Mutants: changes of one line that remove a check or shift a limit, each with the tests that must fail."""
