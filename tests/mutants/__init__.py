"""Mutants: the code with one guard or limit taken away, and the tests that must notice."""
