"""SES's receipt rule sets: which one is active."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient


class ReceiptRules:
    """The receipt rule sets of this account and region, of which at most one is active."""

    def __init__(self, client: "SESClient") -> None:
        self._client = client

    def active(self) -> str:
        """The name of the active rule set, or nothing: then SES refuses all mail."""
        answer = self._client.describe_active_receipt_rule_set()
        return str(answer.get("Metadata", {}).get("Name", ""))

    def activate(self, name: str) -> None:
        """Makes this rule set the active one, in place of any other."""
        self._client.set_active_receipt_rule_set(RuleSetName=name)

    def deactivate(self) -> None:
        """Leaves no rule set active."""
        self._client.set_active_receipt_rule_set()
