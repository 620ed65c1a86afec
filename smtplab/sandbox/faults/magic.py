"""Magic addresses: at one domain, the local-part of a forward-path says what goes wrong.

They need no rule on the dial, so they work for whoever can only choose a recipient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from smtplab import session
from smtplab.errors import LocalProtocolError
from smtplab.grammar import parse_path
from smtplab.replies import Reply
from smtplab.sandbox.faults.actions import Action, Delay, Simple, why_not
from smtplab.sandbox.faults.rules import Circumstances, Fault, Match

DOMAIN = "fault.example.net"  # its MX is mx.example.net
IN_A_COMMAND = f"@{DOMAIN}>".encode()


@dataclass(frozen=True)
class Form:
    """One form of a magic local-part."""

    example: str
    meaning: str


# `smtplab serve --fault-help` prints this table.
FORMS = (
    Form("451", "RCPT gets the reply 451; any code of 4yz or 5yz does it"),
    Form("550-5.7.1", "RCPT gets this reply with its enhanced status code (RFC 3463)"),
    Form("data-451-4.3.0", "DATA gets this reply"),
    Form("end-452-4.3.1", "the end of mail data gets this reply, and nothing is taken"),
    Form("delay-1.5", "the reply to RCPT comes 1.5 seconds late"),
    Form("end-delay-1.5", "the mail is taken, and the reply to its content comes late"),
    Form("stall", "RCPT never gets a reply; data-stall and end-stall likewise"),
    Form("drop", "the connection is closed at RCPT; data-drop and end-drop likewise"),
    Form("reset", "the connection is reset at RCPT; data-reset and end-reset likewise"),
    Form("end-lose", "the mail is taken and its reply is lost, so that it may come twice"),
    Form("ok", "nothing goes wrong"),
)

_FORM = re.compile(
    r"(?P<phase>data-|end-|)"
    r"(?:(?P<code>[45][0-5][0-9])(?:-(?P<status>[45]\.[0-9]{1,3}\.[0-9]{1,3}))?"
    r"|delay-(?P<seconds>[0-9]{1,3}(?:\.[0-9]{1,3})?)"
    r"|(?P<word>stall|drop|reset|lose))",
    re.IGNORECASE,
)
_PHASES = {"": "RCPT", "data-": "DATA", "end-": session.END_OF_DATA}


def is_magic(local_part: str) -> bool:
    """Whether a local-part at the domain has a meaning, so that mail for it is taken.

    >>> is_magic("end-lose"), is_magic("550-5.7.1"), is_magic("bob")
    (True, True, False)
    """
    return local_part.lower() == "ok" or fault_of(local_part.lower()) is not None


@lru_cache(maxsize=256)
def fault_of(local_part: str) -> Fault | None:
    """The rule that a local-part stands for; None if for none.

    >>> str(fault_of("end-452-4.3.1"))
    'end-of-data@to:end-452-4.3.1@fault.example.net=452 4.3.1 As its address asks'
    """
    form = _FORM.fullmatch(local_part)
    if form is None:
        return None
    action: Action
    if form["code"]:
        words = [form["status"], "As its address asks"]
        action = Reply(int(form["code"]), (" ".join(filter(None, words)).encode(),))
    elif form["seconds"]:
        action = Delay(float(form["seconds"]))
    else:
        action = next(one for one in Simple if one.word == form["word"].lower())
    phase = _PHASES[form["phase"].lower()]
    if why_not(phase, action):
        return None
    return Fault(phase, action, Match(forward_path=f"{local_part}@{DOMAIN}"))


def strikes(now: Circumstances) -> Fault | None:
    """The first fault that the forward-paths of this step ask for."""
    for path in now.forward_paths:
        local_part, _, domain = path.lower().rpartition("@")
        if domain == DOMAIN:
            fault = fault_of(local_part)
            if fault is not None and fault.phase in now.phases:
                return fault
    return None


def mailbox_in(argument: str) -> str | None:
    """The mailbox in `FROM:<...>` or `TO:<...>`; None if there is none, "" for `<>`."""
    try:
        return parse_path(argument.partition(":")[2])[0].mailbox
    except LocalProtocolError:
        return None
