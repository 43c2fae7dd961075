"""Typing mistakes in the domain of an address. The form asks about them and never corrects them by itself.

Only what was typed counts, not whether the address is known.
"""

WELL_KNOWN = {
    "com": "aol btinternet email fastmail gmail gmx googlemail hotmail icloud inbox live mac mail me msn outlook "
    "protonmail rocketmail sky talktalk virginmedia yahoo ymail zoho",
    "co.uk": "blueyonder hotmail live talktalk yahoo",
    "net": "att bellsouth comcast cox earthlink gmx ntlworld sbcglobal telefonica verizon",
    "com.au": "bigpond optusnet",
    "de": "arcor freenet gmx hotmail mail outlook t-online web yahoo",
    "es": "hotmail outlook terra yahoo",
    "me": "proton pm",
}
"""Mail providers of the countries for which the course has helplines, by the ending of their domains."""

IN_MANY_COUNTRIES = frozenset({"gmx", "hotmail", "live", "mail", "outlook", "yahoo"})
"""Providers that use the endings of many countries: such an ending is no mistake."""

ENDINGS = {
    **dict.fromkeys(("cim", "clm", "cmo", "cok", "comm", "con", "coom", "cpm", "ocm", "vom", "xom"), "com"),
    **dict.fromkeys(("ent", "ner", "nett", "nte"), "net"),
    **dict.fromkeys(("ogr", "orgg", "orh", "rog"), "org"),
}
"""Mistyped endings and the right ones. None of the mistyped ones is a top-level domain."""
NO_COUNTRY = frozenset({"cm", "co", "om"})
"""Country endings that, after a provider's name, are probably a `com` with a letter missing."""

SHORTEST_NAME = 5
"""The fewest letters of a name that can count as misspelt: most shorter names are one letter away from another."""

_DOMAINS = {f"{name}.{ending}" for ending, names in WELL_KNOWN.items() for name in names.split()}


def meant(address: str) -> str:
    """The address that was probably meant, or "" if nothing looks like a typing mistake."""
    local_part, _, domain = address.strip().rpartition("@")
    other = _meant_domain(domain.lower())
    return f"{local_part}@{other}" if other else ""


def _meant_domain(domain: str) -> str:
    name, _, ending = domain.partition(".")
    if domain in _DOMAINS or (name in IN_MANY_COUNTRIES and _is_a_country(ending)):
        return ""
    if name == "gmail":
        return "gmail.com"
    close = (known for known in sorted(_DOMAINS) if _is_slip_of(known, name, ending))
    if found := min(close, key=lambda known: distance(domain, known), default=""):
        return found
    rest, _, last = domain.rpartition(".")
    return f"{rest}.{ENDINGS[last]}" if last in ENDINGS else ""


def _is_slip_of(known: str, name: str, ending: str) -> bool:
    right, _, right_ending = known.partition(".")
    if ending != right_ending and (len(right_ending) < 3 or distance(ending, right_ending) > 1):
        return False
    return name == right or (
        min(len(name), len(right)) >= SHORTEST_NAME - 1 < len(right) and distance(name, right) == 1
    )


def _is_a_country(ending: str) -> bool:
    last = ending.rpartition(".")[2]
    return len(last) == 2 and ending not in NO_COUNTRY


def distance(one: str, other: str) -> int:
    """The least number of letters to insert, delete, replace or swap with a neighbour to turn one into the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        above, row = row, [i + 1]
        for j, wanted in enumerate(other):
            least = min(above[j + 1] + 1, row[j] + 1, above[j] + (letter != wanted))
            if i and j and letter == other[j - 1] and one[i - 1] == wanted:
                least = min(least, before[j - 1] + 1)
            row.append(least)
        before = above
    return row[-1]
