"""The texts: lessons and notices in `emails/`, the emails made from them, and the journal."""
