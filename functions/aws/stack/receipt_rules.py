"""Reads and changes which of SES's receipt rule sets is active."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient


class ReceiptRules:
    """The receipt rule sets of this account and region, of which at most one is active."""

    def __init__(self, client: "SESClient") -> None:
        self._client = client

    def active(self) -> str:
        """Returns the name of the active rule set. If none is active, the name is empty and SES refuses all mail."""
        answer = self._client.describe_active_receipt_rule_set()
        return str(answer.get("Metadata", {}).get("Name", ""))

    def activate(self, name: str) -> None:
        """Makes this rule set the active one, and any other inactive."""
        self._client.set_active_receipt_rule_set(RuleSetName=name)

    def deactivate(self) -> None:
        """Makes the active rule set inactive."""
        self._client.set_active_receipt_rule_set()
