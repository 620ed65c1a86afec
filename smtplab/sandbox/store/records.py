"""What a store writes beside a content: dataclasses as JSON, and back again, checked.

Each file says which schema it has. A value that does not fit the annotation of its field is a
`ValueError`, so a damaged file cannot become a half-true object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from smtplab.mail_object import Envelope

SCHEMA = 1

_T = TypeVar("_T")


@dataclass(frozen=True)
class MailRecord:
    """What lies beside a mail object in a Maildir."""

    file: str  # the name of its file, without the flags that mail programs write behind it
    uid: int
    internal_date: datetime
    envelope: Envelope
    octets: int | None = None  # of the content as we wrote it; None: another program did


def to_json(value: object) -> bytes:
    """A dataclass as one line of JSON, in ASCII."""
    return json.dumps({"schema": SCHEMA} | _plain(value)).encode("ascii") + b"\n"


def from_json(kind: type[_T], octets: bytes) -> _T:
    """A dataclass from JSON; `ValueError` says what does not fit."""
    try:
        found = json.loads(octets)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict) or found.pop("schema", None) != SCHEMA:
        raise ValueError(f"it does not have schema {SCHEMA}")
    value = _revived(kind, found)
    assert isinstance(value, kind)
    return value


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(one) for one in value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


def _revived(kind: Any, value: Any) -> Any:
    """A value of the kind that an annotation names."""
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(arguments, value)
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(value, dict):
        hints = get_type_hints(kind)
        return kind(**{name: _revived(hints.get(name, NoneType), v) for name, v in value.items()})
    if origin in (list, tuple, set, frozenset) and isinstance(value, list):
        kinds = arguments if origin is tuple and Ellipsis not in arguments else ()
        return origin(
            _revived(one, v)
            for one, v in zip(kinds or [arguments[0]] * len(value), value, strict=True)
        )
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return {key: _revived(arguments[1], one) for key, one in value.items()}
    if isinstance(origin, type) and isinstance(value, str):
        if issubclass(origin, Enum):
            return _member(origin, value)
        if issubclass(origin, datetime):
            return _aware(datetime.fromisoformat(value))
        if issubclass(origin, bytes):
            return value.encode("latin-1")
    if origin in (timedelta, float) and isinstance(value, (int, float)):
        return timedelta(seconds=value) if origin is timedelta else float(value)
    if type(value) is not origin or origin not in (str, int, bool, NoneType):
        raise ValueError(f"{kind} was expected, and there is {type(value).__name__}")
    return value


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    for kind in kinds:
        try:
            return _revived(kind, value)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{kinds} was expected, and there is {type(value).__name__}")


def _member(kind: type[Enum], name: str) -> Enum:
    if name not in kind.__members__:
        raise ValueError(f"{kind.__name__} has no {name!r}")
    return kind[name]


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment
