"""What the checks concluded before from the same facts and the same zones.

SPF and DMARC are functions of their facts and of the DNS, so nothing is lost by remembering; the
look-ups are written into the log again, since a server that forgets would ask them again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from smtplab.sandbox.dns import Query, Zones

_T = TypeVar("_T")

MOST_REMEMBERED = 1_000  # conclusions; a client that invents reverse-paths must not fill memory


class Memory:
    """Asks the zones, and remembers conclusions until a zone changes."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._answers = zones.answers
        self._known: dict[Hashable, tuple[Any, tuple[Query, ...]]] = {}
        self._asked: list[Query] | None = None  # while something is concluded

    def look_up(self, name: str, type_: str) -> tuple[str, ...]:
        """The zones, as the verdict asks them; raises as `Zones.ask` does."""
        try:
            return self._zones.ask(name, type_)
        finally:
            if self._asked is not None:
                self._asked.append(self._zones.log[-1])

    def conclude(self, facts: Hashable, action: Callable[[], _T]) -> _T:
        """What `action`, a function of `facts` and of the zones, gives."""
        if self._answers is not self._zones.answers or len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
            self._answers = self._zones.answers
        outer, self._asked = self._asked, []
        known = self._known.get(facts)
        if known is None:
            known = self._known[facts] = action(), tuple(self._asked)
        else:
            self._zones.log.extend(known[1])
        self._asked = outer
        if outer is not None:
            outer.extend(known[1])
        result: _T = known[0]
        return result
