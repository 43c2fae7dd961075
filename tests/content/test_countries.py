"""Countries: the country of a time zone."""

from pathlib import Path

from babel.core import get_global

from content.countries import countries, country_of
from content.lessons import load
from course import forms

EMAILS = Path(__file__).parents[2] / "emails"
IN_CLDR, NEWER = get_global("zone_territories"), get_global("zone_aliases")
MERGED = {
    *("Africa/Asmera", "Africa/Timbuktu", "America/Coral_Harbour", "America/Virgin", "Antarctica/South_Pole"),
    *("Antarctica/Troll", "Atlantic/Jan_Mayen", "Pacific/Ponape", "Pacific/Truk", "Pacific/Yap", "UTC"),
}
"""Older names that the tz database now gives to a zone of another country, and zones without a country."""


def test_a_zone_has_the_same_country_as_in_cldr() -> None:
    for zone in set(forms.zones()) - MERGED:
        assert country_of(zone) == IN_CLDR.get(NEWER.get(zone, zone)), zone
    assert country_of("UTC") == country_of("Mars/Olympus") == ""


def test_every_country_has_a_zone() -> None:
    assert {"GB", "US", "AU", "ES", "DE"} < countries()
    assert "" not in countries()


def test_h1_helplines_of_a_country_are_shown_in_all_its_time_zones() -> None:
    """Of the zones that people can choose, including older names."""
    english = load(EMAILS).languages["en"]
    for country in english.helplines:
        own = {zone for zone in forms.zones() if IN_CLDR.get(NEWER.get(zone, zone)) == country["code"]}
        assert own
        assert {zone for zone in forms.zones() if country in english.helplines_in(zone)} - MERGED == own
