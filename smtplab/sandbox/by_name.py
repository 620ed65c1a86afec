"""Methods found by their names: `smtp_MAIL` obeys MAIL.

aiosmtpd looks through every attribute of every new connection for them. The names are the same
for each connection, so here they are found once; a method is bound when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any


class ByName(Mapping[str, Any]):
    """An object's methods, by what stands behind a prefix of their names."""

    def __init__(self, owner: object, prefix: str) -> None:
        self._owner = owner
        self._names = _names(type(owner).__mro__, prefix)

    def __getitem__(self, name: str) -> Any:
        return getattr(self._owner, self._names[name])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def _names(classes: tuple[type, ...], prefix: str) -> dict[str, str]:
    """By name, the attribute."""
    attributes = (attribute for base in classes for attribute in vars(base))
    return {
        attribute.removeprefix(prefix): attribute
        for attribute in attributes
        if attribute.startswith(prefix)
    }
