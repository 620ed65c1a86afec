"""The content score: ten named rules with points, and nothing hidden.

Real filters have thousands of rules, or learn theirs. These ten show what a score is, and how
little it proves: each can be avoided by a spammer and met by an honest sender. `score_pairs.toml`
holds two contents for each rule, which it alone tells apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from smtplab.sandbox.reception.content_facts import ContentFacts
from smtplab.sandbox.verdict.lookups import Step

_OURS = "own judgement"  # no RFC says so; filters do


@dataclass(frozen=True)
class ScoreRule:
    """One thing that raises the score."""

    name: str
    points: int
    explanation: str
    source: str
    matches: Callable[[ContentFacts], bool]

    def __str__(self) -> str:
        return f"{self.name} {self.points}"


@dataclass(frozen=True)
class Score:
    """The rules that match a content."""

    matched: tuple[ScoreRule, ...]

    @property
    def points(self) -> int:
        return sum(rule.points for rule in self.matched)

    @property
    def steps(self) -> tuple[Step, ...]:
        told = [Step(f"{rule}: {rule.explanation}.", rule.source) for rule in self.matched]
        return (*told, Step(f"The content has {self.points} points.", _OURS))

    def __str__(self) -> str:
        """As the header field X-Content-Score has it.

        >>> from smtplab.sandbox.reception.content_facts import facts_of
        >>> str(score_of(facts_of(b"From: a@example.org\\r\\nMessage-ID: <1@a>\\r\\n\\r\\n")))
        '1 (NO_DATE 1)'
        """
        return f"{self.points} ({', '.join(map(str, self.matched)) or 'no rule matches'})"


def score_of(facts: ContentFacts) -> Score:
    """Which of the ten rules match a content."""
    return Score(tuple(rule for rule in RULES if rule.matches(facts)))


# What the rules look for. The lengths in the patterns bound what a hostile content may cost.
_PROMISES = (
    "lottery", "jackpot", "casino", "inheritance", "you have won", "million dollars", "risk free",
    "risk-free", "act now",
)  # fmt: skip
_MONEY = re.compile(rf"\b({'|'.join(_PROMISES)})\b")
_LINK = re.compile(
    r"<a\s[^<>]{0,200}?href\s{0,5}=\s{0,5}[\"']?https?://([a-z0-9.-]{1,253})[^<>]{0,500}>"
    r"\s{0,20}(?:https?://)?([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})",
    re.IGNORECASE,
)
_ADDRESS_LINK = re.compile(r"https?://[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|https?://\[", re.IGNORECASE)
_PROGRAM = re.compile(
    r"\b(?:file)?name\*?=[^\r\n]{0,200}\.(?:exe|scr|com|bat|cmd|js|vbs|msi)\b", re.IGNORECASE
)
_BULK = frozenset({"bulk", "list", "junk"})


def _shouts(facts: ContentFacts) -> bool:
    subject = facts.field("subject")
    return len(subject) >= 8 and subject.isupper() and "=?" not in subject


# A word that must be there is looked for first: that is fifty times as fast as the pattern.


def _money(facts: ContentFacts) -> bool:
    text = f"{facts.field('subject').lower()}\n{facts.lower_body}"
    return any(word in text for word in _PROMISES) and bool(_MONEY.search(text))


def _link_elsewhere(facts: ContentFacts) -> bool:
    return "href" in facts.lower_body and any(
        shown.lower().rpartition("www.")[2] != target.lower().rpartition("www.")[2]
        for target, shown in _LINK.findall(facts.body)
    )


def _link_to_address(facts: ContentFacts) -> bool:
    return "http" in facts.lower_body and bool(_ADDRESS_LINK.search(facts.body))


def _program(facts: ContentFacts) -> bool:
    """A part of it, or the whole content, is a file with such a name."""
    own_name = f"{facts.field('content-type')}; {facts.field('content-disposition')}"
    texts = (facts.lower_body, own_name.lower())
    return any("name" in text and _PROGRAM.search(text) for text in texts)


def _bulk(facts: ContentFacts) -> bool:
    is_bulk = facts.field("precedence").lower() in _BULK or "list-id" in facts.fields
    return is_bulk and "list-unsubscribe" not in facts.fields


RULES = (
    ScoreRule(
        "NO_AUTHOR",
        1,
        "there is not one From header field that can be read",
        "RFC 5322, 3.6.2",
        lambda facts: not facts.author_domains,
    ),
    ScoreRule(
        "NO_DATE",
        1,
        "the header field Date is missing",
        "RFC 5322, 3.6.1",
        lambda facts: "date" not in facts.fields,
    ),
    ScoreRule(
        "NO_MESSAGE_ID",
        1,
        "the header field Message-ID, which each content should have, is missing",
        "RFC 5322, 3.6.4",
        lambda facts: "message-id" not in facts.fields,
    ),
    ScoreRule(
        "SHOUTING",
        1,
        "the Subject is in capital letters",
        _OURS,
        _shouts,
    ),
    ScoreRule(
        "MONEY",
        2,
        "it has words that those use who promise money",
        _OURS,
        _money,
    ),
    ScoreRule(
        "LINK_ELSEWHERE",
        3,
        "a link shows one host and leads to another",
        _OURS,
        _link_elsewhere,
    ),
    ScoreRule(
        "LINK_TO_ADDRESS",
        2,
        "a link leads to an address instead of a host name",
        _OURS,
        _link_to_address,
    ),
    ScoreRule(
        "HTML_ONLY",
        1,
        "it is HTML without a plain text beside it",
        "RFC 2046, 5.1.4",
        lambda facts: facts.field("content-type").lower().startswith("text/html"),
    ),
    ScoreRule(
        "PROGRAM_ATTACHED",
        4,
        "a file is attached that runs when somebody opens it",
        "RFC 2046, 4.5.1",
        _program,
    ),
    ScoreRule(
        "BULK_WITHOUT_WAY_OUT",
        2,
        "it went to many, and does not say how to leave the list",
        "RFC 2369, 3.2",
        _bulk,
    ),
)
