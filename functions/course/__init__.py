"""The rules: what is decided, without AWS, without the environment and without a clock of its own."""
