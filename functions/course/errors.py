"""The errors of the course, with one base class. Their texts never contain what a subscriber wrote."""


class EmailCourseError(Exception):
    """The base class of every error that this project raises on purpose."""


class CourseError(EmailCourseError):
    """Raised when a course's files cannot be used. Its text names the file and line to change."""

    def __init__(self, path: object, message: str, line: int | None = None) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path, self.message, self.line = str(path), message, line

    @classmethod
    def of(cls, path: object, error: Exception) -> "CourseError":
        """The error itself if it is a CourseError; otherwise one with the path, the kind of error and its text."""
        return error if isinstance(error, cls) else cls(path, f"cannot be read ({type(error).__name__}: {error})")


class InvalidForm(EmailCourseError):
    """Raised when a form cannot be accepted. Its text is a key of the `forms.toml` of each language.

    `retry_after`: seconds until the form can be accepted, if it was only one too many.
    """

    def __init__(self, key: str, http_status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(key)
        self.http_status = http_status
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """The header Retry-After, if the form can be accepted later (RFC 9110, section 10.2.3)."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class ShownAgain(InvalidForm):
    """Raised when a form is valid and only needs one more press: it is shown again, filled in."""

    def __init__(self, key: str, http_status: int = 200, retry_after: int | None = None) -> None:
        super().__init__(key, http_status, retry_after)


class InvalidToken(EmailCourseError):
    """Raised when a token is forged, expired, cut short, or made for another purpose."""


class UnknownKey(InvalidToken):
    """Raised when no known key made a token: it is forged, or its key was removed or is not known here yet."""


class UnreadableSubscriber(EmailCourseError):
    """Raised when a stored subscriber cannot be read. Its text names the kind of mistake, never the stored values."""


class NewerItem(EmailCourseError):
    """Raised when newer code has stored an item. This code may not understand the item, so it does not change it."""
