"""What a reply brings about, besides being kept: a command is obeyed, or one email asks about it."""
