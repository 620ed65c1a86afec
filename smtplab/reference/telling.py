"""From entries of the tables to explanations: of codes, of words, and of known texts."""

from __future__ import annotations

import re

from smtplab.reference.explanation import Explanation
from smtplab.reference.tables import Entry, joined, table
from smtplab.reference.texts import KnownText

# A word of the protocol, and what may follow it: MAIL FROM:<...>, SIZE 1000, BODY=8BITMIME.
_WORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:([\s:=]).*)?", re.DOTALL)
_VALUE = re.compile(r"[^=]*=\s*([\w-]*)")

# The tables of words and what a word of each is called, in the order in which they are told.
WORD_TABLES = {
    "verbs": "verb",
    "keywords": "EHLO keyword",
    "parameters": "parameter",
    "mechanisms": "SASL mechanism",
}

_PLACES = {
    "verb": "as a command",
    "EHLO keyword": "in the reply to EHLO",
    "parameter": "as a parameter",
    "SASL mechanism": "as a mechanism",
}


def explain_entry(term: str, entry: Entry, kind: str, *notes: str, source: str = "") -> Explanation:
    """The explanation of an entry; notes stand behind its meaning."""
    return Explanation(
        term,
        entry.title,
        " ".join([entry.meaning, *notes]),
        entry.cause,
        _remedy(entry),
        source or entry.source,
        kind,
        entry.form,
    )


def _remedy(entry: Entry) -> str:
    return f"{entry.remedy} Usual replies: {entry.replies}." if entry.replies else entry.remedy


def known_explanation(term: str, known: KnownText, kind: str) -> Explanation:
    """The explanation of a text that a provider or a program is known for."""
    return Explanation(
        term,
        f"{known.title} ({known.origin})",
        known.meaning,
        known.cause,
        known.remedy,
        known.cited,
        kind,
        sandbox=known.sandbox,
    )


def explain_known(term: str, known: KnownText, general: Explanation, severity: str) -> Explanation:
    """What a provider means, and behind it what the codes mean by the RFCs."""
    listed = "" if "does not list" in general.meaning else f"By the RFCs: {general.title}."
    return Explanation(
        term,
        f"{known.title} ({known.origin})",
        " ".join(filter(None, (known.meaning, listed, severity))),
        known.cause,
        known.remedy,
        joined(known.cited, general.source),
        "text of a reply",
    )


def explain_word(text: str) -> Explanation | None:
    """The explanation of a word of the protocol; one that is two things is explained as both."""
    if not (word := _WORD.fullmatch(text)):
        return None
    name = word[1].upper()
    if word[2] == "=" and f"{name}=" in table("parameters"):
        value = _VALUE.match(text)
        if not (value and value[1].upper() in table("mechanisms")):  # old servers: AUTH=LOGIN
            return explain_entry(f"{name}=", table("parameters")[f"{name}="], "parameter")
    kinds = {kind: table(of)[name] for of, kind in WORD_TABLES.items() if name in table(of)}
    if not kinds:
        with_value = table("parameters").get(f"{name}=")
        return explain_entry(f"{name}=", with_value, "parameter") if with_value else None
    if len(kinds) == 1:
        [(kind, entry)] = kinds.items()
        return explain_entry(name, entry, kind)
    first, *_ = kinds.values()
    articles = {kind: "an" if kind[0] in "AE" else "a" for kind in kinds}
    return Explanation(
        name,
        f"{first.title} ({' and '.join(kinds)})",
        " ".join(f"As {articles[kind]} {kind}: {entry.meaning}" for kind, entry in kinds.items()),
        first.cause,
        " ".join(f"As {articles[kind]} {kind}: {_remedy(entry)}" for kind, entry in kinds.items()),
        joined(*(entry.source for entry in kinds.values())),
        " and ".join(kinds),
        "; ".join(f"{entry.form} {_PLACES[kind]}" for kind, entry in kinds.items()),
    )
