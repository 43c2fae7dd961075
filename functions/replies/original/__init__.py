"""The original: the email that a reply answers, and how its words are found in the reply."""
