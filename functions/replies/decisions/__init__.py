"""Decides what a reply asks for, by its wording and the expressions of each language."""
