"""What real mail services publish about their SMTP servers, each fact with its source.

The facts stand in the TOML files beside this one. They are text: nothing here connects anywhere.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from smtplab.errors import LocalProtocolError

NAMES = ("gmail", "outlook", "yahoo", "mailgun", "sendgrid", "smtp2go")
TOPICS = ("port", "greeting", "hello", "keyword", "auth", "limit", "requirement", "refusal")


@dataclass(frozen=True)
class Source:
    """Where a fact was read: a public page, and the day on which it was read."""

    title: str
    url: str
    read: str  # YYYY-MM-DD

    def __str__(self) -> str:
        return f"{self.title}, {self.url}, read {self.read}"


@dataclass(frozen=True)
class Fact:
    """One thing about a service. Without a source it is illustrative: likely, and not cited."""

    topic: str
    name: str = ""  # a port, an EHLO keyword, a limit, or what provokes a refusal
    text: str = ""
    value: int = 0  # limits: messages, recipients, connections, octets or logins
    source: Source | None = None

    @property
    def is_illustrative(self) -> bool:
        return self.source is None

    def __str__(self) -> str:
        number = f"{self.value:,}" if self.value else ""
        shown = " ".join(part for part in (self.name, number, self.text) if part)
        return f"{shown} [{self.source or 'illustrative, no source'}]"


@dataclass(frozen=True)
class Profile:
    """One service: its names, and its facts in the order of its page."""

    name: str
    title: str
    host: str  # the real server; never resolved inside the sandbox
    facts: tuple[Fact, ...]

    @property
    def sandbox_host(self) -> str:
        """Where it lives in the sandbox."""
        return f"{self.name}.profile.example"

    def about(self, topic: str) -> tuple[Fact, ...]:
        """The facts on one topic; `TOPICS` lists the topics."""
        return tuple(fact for fact in self.facts if fact.topic == topic)

    def find(self, topic: str, name: str) -> Fact | None:
        """One fact, if the profile has it."""
        return next((fact for fact in self.about(topic) if fact.name == name), None)

    def limits(self) -> dict[str, int]:
        """What may be sent, by name: `messages_a_day` and others."""
        return {fact.name: fact.value for fact in self.about("limit")}

    def __str__(self) -> str:
        """The card as text."""
        lines = [f"{self.title}: {self.host}, in the sandbox {self.sandbox_host}"]
        for topic in TOPICS:
            if facts := self.about(topic):
                lines += ["", topic, *(f"  {fact}" for fact in facts)]
        return "\n".join(lines)


@cache
def profile(name: str) -> Profile:
    """The profile of a service; `LocalProtocolError` lists those there are.

    >>> profile("sendgrid").host, profile("gmail").sandbox_host
    ('smtp.sendgrid.net', 'gmail.profile.example')
    """
    if name not in NAMES:
        raise LocalProtocolError(f"no profile {name!r}; there are {', '.join(NAMES)}")
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    sources = {key: Source(**fields) for key, fields in data["sources"].items()}
    facts = tuple(_fact(dict(fields), sources) for fields in data["fact"])
    return Profile(name, data["title"], data["host"], facts)


def _fact(fields: dict[str, object], sources: dict[str, Source]) -> Fact:
    """Exactly one of a source and `illustrative = true` must stand there."""
    illustrative = fields.pop("illustrative", False)
    key = fields.pop("source", None)
    if illustrative is not (key is None) or fields["topic"] not in TOPICS:
        raise ValueError(f"a fact needs a topic and a source, or illustrative = true: {fields}")
    return Fact(**fields, source=None if key is None else sources[str(key)])  # type: ignore[arg-type]
