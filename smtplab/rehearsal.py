"""A walk through a session that stops after a named phase: nothing is sent that was not asked for.

The order is that of RFC 5321, 3: EHLO, STARTTLS where it is offered, AUTH, MAIL, RCPT, DATA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import shorten

from smtplab.client import Client
from smtplab.errors import LocalProtocolError, SMTPLabError
from smtplab.mail_object import MailObject
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript.rendering import visible

PHASES = ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content")
"""The phases in order; `until` names the last one that may happen."""

WIDTH = 100  # columns of a row; an EHLO reply has many lines

STARTTLS = ("offered", "required", "never")
"""When a rehearsal begins TLS: where it is offered, in any case, or not at all."""

SignIn = Callable[[Client], StepReply]


@dataclass(frozen=True)
class Walked:
    """One phase that happened, and the reply that ended it."""

    phase: str
    reply: StepReply


class Rehearsal(tuple[Walked, ...]):
    """The phases that happened, in order; the last one is where it stopped."""

    @property
    def failed(self) -> Walked | None:
        """The phase that the server refused, if it refused one."""
        return next((walked for walked in self if not walked.reply.is_positive), None)

    def __repr__(self) -> str:
        rows = (f"{one.phase:<10}{one.reply.code} {', '.join(one.reply.lines)}" for one in self)
        return "\n".join((*(shorten(visible(row), WIDTH) for row in rows), self._told()))

    def _told(self) -> str:
        if self.failed is None:
            furthest = max(self, key=lambda one: PHASES.index(one.phase))
            return f"It went well up to {furthest.phase}."
        advice = self.failed.reply.explanation.remedy
        return f"The server refused {self.failed.phase}. {advice}"


def rehearse(
    client: Client,
    mail: MailObject,
    *,
    until: str = "RCPT",
    sign_in: SignIn | None = None,
    starttls: str = "offered",
) -> Rehearsal:
    """Take a client that has read its greeting up to the phase `until`, then leave politely.

    Up to RCPT nothing is delivered, because a mail transaction without its content is dropped
    (RFC 5321, 4.1.1.5). Only `until="content"` sends the content. `sign_in` does the AUTH phase,
    such as `lambda client: client.auth(username, password)`. `starttls` is "offered", "required"
    (a server that does not offer it is asked all the same) or "never". It stops at the first
    refusal, but tries each recipient. Errors of the connection are raised as they are.
    """
    if starttls not in STARTTLS:
        raise LocalProtocolError(f"starttls is one of {', '.join(STARTTLS)}, not {starttls!r}")
    if until not in PHASES:
        raise LocalProtocolError(f"{until!r} is no phase; the phases are {', '.join(PHASES)}")
    walked: list[Walked] = []
    for phase, reply in _walk(client, mail, sign_in, (starttls, PHASES.index(until))):
        walked.append(Walked(phase, reply))
        if not reply.is_positive and phase != "RCPT":
            break
    _leave(client)
    return Rehearsal(walked)


def _walk(
    client: Client, mail: MailObject, sign_in: SignIn | None, how_far: tuple[str, int]
) -> Iterator[tuple[str, StepReply]]:
    """The phases up to the last; whoever reads them stops where the server refuses one."""
    starttls, last = how_far
    yield "greeting", client.greeting
    if last < PHASES.index("EHLO"):
        return
    hello = client.ehlo()
    yield "EHLO", hello if hello.is_positive else client.helo()
    if last >= PHASES.index("STARTTLS") and not client.session.tls and _begins(client, starttls):
        yield "STARTTLS", client.starttls()
        yield "EHLO", client.ehlo()
    if last >= PHASES.index("AUTH") and sign_in is not None:
        yield "AUTH", sign_in(client)
    if last < PHASES.index("MAIL"):
        return
    yield "MAIL", client.mail(mail.envelope.reverse_path, mail.envelope.parameters)
    if last < PHASES.index("RCPT"):
        return
    taken = False
    for path in mail.envelope.forward_paths:
        reply = client.rcpt(path, mail.envelope.recipient_parameters.get(path))
        taken = taken or reply.is_positive
        yield "RCPT", reply
    if last >= PHASES.index("DATA") and taken:
        yield "DATA", client.data()
        if client.state is State.DATA:
            yield from _content(client, mail, last)


def _content(client: Client, mail: MailObject, last: int) -> Iterator[tuple[str, StepReply]]:
    """After 354 nothing but mail data can be said: who stops here must break the connection."""
    if last >= PHASES.index("content"):
        yield "content", client.content(mail.content)
    else:
        client.close()


def _begins(client: Client, starttls: str) -> bool:
    offered = client.extensions is not None and "STARTTLS" in client.extensions
    return starttls == "required" or (offered and starttls == "offered")


def _leave(client: Client) -> None:
    """RSET drops what is open, QUIT ends the session; a refusal of either changes nothing."""
    try:
        if client.state in (State.MAIL, State.RCPT):
            client.rset()
        if "QUIT" in client.session.legal_next():
            client.quit()
    except SMTPLabError:
        pass
    finally:
        client.close()
