"""What the exit code of `smtplab talk` means: the phase of the session that failed."""

from __future__ import annotations

from collections.abc import Iterable

from smtplab.commands import verb_of
from smtplab.transcript import Event, Kind
from smtplab.transcript.events import FROM_CLIENT

WELL, MEND, NO_CONNECTION, OTHER, DIFFERENCE = 0, 2, 3, 18, 20
INTERRUPTED = 130  # as shells count a program that Ctrl-C ended: 128 + SIGINT

CODES = {
    "greeting": 10,
    "EHLO": 11,
    "STARTTLS": 12,
    "AUTH": 13,
    "MAIL": 14,
    "RCPT": 15,
    "DATA": 16,
    "content": 17,
}
"""By phase, in the order of a session (`smtplab.rehearsal.PHASES`)."""

_PHASE_OF_VERB = {"HELO": "EHLO", "BDAT": "content"}

TABLE = f"""\
exit codes (a phase fails by a refusal, by silence, or by a broken rule):
  {WELL}   it went as asked         {CODES["greeting"]}  greeting              {CODES["MAIL"]}  MAIL
  {MEND}   an option or a file has  {CODES["EHLO"]}  EHLO                  {CODES["RCPT"]}  RCPT
      to be mended             {CODES["STARTTLS"]}  STARTTLS, handshake   {CODES["DATA"]}  DATA
  {NO_CONNECTION}   no connection            {CODES["AUTH"]}  AUTH                  \
{CODES["content"]}  content
  {OTHER}  another command          {DIFFERENCE}  a script's difference {INTERRUPTED} Ctrl-C
Lines typed at a terminal are for a person: then it is 0 once there was a connection.
"""


def code_of(phase: str) -> int:
    """The exit code where a phase failed.

    >>> code_of("RCPT"), code_of("VRFY")
    (15, 18)
    """
    return CODES.get(_PHASE_OF_VERB.get(phase, phase), OTHER)


def phase_of(events: Iterable[Event]) -> str:
    """The phase that a session is in, by what its client saw; "" before there is a connection."""
    phase = ""
    for event in events:
        if event.kind is Kind.CONNECT:
            phase = "greeting"
        elif event.kind is Kind.RESPONSE:
            phase = "AUTH"
        elif event.kind is Kind.MAIL_DATA:
            phase = "content"
        elif event.kind in FROM_CLIENT:
            verb = verb_of(event.octets)
            phase = _PHASE_OF_VERB.get(verb, verb)
        elif event.kind is Kind.CLOSE and event.detail.get("why") == "in the TLS handshake":
            phase = "STARTTLS"
    return phase
