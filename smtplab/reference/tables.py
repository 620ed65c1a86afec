"""The tables behind the explanations, and what stands in for a code that no table lists."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

TABLES = (
    "reply_codes",
    "enhanced_status_codes",
    "verbs",
    "keywords",
    "parameters",
    "mechanisms",
    "ports",
    "step_replies",
)


@dataclass(frozen=True)
class Entry:
    """One entry of a table. The fields behind `source` belong to some tables only."""

    title: str
    meaning: str
    cause: str
    remedy: str
    source: str
    form: str = ""  # verbs, keywords, parameters, mechanisms: how it is written
    replies: str = ""  # verbs: what usually comes back
    severity: str = ""  # classes: what the first digit says, in one sentence
    general: bool = False  # enhanced status codes: the reply code beside it says more


@cache
def table(name: str) -> dict[str, Entry]:
    """The table of that name, read from its TOML file when first asked for.

    >>> table("ports")["465"].title
    'Submission with implicit TLS'
    """
    return {term: Entry(**fields) for term, fields in read_table(name).items()}


def read_table(name: str) -> dict[str, dict[str, Any]]:
    """What NAME.toml holds, or all the TOML files of the folder NAME, in the order of names.

    The fields under [defaults] belong to each entry of that file that has no others.
    """
    home = files(__package__)
    folder = home.joinpath(name)
    if folder.is_dir():
        parts = sorted(folder.iterdir(), key=lambda part: part.name)
        parts = [part for part in parts if part.name.endswith(".toml")]
    else:
        parts = [home.joinpath(f"{name}.toml")]
    read: dict[str, dict[str, Any]] = {}
    for part in parts:
        entries = tomllib.loads(part.read_text(encoding="utf-8"))
        defaults = entries.pop("defaults", {})
        read |= {term: defaults | fields for term, fields in entries.items()}
    return read


def reply_entry(code: int) -> Entry:
    """The entry of a reply code, or one made of its first and second digit (RFC 5321, 4.2.1).

    >>> reply_entry(550).source
    'RFC 5321, 4.2.3; RFC 5321, 7.9'
    >>> reply_entry(559).title
    'No (about the mail itself)'
    """
    codes = table("reply_codes")
    if str(code) in codes:
        return codes[str(code)]
    first = codes[f"{code // 100}yz"]
    second = codes.get(f"x{code // 10 % 10}z")
    unlisted = "This reference does not list the code."
    if second is None:
        return replace(
            first, meaning=f"{unlisted} RFC 5321 knows no second digit above 5, as this one has."
        )
    return replace(
        first,
        title=f"{first.title} ({second.title})",
        meaning=f"{unlisted} {second.meaning}",
        source=joined(first.source, second.source),
    )


def enhanced_entry(code: str) -> Entry:
    """The entry of an enhanced status code, or one made of its subject (RFC 3463, 2).

    >>> enhanced_entry("5.1.1").title
    'No such mailbox'
    >>> enhanced_entry("5.7.99").title
    'Security or policy'
    """
    codes = table("enhanced_status_codes")
    class_, subject, detail = code.split(".")
    if code in codes:
        return codes[code]
    # "X.7.1" speaks of failures. Success has entries of its own, such as "2.1.5".
    if class_ != "2" and f"X.{subject}.{detail}" in codes:
        return codes[f"X.{subject}.{detail}"]
    area = codes.get(f"x.{subject}.x", codes["x.0.x"])
    success = codes["2.x.x"] if class_ == "2" else area
    return replace(
        area,
        meaning=f"{area.meaning} This reference does not list the code.",
        cause=success.cause,
        remedy=success.remedy,
        general=True,
    )


def lists(code: str) -> bool:
    """Whether a table has an entry for just this enhanced status code.

    >>> lists("5.7.26"), lists("5.7.606")
    (True, False)
    """
    codes = table("enhanced_status_codes")
    return code in codes or (code[0] != "2" and f"X{code[1:]}" in codes)


def reply_severity(code: int) -> str:
    """What the first digit of a reply code says, in one sentence (RFC 5321, 4.2.1)."""
    return table("reply_codes")[f"{code // 100}yz"].severity


def enhanced_severity(code: str) -> str:
    """What the class of an enhanced status code says, in one sentence (RFC 3463, 2)."""
    return table("enhanced_status_codes")[f"{code[0]}.x.x"].severity


def joined(*sources: str) -> str:
    """Sources one behind the other, each once.

    >>> joined("RFC 3463, 2", "RFC 5321, 4.2; RFC 3463, 2")
    'RFC 3463, 2; RFC 5321, 4.2'
    """
    return "; ".join(dict.fromkeys("; ".join(sources).split("; ")))
