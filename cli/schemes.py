"""An email in light or in dark mode, whatever the browser that shows it prefers."""

DARK = "@media (prefers-color-scheme: dark)"


def in_the_dark(html: str) -> str:
    """The email as a client in dark mode shows it."""
    return html.replace(DARK, "@media all")


def in_the_light(html: str) -> str:
    """The email as a client in light mode shows it."""
    return html.replace(DARK, "@media not all")
