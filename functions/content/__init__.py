"""What is written: the lessons and notices in `emails/`, the emails made of them, and the journal."""
