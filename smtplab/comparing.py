"""What changed from one EHLO reply to another, and from one run to another (RFC 5321, 4.1.1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape

from smtplab.extensions import Extensions
from smtplab.replay import Step, one_end, steps
from smtplab.transcript import Transcript
from smtplab.transcript.rendering import shown_lines, visible

MAX_STEPS = 2000  # of one run; difflib's time grows with the square
_NONE: Mapping[str, tuple[str, ...]] = {}


@dataclass(frozen=True)
class EhloDiff:
    """EHLO keywords that came, went, or have other parameters."""

    added: Mapping[str, tuple[str, ...]]
    removed: Mapping[str, tuple[str, ...]]
    changed: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]

    def rows(self) -> Iterator[tuple[str, str]]:
        """A mark (+ added, - removed) and the EHLO line."""
        yield from (("-", _line(keyword, old)) for keyword, old in self.removed.items())
        for keyword, (old, new) in self.changed.items():
            yield "-", _line(keyword, old)
            yield "+", _line(keyword, new)
        yield from (("+", _line(keyword, new)) for keyword, new in self.added.items())

    def __str__(self) -> str:
        return "\n".join(f"{mark} {line}" for mark, line in self.rows()) or "the same keywords"

    def _repr_html_(self) -> str:
        lines = "<br>".join(f"<code>{mark} {escape(line)}</code>" for mark, line in self.rows())
        return f"<p>{lines or 'the same keywords'}</p>"


def ehlo_diff(before: Extensions | None, after: Extensions | None) -> EhloDiff:
    """What the server offers now and did not before, as before and after STARTTLS.

    >>> print(ehlo_diff(Extensions({"STARTTLS": (), "SIZE": ("9",)}), Extensions({"SIZE": ("8",)})))
    - STARTTLS
    - SIZE 9
    + SIZE 8
    """
    old, new = before or _NONE, after or _NONE
    return EhloDiff(
        added={keyword: new[keyword] for keyword in new if keyword not in old},
        removed={keyword: old[keyword] for keyword in old if keyword not in new},
        changed={
            keyword: (old[keyword], new[keyword])
            for keyword in old
            if keyword in new and old[keyword] != new[keyword]
        },
    )


def _line(keyword: str, parameters: tuple[str, ...]) -> str:
    return visible(" ".join((keyword, *parameters)))


@dataclass(frozen=True)
class TranscriptDiff:
    """Two runs side by side; each row is a mark (space, -, +) and a line of the dialogue."""

    rows: tuple[tuple[str, str], ...]
    first_difference: str  # in one sentence

    def __str__(self) -> str:
        return "\n".join((self.first_difference, *(f"{mark} {line}" for mark, line in self.rows)))

    def _repr_html_(self) -> str:
        lines = "<br>".join(f"<code>{mark} {escape(line)}</code>" for mark, line in self.rows)
        return f"<p>{escape(self.first_difference)}</p><p>{lines}</p>"


def transcript_diff(one: Transcript, other: Transcript) -> TranscriptDiff:
    """The first connection of each, step by step: the same steps stand beside each other.

    `ValueError` if a transcript has no connection, or a run more steps than can be compared.
    """
    left, right = steps(one_end(one)), steps(one_end(other))
    if max(len(left), len(right)) > MAX_STEPS:
        raise ValueError(f"a run has more than {MAX_STEPS} steps; compare shorter ones")
    old, new = [_told(step) for step in left], [_told(step) for step in right]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    rows: list[tuple[str, str]] = []
    first = "The two runs say the same."
    for kind, start, end, begin, stop in matcher.get_opcodes():
        if kind == "equal":
            rows += [(" ", line) for told in old[start:end] for line in told]
            continue
        if all(mark == " " for mark, _ in rows):
            first = _sentence(start, left[start:end], right[begin:stop])
        rows += [("-", line) for told in old[start:end] for line in told]
        rows += [("+", line) for told in new[begin:stop] for line in told]
    return TranscriptDiff(tuple(rows), first)


def _told(step: Step) -> tuple[str, ...]:
    """A step and its replies as lines, secrets hidden."""
    sent = [f"C: {line}" for line in shown_lines(step.sent)] if step.sent else []
    replies = [f"S: {visible(line)}" for reply in step.replies for line in str(reply).split("\n")]
    return (*sent, *replies)


def _sentence(place: int, left: list[Step], right: list[Step]) -> str:
    """The first difference."""
    where = f"The runs part at step {place}"
    if not right:
        return f"{where}: the second leaves out {left[0].name}."
    if not left:
        return f"{where}: the second adds {right[0].name}."
    a, b = left[0], right[0]
    if a.name != b.name:
        return f"{where}: the first goes on with {a.name}, the second with {b.name}."
    sent_a, sent_b = (shown_lines(step.sent) if step.sent else [] for step in (a, b))
    if sent_a != sent_b:
        return f"{where}: both send {a.name}, but not with the same words."
    codes = [str(step.reply.code) if step.reply else "nothing" for step in (a, b)]
    if codes[0] == codes[1]:
        return f"{where}: both replies to {a.name} are {codes[0]}, with other words."
    return f"{where}: {a.name} got {codes[0]} in the first, {codes[1]} in the second."
