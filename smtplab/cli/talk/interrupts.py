"""Ctrl-C, SIGTERM and SIGHUP while a line is waited for: each ends the conversation once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread, main_thread
from types import FrameType

PASSED_ON_AFTER = 0.2  # seconds without an effect


@contextmanager
def terminations_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP leave as Ctrl-C does: the sandbox has files to give back."""
    seen = Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        seen.set()
        raise KeyboardInterrupt

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        with _passed_on(set(numbers), seen):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _passed_on(numbers: set[int], seen: Event) -> Iterator[None]:
    """A signal that comes in the moment before the terminal is read would be looked at only with
    the next line: Python notes it, and the read begins all the same. So it is sent again."""
    if not hasattr(signal, "pthread_kill"):  # Windows
        yield
        return
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    main = main_thread().ident
    assert main is not None

    def watch() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        while octet := os.read(hears, 1):
            if octet[0] in numbers and not seen.wait(PASSED_ON_AFTER):
                signal.pthread_kill(main, octet[0])

    watcher = Thread(target=watch, name="smtplab-signals", daemon=True)
    before = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(tells)  # the watcher reads the end
        watcher.join()
        os.close(hears)
