"""Reads metrics from the functions' log lines as CloudWatch does, and tells whether an alarm goes off.

The log lines have the embedded metric format: CloudWatch guide, "Specification: Embedded metric format".
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import ge, gt, le, lt
from types import ModuleType
from typing import Any

import pytest

from local_cloud.cloud import World

COMPARISONS = {
    "GreaterThanThreshold": gt,
    "GreaterThanOrEqualToThreshold": ge,
    "LessThanThreshold": lt,
    "LessThanOrEqualToThreshold": le,
}


@dataclass(frozen=True, slots=True)
class Series:
    """One metric. The same name in another namespace, or with more or fewer dimensions, is another metric."""

    namespace: str
    dimensions: frozenset[tuple[str, str]]
    name: str

    @staticmethod
    def watched_by(alarm: Mapping[str, Any]) -> "Series":
        """Returns the metric that an alarm of the template watches."""
        dimensions = frozenset((given["Name"], given["Value"]) for given in alarm.get("Dimensions", []))
        return Series(alarm["Namespace"], dimensions, alarm["MetricName"])


def written(world: World) -> Iterator[tuple[Series, float]]:
    """Every metric that the functions wrote, with its value."""
    for line in world.logs:
        with suppress(ValueError):  # a line that isn't JSON
            entry = json.loads(line)
            for directive in entry.get("_aws", {}).get("CloudWatchMetrics", []):
                for names in directive["Dimensions"]:
                    dimensions = frozenset((name, entry[name]) for name in names)
                    for metric in directive["Metrics"]:
                        values = entry[metric["Name"]]
                        total = sum(values) if isinstance(values, list) else values
                        yield Series(directive["Namespace"], dimensions, metric["Name"]), total


def goes_off(alarm: Mapping[str, Any], world: World) -> bool:
    """Tells whether an alarm on a sum goes off, if all values were written within one of its periods."""
    assert alarm["Statistic"] == "Sum"
    total = sum(value for series, value in written(world) if series == Series.watched_by(alarm))
    return bool(COMPARISONS[alarm["ComparisonOperator"]](total, alarm["Threshold"]))


def counted_by(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects the names of the metrics that a module counts from now on."""
    counted: list[str] = []
    monkeypatch.setattr(module, "count", counted.append)
    return counted
