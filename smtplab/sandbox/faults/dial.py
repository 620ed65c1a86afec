"""The fault dial: the rules that are set, and how often each has struck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from smtplab.errors import LocalProtocolError
from smtplab.sandbox.faults.notation import parse_fault
from smtplab.sandbox.faults.rules import ANY, Circumstances, Fault
from smtplab.transcript.rendering import LEFT

MAX_RULES = 1000  # each is looked at in each step
LONGEST_REAL_DELAY = 2.0  # seconds over TCP, where somebody really waits


@dataclass
class Entry:
    """One rule on the dial and its counters."""

    fault: Fault
    met: int = 0  # steps that matched
    hits: int = 0  # those in which it struck


class FaultDial:
    """The rules, in the order in which they were set; in each step the first that is due strikes.

    A rule counts every step that it matches, also one in which another rule struck.
    """

    def __init__(self, longest_delay: float | None = None) -> None:
        self.longest_delay = longest_delay  # seconds; None: virtual time, which costs nobody any
        self.entries: tuple[Entry, ...] = ()  # replaced whole: a server's thread may be reading

    def add(self, fault: Fault | str) -> Fault:
        """Set a rule, or one line of the notation; `LocalProtocolError` says what is wrong."""
        rule = parse_fault(fault) if isinstance(fault, str) else fault
        if rule in self:
            raise LocalProtocolError(f"the rule {rule} is set already")
        if len(self) >= MAX_RULES:
            raise LocalProtocolError(f"the dial holds {MAX_RULES} rules; remove some first")
        self.entries = (*self.entries, Entry(rule))
        return rule

    def remove(self, fault: Fault | str) -> None:
        """Take a rule off the dial; `KeyError` names the rules there are."""
        rule = parse_fault(fault) if isinstance(fault, str) else fault
        if rule not in self:
            raise KeyError(f"no rule {rule}; there are {[str(one) for one in self]}")
        self.entries = tuple(entry for entry in self.entries if entry.fault != rule)

    def clear(self) -> None:
        """Take every rule off: from the next step on the servers behave."""
        self.entries = ()

    @property
    def rules(self) -> tuple[Fault, ...]:
        """The rules, oldest first."""
        return tuple(entry.fault for entry in self.entries)

    @property
    def hits(self) -> dict[Fault, int]:
        """How often each rule has struck."""
        return {entry.fault: entry.hits for entry in self.entries}

    def choose(self, now: Circumstances) -> Fault | None:
        """The rule that strikes in the step that begins, if one does; all count it."""
        chosen: Entry | None = None
        for entry in self.entries:
            fault = entry.fault
            if (fault.strikes_in in now.phases or _is_any(fault, now)) and fault.match.fits(now):
                entry.met += 1
                if chosen is None and fault.nth.covers(entry.met):
                    chosen = entry
        if chosen is None:
            return None
        chosen.hits += 1
        return chosen.fault

    def __contains__(self, fault: object) -> bool:
        return fault in self.rules

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        if not self.entries:
            return "<FaultDial: no rule, every server behaves>"
        rows = "".join(f"\n  {entry.fault}   struck: {entry.hits}" for entry in self.entries)
        return f"<FaultDial:{rows}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td {LEFT}><code>{escape(str(entry.fault))}</code></td><td>{entry.hits}</td></tr>"
            for entry in self.entries
        )
        return (
            f"<table><caption>Fault dial</caption><thead><tr><th {LEFT}>Rule</th>"
            f"<th>Struck</th></tr></thead><tbody>{rows}</tbody></table>"
        )


def _is_any(fault: Fault, now: Circumstances) -> bool:
    return fault.phase == ANY and now.phases[0] not in ("connect", "mail-data")
