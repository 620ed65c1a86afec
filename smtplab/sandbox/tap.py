"""The tap between a raw transport and what reads from it: it records, nothing else."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, cast

from smtplab.transcript import Recorder
from smtplab.transport.private_loop import giver


class Tap(asyncio.Transport, asyncio.Protocol):
    """To the raw transport a protocol, to the server or its TLS layer a transport."""

    def __init__(
        self, recorder: Recorder, peer: tuple[str, int], on_lost: Callable[[Tap], None]
    ) -> None:
        super().__init__()
        self._segment = recorder.segment
        self.peer = peer  # the simulated source, not the real one
        self._on_lost = on_lost
        self._raw: asyncio.Transport
        self._protocol: asyncio.BaseProtocol

    def carried_by(self, transport: asyncio.Transport) -> None:
        """Name the raw transport; it calls `connection_made` a moment later."""
        self._raw = transport

    # What the raw transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = cast(asyncio.Transport, transport)
        self._protocol.connection_made(self)

    def data_received(self, data: bytes) -> None:
        self._segment("client", data)
        self._give(data)

    def eof_received(self) -> bool | None:
        return cast(asyncio.Protocol, self._protocol).eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    # What the server or its TLS layer calls.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol
        self._give = giver(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._segment("server", bytes(data))
        self._raw.write(data)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.peer if name == "peername" else self._raw.get_extra_info(name, default)

    def can_write_eof(self) -> bool:
        return self._raw.can_write_eof()

    def write_eof(self) -> None:
        """End our direction; what would still be said, or TLS's last words, goes nowhere."""
        self._raw.write_eof()
        self.write = _nowhere  # type: ignore[method-assign]

    def close(self) -> None:
        self._raw.close()

    def abort(self) -> None:
        self._raw.abort()

    def _force_close(self, exc: Exception | None) -> None:  # asyncio's TLS layer calls it
        self._raw.abort()

    def reset(self) -> None:
        """End with RST over TCP (RFC 9293, 3.5.2); in memory an end is an end."""
        sock = self._raw.get_extra_info("socket")
        if sock is not None:
            import socket  # a browser tab has none

            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._raw.abort()

    def is_closing(self) -> bool:
        return self._raw.is_closing()

    def is_reading(self) -> bool:
        return self._raw.is_reading()

    def pause_reading(self) -> None:
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        self._raw.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._raw.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._raw.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._raw.set_write_buffer_limits(high, low)


def _nowhere(data: bytes | bytearray | memoryview) -> None:
    """The direction has ended."""
