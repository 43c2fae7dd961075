"""What a reply asks for: its wording, the expressions of each language, and the decision."""
