"""Whether the stack's receipt rule set is the active one, of which an account and region has one at most."""

from aws import clients
from course.errors import EmailCourseError


class AnotherIsActive(EmailCourseError):
    """Raised when a rule set of somebody else is active: replacing it would stop their mail. Names it."""


def activate(rule_set: str, before: str = "") -> None:
    """Makes a rule set the active one. `before`: the stack's own that it takes the place of, if any.

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
    """Leaves no rule set active if it is one of these; another's stays as it is."""
    if clients.receipt_rules().active() in rule_sets:
        clients.receipt_rules().deactivate()
