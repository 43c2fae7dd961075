"""The country of a time zone, from the tz database: zone.tab, and tzdata.zi for older names of zones."""

from functools import cache
from importlib.resources import files


def country_of(zone: str) -> str:
    """The ISO 3166 code of a zone's country, such as `US`; empty for a zone without a country, such as `UTC`."""
    return _countries().get(zone, "")


def countries() -> set[str]:
    """The codes of all countries that have a zone."""
    return set(_countries().values()) - {""}


@cache
def _countries() -> dict[str, str]:
    database = files("tzdata") / "zoneinfo"
    rows = (line.split("\t") for line in (database / "zone.tab").read_text("utf-8").splitlines() if line[0] != "#")
    countries = {zone: country for country, _, zone, *_ in rows}
    links = (line.split() for line in (database / "tzdata.zi").read_text("utf-8").splitlines() if line[:2] == "L ")
    for _, zone, older in links:
        countries.setdefault(older, countries.get(zone, ""))
    return countries
