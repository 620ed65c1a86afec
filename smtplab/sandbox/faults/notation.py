"""The fault dial's notation: one line of text a rule, read and written here.

PHASE[@MATCH[;MATCH...]][#NTH]=ACTION      RCPT@bob@example.net#2=451 4.3.0 Try later
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from smtplab.errors import LocalProtocolError
from smtplab.replies import Reply
from smtplab.sandbox.faults.actions import Action, Cut, Delay, Extra, Raw, Simple, Split
from smtplab.sandbox.faults.rules import PHASES, Fault, Match, Nth

MAX_LENGTH = 20_000  # characters of one rule

FORM = "PHASE[@MATCH][#NTH]=ACTION"
MATCHES = {
    "TEXT": "a part of the command's argument",
    "re:PATTERN": "a regular expression for the argument",
    "from:MAILBOX": "the reverse-path; @example.org is a domain, <> the null reverse-path",
    "to:MAILBOX": "a forward-path, or @ and a domain",
    "host:NAME": "the server's host",
    "port:NUMBER": "the server's port",
    "source:HOST": "the client's host or address",
}
NTHS = {
    "#2": "the second time only",
    "#2+": "the second time and each one after it",
    "#/2": "every second time",
}
ACTIONS = {
    "451 4.3.0 Text": "this reply; \\n begins another line of it",
    "raw:OCTETS": "these octets instead of a reply; \\r \\n \\t \\\\ and \\x00 are escapes",
    "extra:250 Text": "the reply, and one more that nobody asked for, in the same segment",
    "delay:1.5": "the reply comes so many seconds late; over TCP at most 2, but delay:40! in full",
    "split:1": "the reply comes in segments of so many octets",
    "cut:3,10": "the reply comes in segments that end at these places",
    **{action.word: action.meaning for action in Simple},
}

_SIMPLE = {action.word: action for action in Simple}
_PHASES = {phase.lower(): phase for phase in PHASES}
_KEYS = {
    "re": "pattern",
    "from": "reverse_path",
    "to": "forward_path",
    "host": "host",
    "port": "port",
    "source": "source",
}
_NAMES = {name: key for key, name in _KEYS.items()}
_RESERVED = re.compile(r"[%;#=]")
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def parse_fault(text: str) -> Fault:
    """Read one rule; `LocalProtocolError` says what is wrong, where, and which forms there are.

    >>> parse_fault("RCPT@bob@example.net#2=drop").nth
    Nth(how='only', number=2)
    """
    if len(text) > MAX_LENGTH:
        raise LocalProtocolError(f"a rule may hold {MAX_LENGTH} characters, not {len(text)}")
    head, found, action = text.partition("=")
    if not found:
        raise _wrong(text, 0, text, "has no = before its action", f"a rule is {FORM}")
    where, counted, nth = head.partition("#")
    phase, matched, match = where.partition("@")
    if phase.lower() not in _PHASES:
        raise _wrong(text, 0, phase, "is no phase", f"the phases are {', '.join(PHASES)}")
    read = _Reading(text)
    try:
        return Fault(
            _PHASES[phase.lower()],
            read.part(_action, action, len(head) + 1, f"an action is {_listed(ACTIONS)}"),
            read.part(_match, match, len(phase) + 1, f"a match is {_listed(MATCHES)}")
            if matched
            else Match(),
            read.part(_nth, nth, len(where) + 1, f"which time is {_listed(NTHS)}")
            if counted
            else Nth(),
        )
    except _Wrong as wrong:
        raise LocalProtocolError(str(wrong)) from None
    except LocalProtocolError as error:
        raise _wrong(text, 0, text, "cannot be", str(error)) from None


def as_text(fault: Fault) -> str:
    """The rule as `parse_fault` reads it."""
    conditions = [
        f"{_NAMES[name]}:{_escaped(str(value)) or '<>'}"
        for name, value in vars(fault.match).items()
        if value is not None and name != "contains"
    ]
    contains = fault.match.contains
    if contains is not None:
        known = contains.partition(":")[0].lower() in (*_KEYS, "has")
        conditions.append(("has:" if known else "") + _escaped(contains))
    match = f"@{';'.join(conditions)}" if conditions else ""
    number = fault.nth.number
    nth = {"always": "", "only": f"#{number}", "from": f"#{number}+", "every": f"#/{number}"}
    return f"{fault.phase}{match}{nth[fault.nth.how]}={_action_as_text(fault.action)}"


# Reading.


class _Wrong(Exception):
    """A part that does not fit, told with its place."""


class _Reading:
    """Reads the parts of one rule."""

    def __init__(self, text: str) -> None:
        self._text = text

    def part(self, reader: Callable[[str], Any], part: str, place: int, forms: str) -> Any:
        """What `reader` makes of a part; it gives None, or raises, if the part fits nothing."""
        try:
            value = reader(part)
        except LocalProtocolError as error:
            raise _Wrong(str(_wrong(self._text, place, part, "cannot be", str(error)))) from None
        if value is None:
            raise _Wrong(str(_wrong(self._text, place, part, "fits nothing here", forms)))
        return value


def _wrong(text: str, place: int, part: str, problem: str, hint: str) -> LocalProtocolError:
    return LocalProtocolError(
        f"fault rule {_short(text)}: {_short(part)} at character {place + 1} {problem}; {hint}"
    )


def _short(text: str) -> str:
    return ascii(text) if len(text) <= 60 else ascii(text[:60]) + "..."


def _listed(forms: dict[str, str]) -> str:
    return ", ".join(forms)


def _nth(text: str) -> Nth | None:
    form = re.fullmatch(r"(/?)([0-9]{1,7})(\+?)", text)
    if form is None or (form[1] and form[3]):
        return None
    return Nth("every" if form[1] else "from" if form[3] else "only", int(form[2]))


def _match(text: str) -> Match | None:
    values: dict[str, str] = {}
    for condition in text.split(";"):
        key, keyed, value = condition.partition(":")
        name = "contains" if key.lower() == "has" else _KEYS.get(key.lower(), "")
        if not (keyed and name):
            name, value = "contains", condition
        value = re.sub(r"%([0-7][0-9A-Fa-f])", lambda found: chr(int(found[1], 16)), value)
        if name in values or not value:
            return None
        values[name] = "" if (name, value) == ("reverse_path", "<>") else value
    port = values.pop("port", None)
    if port is not None and not re.fullmatch("[0-9]{1,5}", port):
        return None
    return Match(port=None if port is None else int(port), **values)


def _action(text: str) -> Action | None:
    if text.lower() in _SIMPLE:
        return _SIMPLE[text.lower()]
    key, keyed, value = text.partition(":")
    match key.lower() if keyed else "":
        case "raw":
            return Raw(_octets(value))
        case "extra":
            reply = _reply(value)
            return None if reply is None else Extra(reply)
        case "delay":
            form = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(!?)", value)
            return None if form is None else Delay(float(form[1]), in_full=bool(form[2]))
        case "split":
            return Split(int(value)) if re.fullmatch("[0-9]{1,5}", value) else None
        case "cut":
            numbers = re.fullmatch(r"[0-9]{1,5}(?:,[0-9]{1,5}){0,99}", value)
            return Cut(tuple(map(int, value.split(",")))) if numbers else None
    return _reply(text)


def _reply(text: str) -> Reply | None:
    form = re.fullmatch(r"([0-9]{3})(?: (.*))?", text, re.DOTALL)
    if form is None:
        return None
    return Reply(int(form[1]), tuple(_octets(form[2] or "").split(b"\n")))


def _octets(text: str) -> bytes:
    def meant(found: re.Match[str]) -> str:
        if found[1] in _ESCAPES:
            return _ESCAPES[found[1]]
        if len(found[1]) != 3:
            raise LocalProtocolError(f"{found[0]!r} is no escape; \\r \\n \\t \\\\ and \\x00 are")
        octet = int(found[1][1:], 16)
        return chr(octet) if octet < 128 else chr(0xDC00 + octet)  # as surrogateescape has it

    text = re.sub(r"\\(x[0-9A-Fa-f]{2}|.?)", meant, text, flags=re.DOTALL)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{text[:40]!r} holds half a character") from None


# Writing.


def _escaped(value: str) -> str:
    return _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", value)


def _action_as_text(action: Action) -> str:
    match action:
        case Simple():
            return action.word
        case Raw():
            return f"raw:{_octets_as_text(action.octets)}"
        case Extra():
            return f"extra:{_reply_as_text(action.reply)}"
        case Delay():
            number = f"{action.seconds:.3f}".rstrip("0").rstrip(".")
            return f"delay:{number}{'!' if action.in_full else ''}"
        case Split():
            return f"split:{action.size}"
        case Cut():
            return f"cut:{','.join(map(str, action.places))}"
        case Reply():
            return _reply_as_text(action)


def _reply_as_text(reply: Reply) -> str:
    text = _octets_as_text(b"\n".join(reply.texts))
    return f"{reply.code} {text}" if text else str(reply.code)


def _octets_as_text(octets: bytes) -> str:
    written = {ord(char): f"\\{name}" for name, char in _ESCAPES.items()}
    text = octets.decode("utf-8", "surrogateescape").translate(written)
    return "".join(char if char.isprintable() else _hex(char) for char in text)


def _hex(char: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in char.encode("utf-8", "surrogateescape"))
