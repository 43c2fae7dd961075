"""Finds the quotes in a reply by shape alone: quote marks, quote headers, and links of our emails."""
