"""The ways between hosts, and who sits in the middle of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from smtplab.transport import Stream
from smtplab.transport.stream import StreamWrapper

MOST_HEARD = 256  # connections, as many as a transcript keeps wires of
MOST_OF_EACH = 65_536  # octets


class Heard(StreamWrapper):
    """Writes down how the client's octets began, before somebody on the way has changed them."""

    def __init__(self, inner: Stream, said: bytearray) -> None:
        super().__init__(inner)
        self._said = said

    def write(self, octets: bytes) -> None:
        self._said += octets[: MOST_OF_EACH - len(self._said)]
        super().write(octets)


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
        self._heard: OrderedDict[str, bytearray] = OrderedDict()

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
        facts = stream.facts
        there = [one for one in self._all if one.leads(facts.source, host)]
        if not there:
            return stream
        for passage in there:
            stream = passage.wrap(stream)
        said = self._heard[facts.connection] = bytearray()
        if len(self._heard) > MOST_HEARD:
            self._heard.popitem(last=False)
        return Heard(stream, said)

    def said(self, connection: str) -> bytes:
        """What the client said on a connection that leads past somebody; else b""."""
        return bytes(self._heard.get(connection, b""))
