"""What a reply causes, in addition to being kept: a command is obeyed, or one email asks about it."""
