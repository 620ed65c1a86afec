"""A command group: several commands in one write, each with its reply (RFC 2920)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import overload

from smtplab.commands import verb_of
from smtplab.step_reply import StepReply
from smtplab.transcript.rendering import LEFT, visible

# RFC 2920, 3.1: the client must read the reply to these before it sends anything else. QUIT and
# the rest of its list end or change the session; DATA waits for 354.
LAST_ONLY = frozenset({"EHLO", "HELO", "DATA", "VRFY", "EXPN", "TURN", "QUIT", "NOOP", "STARTTLS"})

# Octets that may wait for their replies: what a server holds back fits into its buffers then, so
# that nobody waits for the other for ever (RFC 2920, 3.1 warns of it).
MAX_UNANSWERED = 16_384


@dataclass(frozen=True)
class Group(Sequence[StepReply]):
    """The replies to a group, in the order of its commands.

    There are fewer replies than commands if the server closed the session in between.
    """

    commands: tuple[bytes, ...]
    replies: tuple[StepReply, ...]
    round_trips: int

    @overload
    def __getitem__(self, position: int) -> StepReply: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[StepReply, ...]: ...
    def __getitem__(self, position: int | slice) -> StepReply | tuple[StepReply, ...]:
        return self.replies[position]

    def __len__(self) -> int:
        return len(self.replies)

    def __iter__(self) -> Iterator[StepReply]:
        return iter(self.replies)

    @property
    def pairs(self) -> tuple[tuple[bytes, StepReply | None], ...]:
        """Each command with its reply; None where none came."""
        missing = len(self.commands) - len(self.replies)
        return tuple(zip(self.commands, (*self.replies, *[None] * missing), strict=True))

    @property
    def too_early(self) -> tuple[str, ...]:
        """Verbs that stood before others although the client should wait for their reply."""
        verbs = [verb_of(octets) for octets in self.commands[:-1]]
        return tuple(dict.fromkeys(verb for verb in verbs if verb in LAST_ONLY))

    def __repr__(self) -> str:
        lines = []
        for command, reply in self.pairs:
            lines.append(f"C: {_first_line(command)}")
            lines += (f"S: {visible(text)}" for text in str(reply or "(no reply)").split("\n"))
        return "\n".join((*lines, f"   {self._told()}"))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td {LEFT}><code>{escape(_first_line(command))}</code></td>"
            f"<td {LEFT}><code>{escape(visible(str(reply or '(no reply)')))}</code></td></tr>"
            for command, reply in self.pairs
        )
        return (
            f"<table><thead><tr><th {LEFT}>Command</th><th {LEFT}>Its reply</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{escape(self._told())}</p>"
        )

    def _told(self) -> str:
        count, trips = len(self.commands), self.round_trips
        told = f"{_counted(count, 'command')} in {_counted(trips, 'round trip')}."
        if self.too_early:
            verbs = ", ".join(self.too_early)
            told += f" RFC 2920, 3.1 allows {verbs} only at the end of a group."
        return told


def windows(commands: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """The commands in parts that may go out before any reply to them is read.

    >>> [len(part) for part in windows([b"x" * 10_000] * 3)]
    [1, 1, 1]
    """
    part: list[bytes] = []
    size = 0
    for octets in commands:
        if part and size + len(octets) > MAX_UNANSWERED:
            yield tuple(part)
            part, size = [], 0
        part.append(octets)
        size += len(octets)
    if part:
        yield tuple(part)


def _first_line(command: bytes) -> str:
    line, _, rest = command.partition(b"\r\n")
    text = visible(line.decode("utf-8", "backslashreplace"))
    return f"{text} … and {_counted(len(rest), 'octet')}" if rest else text


def _counted(number: int, what: str) -> str:
    """
    >>> _counted(1, "command"), _counted(3, "command")
    ('1 command', '3 commands')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
