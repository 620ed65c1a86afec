"""The ways between hosts, and who sits in the middle of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from smtplab.transport import Stream


@dataclass(eq=False)
class Passage:
    """The way between two hosts, with somebody in the middle of it."""

    wrap: Callable[[Stream], Stream]
    source: str | None  # None: from anywhere
    host: str | None  # None: to anywhere

    def leads(self, source: str, host: str) -> bool:
        return self.source in (None, source) and self.host in (None, host)


class Passages:
    """Everybody who is in the middle now."""

    def __init__(self) -> None:
        self._all: tuple[Passage, ...] = ()  # replaced whole: the queue's thread may walk it

    @contextmanager
    def occupied(
        self, wrap: Callable[[Stream], Stream], source: str | None, host: str | None
    ) -> Iterator[None]:
        """Somebody sits on the way from one host to another while this lasts."""
        passage = Passage(wrap, source, host)
        self._all = (*self._all, passage)
        try:
            yield
        finally:
            self._all = tuple(one for one in self._all if one is not passage)

    def through(self, stream: Stream, host: str) -> Stream:
        """The stream as it leaves its network: whoever sits in the middle has his hands on it."""
        for passage in self._all:
            if passage.leads(stream.facts.source, host):
                stream = passage.wrap(stream)
        return stream
