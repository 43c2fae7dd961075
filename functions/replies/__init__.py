"""What people write back: the words of a reply, and whether a person wrote it at all."""


class UnreadableMail(Exception):
    """Raised when a mail is over the bounds that are set before parsing begins, or sealed: encrypted."""
