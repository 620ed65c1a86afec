"""Two records beside each other: long ones where they begin to differ (RFC 6376, 3.2)."""

from __future__ import annotations

from os.path import commonprefix

LONG = 80  # characters; shorter records are shown whole
AROUND = 16  # characters on each side of the first that differs


def where_they_differ(one: str, other: str) -> tuple[str, str]:
    """Each as it is if both are short, else the tag that differs first and what is around it.

    >>> where_they_differ("v=spf1 -all", "v=spf1 ~all")
    ('v=spf1 -all', 'v=spf1 ~all')
    >>> old, new = where_they_differ("v=DKIM1; p=" + "M" * 90, "v=DKIM1; p=" + "M" * 80 + "Q" * 10)
    >>> old, new
    ('p= …MMMMMMMMMMMMMMMMMMMMMMMMMM', 'p= …MMMMMMMMMMMMMMMMQQQQQQQQQQ')
    """
    if max(len(one), len(other)) <= LONG:
        return one, other
    at = len(commonprefix((one, other)))
    return _around(one, at), _around(other, at)


def _around(text: str, at: int) -> str:
    if len(text) <= LONG:
        return text
    start = text.rfind(";", 0, at) + 1
    tag, equals, _ = text[start:].partition("=")
    first = max(at - AROUND, start)
    excerpt = f"{'…' * (first > 0)}{text[first : at + AROUND]}{'…' * (at + AROUND < len(text))}"
    named = f"{tag.strip()}= " if equals and ";" not in tag and first > start else ""
    return f"{named}{excerpt.strip()}"
