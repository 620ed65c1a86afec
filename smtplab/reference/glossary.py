"""The words of the course: a sentence each, and the RFC that defines them (RFC 5321, 2.3)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from smtplab.reference.explanation import Explanation

_SHORT = re.compile(r"(.+) \((.+)\)")  # mail user agent (MUA)


@cache
def sections() -> dict[str, dict[str, tuple[str, str]]]:
    """What glossary.toml holds: headings, and under each the words with sentence and source."""
    text = (files(__package__) / "glossary.toml").read_text(encoding="utf-8")
    return {
        heading: {term: (says, source) for term, (says, source) in words.items()}
        for heading, words in tomllib.loads(text).items()
    }


@cache
def names() -> dict[str, str]:
    """Each name of a word, in small letters, and the word as the glossary has it.

    >>> names()["mua"], names()["mx"], names()["envelope"]
    ('mail user agent (MUA)', 'MX record', 'envelope')
    """
    found = {}
    for term in (term for words in sections().values() for term in words):
        both = _SHORT.fullmatch(term)
        for name in both.groups() if both else (term, term.removesuffix(" record")):
            found[name.lower()] = term
    return found


def explain_defined(text: str) -> Explanation | None:
    """The explanation of a word of the glossary, in any case, one or many."""
    name = " ".join(text.lower().split())
    term = names().get(name) or names().get(name.removesuffix("s"))
    if term is None:
        return None
    says, source = next(words[term] for words in sections().values() if term in words)
    return Explanation(term, "A word of the course", says, "", "", source, "word")
