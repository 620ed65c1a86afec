"""What became of each mail object that was to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from html import escape
from typing import NamedTuple, overload

from smtplab.mail_object import MailObject
from smtplab.replies import Reply
from smtplab.transcript.rendering import visible


class Fate(Enum):
    """What is known of one mail object when the sending is over."""

    ACCEPTED = "accepted for every recipient"
    PARTLY_ACCEPTED = "accepted for some recipients"
    REFUSED = "refused; the server does not have it"
    IN_DOUBT = "in doubt: the connection broke after the content and before its reply"
    NOT_SENT = "not sent"


class Sent(NamedTuple):
    """One mail object and its fate.

    `reply` is the one that decided, None where there was none. `refused` names the recipients
    that the server did not take, each with its reply.
    """

    mail: MailObject
    fate: Fate
    reply: Reply | None = None
    refused: tuple[tuple[str, Reply], ...] = ()
    why: str = ""

    def __str__(self) -> str:
        told = [self.fate.value]
        if self.reply is not None:
            told.append(str(self.reply).replace("\n", " / "))
        if self.why:
            told.append(self.why)
        told += [f"{path}: {str(reply).replace(chr(10), ' / ')}" for path, reply in self.refused]
        return "; ".join(told)


class SendReport(Sequence[Sent]):
    """The fates of all mail objects, in the order in which they were given."""

    SHOWN = 20  # rows of those that were not simply accepted

    def __init__(self, sent: Sequence[Sent]) -> None:
        self._sent = tuple(sent)

    @overload
    def __getitem__(self, position: int) -> Sent: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Sent, ...]: ...
    def __getitem__(self, position: int | slice) -> Sent | tuple[Sent, ...]:
        return self._sent[position]

    def __len__(self) -> int:
        return len(self._sent)

    def __iter__(self) -> Iterator[Sent]:
        return iter(self._sent)

    def of(self, *fates: Fate) -> tuple[Sent, ...]:
        """Those with one of these fates."""
        return tuple(sent for sent in self._sent if sent.fate in fates)

    @property
    def in_doubt(self) -> tuple[Sent, ...]:
        """Those that the server may have or not; sending them again may make duplicates."""
        return self.of(Fate.IN_DOUBT)

    @property
    def is_complete(self) -> bool:
        """Whether every recipient of every mail object was accepted."""
        return all(sent.fate is Fate.ACCEPTED for sent in self._sent)

    def __repr__(self) -> str:
        return "\n".join((self._counts(), *(f"  {row}" for row in self._rows())))

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{escape(row)}</li>" for row in self._rows())
        return f"<p>{escape(self._counts())}</p>" + (f"<ul>{rows}</ul>" if rows else "")

    def _counts(self) -> str:
        counts = Counter(sent.fate for sent in self._sent)
        told = (f"{counts[fate]} {fate.value}" for fate in Fate if counts[fate])
        return f"{len(self)} to send: " + (", ".join(told) or "nothing")

    def _rows(self) -> list[str]:
        open_ones = [(n, sent) for n, sent in enumerate(self._sent) if sent.fate != Fate.ACCEPTED]
        rows = [f"[{n}] {visible(str(sent))}" for n, sent in open_ones[: self.SHOWN]]
        if len(open_ones) > self.SHOWN:
            rows.append(f"… and {len(open_ones) - self.SHOWN} more")
        return rows
