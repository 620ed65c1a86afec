"""The rows of a console: events with the server's view beside them, bounded, oldest first."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

from smtplab.transcript import Event

MAX_ROWS = 20_000
MAX_EXCHANGE = 8  # rows of one step that are looked for on either side
MAX_OCTETS = 16 * 2**20  # of the events of all rows


class Ends(NamedTuple):
    """What both ends made of one unit; "" where an end made nothing of it."""

    made: str = ""  # by the server
    server_state: str = ""  # after its reply
    concluded: str = ""  # by the client
    step: str = ""  # what a reply replies to


class Row(NamedTuple):
    """One protocol unit as the client saw it, and what both ends made of it."""

    number: int  # counts lines of the dialogue; 0 for a note
    event: Event
    ends: Ends

    @property
    def made(self) -> str:
        return self.ends.made


class Conversation:
    """An append-only list of rows; past its bounds the oldest fall out."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque()
        self._octets = 0
        self._numbered = 0
        self.dropped = 0
        self.newest_from = 0  # where the newest exchange begins
        self.newest_step = -1  # its rows share this step

    def __len__(self) -> int:
        """How many rows there ever were, those that fell out included."""
        return self.dropped + len(self._rows)

    def append(self, event: Event, who: str, ends: Ends) -> None:
        if event.step != self.newest_step:
            self.newest_from, self.newest_step = len(self), event.step
        self._numbered += bool(who)
        self._rows.append(Row(self._numbered if who else 0, event, ends))
        self._octets += len(event.octets)
        while len(self._rows) > MAX_ROWS or self._octets > MAX_OCTETS:
            self._octets -= len(self._rows.popleft().event.octets)
            self.dropped += 1

    def rows(self, first: int, last: int) -> list[Row]:
        """The rows from the `first`-th to before the `last`-th, as far as they are still kept.

        Costs as much as there are rows behind `first`, so the newest are cheap.
        """
        newest = islice(reversed(self._rows), len(self) - max(first, self.dropped))
        return list(newest)[::-1][: max(0, last - max(first, self.dropped))]

    def exchange(self, number: int = 0) -> list[Row]:
        """The rows of the exchange that a numbered line belongs to; 0 is the newest one.

        `LookupError` if there is no such line, or none any more.
        """
        if not self._rows:
            raise LookupError("nothing was said yet")
        wanted = number or self._numbered
        row = next((row for row in reversed(self._rows) if row.number == wanted), None)
        if row is None:
            raise LookupError(f"there is no line {number}; the last one is {self._numbered}")
        near = self.rows(self._place(row) - MAX_EXCHANGE, self._place(row) + MAX_EXCHANGE)
        return [one for one in near if one.number and one.event.step == row.event.step]

    def _place(self, row: Row) -> int:
        behind = next(n for n, one in enumerate(reversed(self._rows)) if one is row)
        return len(self) - 1 - behind
