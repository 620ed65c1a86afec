"""What Tab offers: the verbs that are legal now, what their arguments begin with, short forms."""

from __future__ import annotations

from collections.abc import Iterable
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING

from smtplab.parameters import BY_VERB, Parameter
from smtplab.session import VERBS, State

if TYPE_CHECKING:
    from smtplab.session import Session

# How a verb goes on (RFC 5321, 4.1.1); a blank where an argument follows.
_WRITTEN = {"MAIL": "MAIL FROM:<", "RCPT": "RCPT TO:<"}
_BARE = frozenset({"STARTTLS", "DATA", "RSET", "NOOP", "HELP", "QUIT"})

# What the value of a parameter may begin with, where there are few.
_VALUES = {
    "BODY": ("8BITMIME", "7BIT"),  # RFC 6152, 2
    "RET": ("FULL", "HDRS"),  # RFC 3461, 4.3
    "AUTH": ("<>",),  # RFC 4954, 5
    "NOTIFY": ("SUCCESS", "FAILURE", "NEVER"),  # RFC 3461, 4.1
    "ORCPT": ("rfc822;",),  # RFC 3461, 4.2
}
_BINARY = "BODY=BINARYMIME"  # RFC 3030, 3: a value that another keyword brings

TAKES_FILE = ("/content", "/chunk", "/transcript")


def completions(session: Session, line: str, short_forms: Iterable[str]) -> list[str]:
    """What the last word of `line` may become; after 354 nothing, because that is content."""
    *before, word = line.split(" ")
    if session.state is State.DATA:
        return []
    if not before:
        if word.startswith("/"):
            return [f"{form} " for form in short_forms if form.startswith(word)]
        return _verbs(session, word.upper())
    if before[0] in TAKES_FILE:
        return _files(word)
    return _arguments(session, before[0].upper(), word)


def _verbs(session: Session, word: str) -> list[str]:
    """The legal ones; if none begins like that any verb, since nothing is forbidden."""
    legal = [verb for verb in session.legal_next() if verb.startswith(word)]
    found = legal or [verb for verb in VERBS if verb.startswith(word)]
    return [_WRITTEN.get(verb) or (verb if verb in _BARE else f"{verb} ") for verb in found]


def _arguments(session: Session, verb: str, word: str) -> list[str]:
    offered = session.extensions or ()
    if verb == "AUTH":
        names = session.extensions.auth_mechanisms if session.extensions else ()
        return [name for name in names if name.startswith(word.upper())]
    found = [
        one
        for keyword, parameter in BY_VERB.get(verb, {}).items()
        if parameter.extension in offered
        for one in _written(keyword, parameter)
    ]
    if verb == "MAIL" and "BINARYMIME" in offered:
        found.append(_BINARY)
    return [one for one in found if one.upper().startswith(word.upper())]


def _written(keyword: str, parameter: Parameter) -> list[str]:
    if not parameter.value:
        return [keyword]
    return [f"{keyword}={value}" for value in _VALUES.get(keyword, ("",))]


def _files(word: str) -> list[str]:
    found = sorted(glob(f"{escape(word)}*"))
    return [f"{name}/" if Path(name).is_dir() else name for name in found]
