"""What an importer makes of a line: who said what on which connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NamedTuple


class Who(Enum):
    """Whose words a line holds, or what it tells about the connection."""

    CLIENT = 1
    SERVER = 2
    CONNECT = 3  # `octets` is the server's host and port
    TLS = 4  # `octets` is the protocol
    CLOSE = 5
    UNREAD = 6  # it should be dialogue, and is not


class Said(NamedTuple):
    """One line of a dialogue, without its line end."""

    line: int  # its number in the text, from 1
    who: Who
    octets: bytes = b""
    connection: str = ""  # what tells several connections in one text apart
    verified: str = "unknown"  # of TLS: "yes", "no" or "unknown"


Lines = Iterable[tuple[int, str]]
Reader = Callable[[Lines], Iterator[Said]]


def octets(text: str) -> bytes:
    """The octets of a line of text; what has none is written as an escape."""
    return text.encode("utf-8", "backslashreplace")


class Format(NamedTuple):
    """One format: its name, how a person calls it, which lines it is known by, and its reader."""

    name: str
    title: str
    is_mark: Callable[[str], object]
    read: Reader
    prints_chunks: bool = True  # whether what follows BDAT stands in it
