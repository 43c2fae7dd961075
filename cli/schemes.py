"""An email as it is in the light or in the dark, whatever the browser that shows it prefers."""

DARK = "@media (prefers-color-scheme: dark)"


def in_the_dark(html: str) -> str:
    """As a client in dark mode shows it."""
    return html.replace(DARK, "@media all")


def in_the_light(html: str) -> str:
    """As a client in light mode shows it."""
    return html.replace(DARK, "@media not all")
