"""The web pages of an HTTP API: rendered on the server, locked down by headers."""

from aws.web.form_pages import NOTHING, after_form, fresh_link_form, sign_up_form
from aws.web.pages import download, or_plain, page, rendered, see_other
from aws.web.routes import Pages

__all__ = [
    "NOTHING",
    "Pages",
    "after_form",
    "download",
    "fresh_link_form",
    "or_plain",
    "page",
    "rendered",
    "see_other",
    "sign_up_form",
]
