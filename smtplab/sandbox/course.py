"""The course of one connection: a coroutine that goes on the moment its octets are there.

An asyncio task would wait for one more turn of the loop after each read; a short session has
seven of them. What runs here may await futures and sleeps. Time-outs and groups of asyncio want a
task around them, so they do not work here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class _NextOctets:
    """`await NEXT_OCTETS` waits until somebody calls `Course.octets_came`."""

    def __await__(self) -> Generator[_NextOctets, None, None]:
        yield self


NEXT_OCTETS = _NextOctets()


class Course:
    """Runs one coroutine: at once as far as it comes, then whenever what it awaits is there."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, None, None]
    ) -> None:
        self._loop, self._coroutine = loop, coroutine
        self._awaited: object = None  # None while it runs, and when it has ended
        self._run(coroutine.send, None)

    def octets_came(self) -> None:
        """Go on, if octets are what the coroutine awaits."""
        if self._awaited is NEXT_OCTETS:
            self._run(self._coroutine.send, None)

    def cancel(self) -> None:
        """Raise `CancelledError` where the coroutine waits, as a task does."""
        if self._awaited is not None:
            self._run(self._coroutine.throw, asyncio.CancelledError())

    def _came(self, awaited: object) -> None:
        if self._awaited is awaited:  # it is not after `cancel`
            self._run(self._coroutine.send, None)

    def _run(self, step: Callable[[Any], object], what: BaseException | None) -> None:
        self._awaited = None
        try:
            awaited = step(what)
        except (StopIteration, asyncio.CancelledError):
            return
        except Exception as error:  # a border: nobody awaits a course
            self._loop.call_exception_handler({"message": "in a connection", "exception": error})
            return
        if isinstance(awaited, asyncio.Future):
            awaited.add_done_callback(self._came)
        elif awaited is None:  # one turn of the loop
            awaited = object()
            self._loop.call_soon(self._came, awaited)
        self._awaited = awaited
