"""Methods found by their names: `smtp_MAIL` obeys MAIL, `auth_PLAIN` is the mechanism PLAIN.

aiosmtpd looks through every attribute of every new connection for them. The names are the same
for each connection, so here they are found once; a method is bound when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any


class ByName(Mapping[str, Any]):
    """An object's methods, by what stands behind a prefix of their names."""

    def __init__(
        self, owner: object, prefix: str, entry: Callable[[Any], Any] = lambda method: method
    ) -> None:
        self._owner, self._entry = owner, entry
        self._names = _names(type(owner).__mro__, prefix)

    def __getitem__(self, name: str) -> Any:
        return self._entry(getattr(self._owner, self._names[name]))

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def _names(classes: tuple[type, ...], prefix: str) -> dict[str, str]:
    """By name, the attribute; `__` in it stands for the hyphen, which Python's names lack."""
    attributes = (attribute for base in classes for attribute in vars(base))
    return {
        attribute.removeprefix(prefix).replace("__", "-"): attribute
        for attribute in attributes
        if attribute.startswith(prefix)
    }
