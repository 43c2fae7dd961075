"""The errors of the course, all under one root. Their texts never hold what a person wrote."""


class EmailCourseError(Exception):
    """The root: anything this project raises on purpose."""


class CourseError(EmailCourseError):
    """Raised when a course's files cannot be used. Says which file and line to change."""

    def __init__(self, path: object, message: str, line: int | None = None) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path, self.message, self.line = str(path), message, line

    @classmethod
    def of(cls, path: object, error: Exception) -> "CourseError":
        """The error itself if it is one, or what kind of mistake made something of the path unusable."""
        return error if isinstance(error, cls) else cls(path, f"cannot be read ({type(error).__name__}: {error})")


class InvalidForm(EmailCourseError):
    """Raised when a form cannot be taken. Its text is a key of the `forms.toml` of each language.

    `retry_after`: seconds until it can, if it was only one too many.
    """

    def __init__(self, key: str, http_status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(key)
        self.http_status = http_status
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After, if it can be taken later (RFC 9110, section 10.2.3)."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class ShownAgain(InvalidForm):
    """Raised when a form is in order and one more press will do: it is shown again, filled in."""

    def __init__(self, key: str, http_status: int = 200, retry_after: int | None = None) -> None:
        super().__init__(key, http_status, retry_after)


class InvalidToken(EmailCourseError):
    """Raised when a token is forged, expired, cut, or of another purpose."""


class UnknownKey(InvalidToken):
    """Raised when no key at hand made a token: it is forged, or of a key that is gone or not known here yet."""


class UnreadableSubscriber(EmailCourseError):
    """Raised when a stored subscriber cannot be understood. Names the kind of mistake, never what is stored."""


class NewerItem(EmailCourseError):
    """Raised when newer code has stored an item. This code may not understand it, so it leaves it as it is."""
