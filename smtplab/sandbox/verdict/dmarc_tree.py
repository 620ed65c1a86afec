"""The DNS Tree Walk: where a domain's policy stands, and where its organization begins (4.10)."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.sandbox.verdict.dmarc_record import PolicyRecord, is_record, parse
from smtplab.sandbox.verdict.lookups import (
    LookUp,
    NoSuchName,
    Steps,
    TemporaryFailure,
    is_domain_name,
    shown,
    texts,
)


@dataclass(frozen=True)
class Walk:
    """The records met on the way from a domain to the root, the longest name first."""

    start: str
    met: tuple[tuple[str, PolicyRecord], ...]
    complete: bool  # False: a look-up failed for now, so what lies above is unknown

    @property
    def own(self) -> PolicyRecord | None:
        return self.met[0][1] if self.met and self.met[0][0] == self.start else None

    @property
    def organizational(self) -> str:
        """The Organizational Domain (RFC 9989, 4.10.2).

        Only `psd=n` on the way up settles it where the walk is not complete.
        """
        for name, record in self.met:
            if record.psd == "n":
                return name
            if record.psd == "y" and name != self.start:
                labels = self.start.split(".")
                return ".".join(labels[-name.count(".") - 2 :])
        return self.met[-1][0] if self.met else self.start

    @property
    def policy(self) -> tuple[str, PolicyRecord] | None:
        """The record that counts for the start: its own, its organization's, its PSD's (4.10.1)."""
        organizational = self.organizational
        for name, record in self.met:
            if name in (self.start, organizational):
                return name, record
        return next(((n, r) for n, r in self.met if r.psd == "y" and n != self.start), None)


def names(domain: str) -> list[str]:
    """The domains that a walk asks, at most eight (RFC 9989, 4.10).

    >>> names("a.mail.example.com")
    ['a.mail.example.com', 'mail.example.com', 'example.com', 'com']
    >>> names("a.b.c.d.e.f.g.h.i.j.mail.example.com")[1], len(names("x." * 60 + "example.com"))
    ('g.h.i.j.mail.example.com', 8)
    """
    labels = domain.split(".")
    return [domain, *(".".join(labels[-n:]) for n in range(min(len(labels) - 1, 7), 0, -1))]


class Tree:
    """The DNS as one DMARC evaluation sees it: each name is asked once."""

    def __init__(self, look_up: LookUp, steps: Steps) -> None:
        self._look_up, self._steps = look_up, steps
        self._records: dict[str, tuple[PolicyRecord, ...] | None] = {}

    def aside(self) -> Tree:
        """The same tree with the same memory, for look-ups that are no step of RFC 9989."""
        other = Tree(self._look_up, Steps(7489))
        other._records = self._records
        return other

    def records(self, domain: str) -> tuple[PolicyRecord, ...]:
        """All DMARC records at a domain; raises `TemporaryFailure`."""
        name = f"_dmarc.{domain}"
        if domain not in self._records:
            self._records[domain] = None
            try:
                found = texts(self._look_up, name) if is_domain_name(name) else ()
            except TemporaryFailure:
                self._steps.add(f"TXT at {shown(name)}: no DNS server could say.", "5.3.6")
                raise
            records = tuple(parse(text) for text in found if is_record(text))
            self._records[domain] = records
            if len(records) > 1:
                told = f"{len(records)} policy records, and one is allowed: all are ignored"
            else:
                told = shown(records[0].text) if records else "no policy record"
            self._steps.add(f"TXT at {shown(name)}: {told}.", "4.10")
        known = self._records[domain]
        if known is None:
            raise TemporaryFailure(name)
        return known

    def walk(self, domain: str) -> Walk:
        """Ask the domain, then its ancestors, until one says psd=y or psd=n."""
        met: list[tuple[str, PolicyRecord]] = []
        for name in names(domain):
            try:
                records = self.records(name)
            except TemporaryFailure:
                return Walk(domain, tuple(met), False)
            if len(records) != 1:
                continue
            met.append((name, records[0]))
            if records[0].psd in "yn":
                self._steps.add(f"psd={records[0].psd}: the walk ends here.", "4.10")
                break
        return Walk(domain, tuple(met), True)

    def exists(self, domain: str) -> bool:
        """Whether the name is in the DNS at all, with records of any type (3.2.13)."""
        try:
            self._look_up(domain, "A")
        except NoSuchName:
            return False
        return True
