"""Makes the stack's receipt rule set the active one, or inactive. An account has at most one active set per region."""

from aws import clients
from course.errors import EmailCourseError


class AnotherIsActive(EmailCourseError):
    """Raised when a rule set that is not the stack's is active. The text names it: replacing it would stop its mail."""


def activate(rule_set: str, before: str = "") -> None:
    """Makes a rule set the active one. `before` is the stack's previous rule set, which it may replace.

    Raises AnotherIsActive.
    """
    active = clients.receipt_rules().active()
    if active not in {"", rule_set, before}:
        raise AnotherIsActive(
            f"The receipt rule set {active} is active in this region, and replacing it would stop its mail. "
            f"Deploy with ActivateReceiptRules=no and ReceiptRuleSet={active}, so that the stack adds its rule to it; "
            "or deploy to another region."
        )
    if active != rule_set:
        clients.receipt_rules().activate(rule_set)


def deactivate(*rule_sets: str) -> None:
    """Makes the active rule set inactive if it is one of these. Any other stays active."""
    if clients.receipt_rules().active() in rule_sets:
        clients.receipt_rules().deactivate()
