"""A watch over a block of code: what it leaves behind, and which addresses it touches."""

import gc
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

PATIENCE = 120.0  # seconds for anything; on a quiet machine most takes a thousandth of that

_offences: list[str] | None = None  # a list while somebody watches
_hooked = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses whatever is not loopback by its very digits, while somebody watches."""
    if _offences is None or not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        address = arguments[1]
        fine = isinstance(address, tuple) and is_loopback(address[0])
    elif event == "socket.getaddrinfo":
        fine = is_loopback(str(arguments[0]))
    else:
        fine = event == "socket.__new__"
    if not fine:
        _offences.append(f"{event} {arguments!r}")
        raise PermissionError(_offences[-1])


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Records(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if _offences is not None:
            _offences.append(f"asyncio logged: {record.getMessage()}")


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else 0


@contextmanager
def watched() -> Iterator[None]:
    """No thread, file, socket, warning, log line or forbidden address is left by the block."""
    global _offences, _hooked
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked = True
    gc.collect()
    threads, files = set(threading.enumerate()), open_files()
    handler, logger = _Records(), logging.getLogger("asyncio")
    logger.addHandler(handler)
    hooks = sys.unraisablehook, threading.excepthook
    offences: list[str] = []
    sys.unraisablehook = lambda told: offences.append(f"unraisable: {told.exc_value!r}")
    threading.excepthook = lambda told: offences.append(f"in {told.thread}: {told.exc_value!r}")
    _offences = offences
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
            gc.collect()
            wait_until(lambda: set(threading.enumerate()) <= threads)
            gc.collect()
    finally:
        _offences = None
        sys.unraisablehook, threading.excepthook = hooks
        logger.removeHandler(handler)
    assert not offences, offences
    assert set(threading.enumerate()) <= threads, threading.enumerate()
    assert open_files() <= files, "a file or socket was left open"


def wait_until(true: Callable[[], bool]) -> None:
    """For what happens on other threads and tells nobody; at most `PATIENCE` seconds."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        pause.wait(0.005)
