"""AUTH one step at a time: what was asked, what would go out, and what each part is for."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from smtplab import commands
from smtplab.errors import LocalProtocolError, RemoteProtocolError
from smtplab.sasl.mechanism import Mechanism, Part
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript.rendering import LEFT, visible

if TYPE_CHECKING:
    from smtplab.client import Client

_HIDDEN = "********"


class AuthExchange:
    """One sign-in that is under way; look at it, then `step()`, until it is `done`.

    `challenge` and `response` are decoded: the response is what the next step sends in base64.
    None is no challenge yet, or an AUTH command without an initial response.
    """

    def __init__(
        self,
        client: Client,
        mechanism: Mechanism,
        begin: Callable[[bytes], StepReply],
        *,
        initial_response: bool,
    ) -> None:
        self.mechanism = mechanism.name
        self.challenge: bytes | None = None
        self.reply: StepReply | None = None
        self.done = False  # whether a reply has ended the exchange
        self._client, self._mechanism, self._begin = client, mechanism, begin
        first = mechanism.initial_response()
        # RFC 4954, 4: a command line that became too long must go without it.
        fits = len(commands.auth(mechanism.name, first)) <= commands.MAX_COMMAND_LINE
        self.response: bytes | None = first if initial_response and fits else None
        self._first = first if self.response is None else None
        self._is_base64 = True
        self._fault: RemoteProtocolError | None = None  # why the next step cancels

    @property
    def parts(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """The challenge and the response, part by part, secrets included."""
        return self._explained(self.challenge), self._explained(self.response)

    def step(self) -> StepReply:
        """Send the command or the response, and read the reply.

        Where the challenge made no sense it cancels instead, with `*` (RFC 4954, 4), and raises
        `RemoteProtocolError` if the challenge was base64 all the same.
        """
        client = self._client
        if self.done:
            raise LocalProtocolError("this exchange is over; begin another one")
        if self.reply is None:
            reply = self._begin(commands.auth(self.mechanism, self.response))
        elif self._fault is not None or not self._is_base64:
            return self._give_up()
        else:
            assert self.response is not None
            reply = client.respond(self.response)
        self.reply = reply
        self.done = client.state is not State.AUTH
        if not self.done:
            self._take(reply)
        elif reply.code == 235:
            self._check_proof()
        return reply

    def cancel(self) -> StepReply:
        """End the exchange with `*`; the server replies 501 (RFC 4954, 4)."""
        client = self._client
        if client.state is not State.AUTH:
            raise LocalProtocolError("the server has asked nothing, so there is nothing to end")
        self.reply = client.send_raw(b"*\r\n")
        self.response, self.done = None, True
        if client.state is State.AUTH:
            client.session.out_of_step()
            raise RemoteProtocolError(
                f"{client.host} sent another challenge after AUTH was cancelled; "
                "close the connection and connect again"
            )
        return self.reply

    def run(self) -> StepReply:
        """All the steps that are left."""
        reply = self.step()
        while not self.done:
            reply = self.step()
        return reply

    def _take(self, reply: StepReply) -> None:
        """Read a challenge, and prepare the response to it."""
        self.response = None
        try:
            self.challenge = b64decode(reply.texts[0], validate=True)
            if self._first is not None:
                self.response, self._first = self._first, None
            else:
                self.response = self._mechanism.respond(self.challenge)
        except Base64Error:
            self._is_base64, self.challenge = False, None
        except RemoteProtocolError as fault:
            self._fault = fault

    def _give_up(self) -> StepReply:
        reply = self.cancel()
        if self._fault is not None:
            raise self._fault
        return reply

    def _check_proof(self) -> None:
        """At 235: has the server proved itself, where the mechanism makes it?"""
        try:
            self._mechanism.signed_in()
        except RemoteProtocolError:
            self._client.session.identity = None
            self._client.close()
            raise

    # How it shows itself.

    def _explained(self, octets: bytes | None) -> tuple[Part, ...]:
        return () if octets is None else tuple(self._mechanism.explain(octets))

    def _told(self) -> list[tuple[str, str, str]]:
        """Rows: whose it is, a part of it, what the part is for."""
        challenge, response = self.parts
        rows = [("S", _shown(part), part.meaning) for part in challenge]
        if self.done:
            assert self.reply is not None
            return [("S", visible(line), "the exchange is over") for line in self.reply.lines[:1]]
        if self._fault is not None or not self._is_base64:
            why = str(self._fault) if self._fault else "the challenge is not base64"
            return [*rows, ("C", "*", f"cancels: {why}")]
        if self.reply is None:
            rows.append(("C", f"AUTH {self.mechanism}", "asks to sign in by this mechanism"))
        return rows + [("C", _shown(part), part.meaning) for part in response]

    def __repr__(self) -> str:
        title = f"AUTH {self.mechanism}, {'over' if self.done else 'before the next step'}"
        return "\n".join([title, *(f"{end}: {text}\n   {why}" for end, text, why in self._told())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td {LEFT}><b>{end}</b></td><td {LEFT}><code>{escape(text)}</code></td>"
            f"<td {LEFT}>{escape(why)}</td></tr>"
            for end, text, why in self._told()
        )
        caption = f"AUTH {escape(self.mechanism)}: C is what the next step sends, decoded"
        return f"<table><caption>{caption}</caption><tbody>{rows}</tbody></table>"


def _shown(part: Part) -> str:
    if part.is_secret:
        return _HIDDEN
    return visible(part.text) if part.text else "(empty)"
