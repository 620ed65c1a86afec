"""A command in the foreground: lines for a reader who may go away, signals that ask for the end."""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import sys
import time
from types import FrameType
from typing import Any, TextIO

if sys.platform == "win32":
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
else:
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.EIO, errno.EINVAL})
"""Pipe and socket without a reader, a terminal that was closed, and a pipe on Windows."""

PIECE = 4096  # octets that a pipe with any room at all takes at once (Linux: PIPE_BUF)
PATIENCE = 5.0  # seconds without progress; then a reader who is asked to take the rest is gone
SAME_REQUEST = 1.0  # seconds; wrappers pass on a Ctrl-C that the terminal has sent already


class ReaderGone(Exception):
    """Nobody takes the lines any more; `reason` is empty where that is no fault."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class StopRequest:
    """Inside this block Ctrl-C, SIGTERM and the like are noted, and `is_made` says so.

    The first one asks for a clean end. One that comes a second or more later means now.
    """

    def __init__(self) -> None:
        self._made_at: float | None = None

    @property
    def is_made(self) -> bool:
        return self._made_at is not None

    def __enter__(self) -> StopRequest:
        # A shell starts what is put into the background with SIGINT ignored; a supervisor's
        # SIGINT is meant all the same. `nohup` ignores SIGHUP, and there that is the wish.
        wanted = [
            number
            for number in STOP_SIGNALS
            if number in (signal.SIGINT, signal.SIGTERM)
            or signal.getsignal(number) is not signal.SIG_IGN
        ]
        self._before = {number: signal.signal(number, self._note) for number in wanted}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._made_at is None:
            self._made_at = now
        elif now - self._made_at > SAME_REQUEST:
            raise KeyboardInterrupt


class Lines:
    """Writes whole lines at once, past every buffer, so that nothing is left for the exit.

    Raises `ReaderGone`, also while it pauses. A full pipe is waited for; once the end was
    asked for, only as long as its reader makes progress.
    """

    def __init__(self, stream: TextIO | None, stop: StopRequest) -> None:
        buffer = getattr(stream, "buffer", None)
        self._raw = getattr(buffer, "raw", buffer)  # None: started without standard output
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._stop = stop
        self._descriptor = _pollable(self._raw)

    def write(self, line: str) -> None:
        """Write a line; what the encoding lacks is written as an escape."""
        if self._raw is None:
            return
        rest = memoryview(f"{line}\n".encode(self._encoding, "backslashreplace"))
        try:
            while rest:
                self._wait_for_room()
                written = self._raw.write(rest[:PIECE] if self._descriptor is not None else rest)
                rest = rest[written or 0 :]
        except OSError as error:
            reason = "" if error.errno in GONE else error.strerror or "no reason given"
            raise ReaderGone(reason) from None

    def pause(self, seconds: float) -> None:
        """Wait, but not for a reader who has gone meanwhile."""
        if self._descriptor is None:
            time.sleep(seconds)
        elif _has_ended(self._descriptor, seconds):
            raise ReaderGone

    def _wait_for_room(self) -> None:
        if self._descriptor is None:
            return
        patient_until: float | None = None
        while not _has_room(self._descriptor, 0.1):
            if not self._stop.is_made:
                continue
            patient_until = patient_until or time.monotonic() + PATIENCE
            if time.monotonic() > patient_until:
                raise ReaderGone


def _pollable(raw: Any) -> int | None:
    """The descriptor of a pipe or socket that this system can wait for; else None."""
    if sys.platform == "win32" or not hasattr(select, "poll"):
        return None
    try:
        descriptor: int = raw.fileno()
    except (AttributeError, OSError):  # no stream at all, or one in memory
        return None
    mode = os.fstat(descriptor).st_mode
    return descriptor if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def _has_room(descriptor: int, seconds: float) -> bool:
    return sys.platform == "win32" or _happens(descriptor, select.POLLOUT, seconds)


def _has_ended(descriptor: int, seconds: float) -> bool:
    """Whether the other end is closed within so many seconds, which `poll` tells unasked."""
    return _happens(descriptor, 0, seconds)


def _happens(descriptor: int, mask: int, seconds: float) -> bool:
    if sys.platform == "win32":
        return False
    poller = select.poll()
    poller.register(descriptor, mask)
    return bool(poller.poll(seconds * 1000))
