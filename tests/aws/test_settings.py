"""Settings: a missing one is named."""

import pytest

from aws.settings import MissingSetting, settings


def test_a_missing_setting_is_named_with_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUBSCRIBERS_TABLE", raising=False)
    settings.cache_clear()
    with pytest.raises(MissingSetting, match=r"SUBSCRIBERS_TABLE is not set: template\.yaml"):
        settings()
