"""What Tab offers: the verbs that are legal now, what their arguments begin with, short forms."""

from __future__ import annotations

from collections.abc import Iterable
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING

from smtplab.session import VERBS, State

if TYPE_CHECKING:
    from smtplab.session import Session

# How a verb goes on (RFC 5321, 4.1.1); a blank where an argument follows.
_WRITTEN = {"MAIL": "MAIL FROM:<", "RCPT": "RCPT TO:<"}
_BARE = frozenset({"STARTTLS", "DATA", "RSET", "NOOP", "HELP", "QUIT"})

# The parameters that a keyword of the EHLO reply brings, by verb.
_PARAMETERS: dict[str, dict[str, tuple[str, ...]]] = {
    "MAIL": {
        "SIZE": ("SIZE=",),  # RFC 1870, 3
        "8BITMIME": ("BODY=8BITMIME", "BODY=7BIT"),  # RFC 6152, 2
        "BINARYMIME": ("BODY=BINARYMIME",),  # RFC 3030, 3
        "SMTPUTF8": ("SMTPUTF8",),  # RFC 6531, 3.4
        "DSN": ("RET=FULL", "RET=HDRS", "ENVID="),  # RFC 3461, 4.3 and 4.4
        "AUTH": ("AUTH=<>",),  # RFC 4954, 5
        "REQUIRETLS": ("REQUIRETLS",),  # RFC 8689, 2
        "DELIVERBY": ("BY=",),  # RFC 2852, 4
        "FUTURERELEASE": ("HOLDFOR=", "HOLDUNTIL="),  # RFC 4865, 5
        "MT-PRIORITY": ("MT-PRIORITY=",),  # RFC 6710, 4
    },
    "RCPT": {
        "DSN": ("NOTIFY=SUCCESS", "NOTIFY=FAILURE", "NOTIFY=NEVER", "ORCPT=rfc822;"),
    },  # RFC 3461, 4.1 and 4.2
}

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
    offered = tuple(session.extensions or ())
    if verb == "AUTH":
        names = session.extensions.auth_mechanisms if session.extensions else ()
        return [name for name in names if name.startswith(word.upper())]
    known = _PARAMETERS.get(verb, {})
    parameters = (one for keyword in offered for one in known.get(keyword, ()))
    return [one for one in parameters if one.upper().startswith(word.upper())]


def _files(word: str) -> list[str]:
    found = sorted(glob(f"{escape(word)}*"))
    return [f"{name}/" if Path(name).is_dir() else name for name in found]
