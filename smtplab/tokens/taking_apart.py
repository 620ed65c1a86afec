"""Which reader takes which unit apart, and how its secrets stay hidden (RFC 5321, 2.3.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.commands import line as command_line
from smtplab.replies import Reply
from smtplab.tokens.client_lines import command, mail_data, response
from smtplab.tokens.server_lines import reply_lines
from smtplab.tokens.token import NO_RULE, Reader, TakenApart, Token
from smtplab.transcript import Event, Kind
from smtplab.transcript.events import FROM_SERVER, Span
from smtplab.transcript.hiding import HIDDEN

MAX_LINES = 60  # taken apart of one event; the rest is counted

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")


def take_apart(said: str | Reply | Event, step: str = "", *, secrets: bool = False) -> TakenApart:
    """The tokens of a command line, of a reply, or of an event of a transcript.

    `step` is what a reply replies to: the lines of one to EHLO have a grammar of their own. A
    `StepReply` knows it. Secrets of an event are hidden unless asked for.

    >>> print(take_apart("NOOP"))
    NOOP                         noop                 RFC 5321, 4.1.1.9
    CR LF                        CRLF                 RFC 5321, 2.3.8
    """
    if isinstance(said, Event):
        return _event(said, step, secrets)
    if isinstance(said, Reply):
        return _lines(said.octets, reply_lines(getattr(said, "step", step)))
    return _lines(command_line(said), command)


def _event(event: Event, step: str, secrets: bool) -> TakenApart:
    if event.kind in FROM_SERVER:
        reader = reply_lines("greeting" if event.kind is Kind.GREETING else step)
    elif event.kind is Kind.MAIL_DATA:
        reader = mail_data()
    else:
        reader = response if event.kind is Kind.RESPONSE else command
    found = _lines(event.octets, reader)
    if secrets or not event.secrets:
        return found
    hidden = TakenApart(_hidden(found, event.secrets))
    hidden.left_out = found.left_out
    return hidden


def _hidden(lines: TakenApart, spans: tuple[Span, ...]) -> Iterator[tuple[Token, ...]]:
    at = 0
    for tokens in lines:
        kept = []
        for token in tokens:
            end = at + len(token.octets)
            touched = any(first < end and at < last for first, last in spans)
            kept.append(Token(HIDDEN, token.rule, token.source) if touched else token)
            at = end
        yield tuple(kept)


def _lines(octets: bytes, reader: Reader) -> TakenApart:
    lines = _LINE.findall(octets)[:-1] if octets.endswith((b"\n", b"\r")) else _LINE.findall(octets)
    lines = [line for line in lines if line]
    found = TakenApart(tuple(_line(line, reader)) for line in lines[:MAX_LINES])
    found.left_out = max(0, len(lines) - MAX_LINES)
    return found


def _line(octets: bytes, reader: Reader) -> Iterator[Token]:
    text = octets.rstrip(b"\r\n")
    yield from (token for token in reader(text.decode("utf-8", "surrogateescape")) if token.octets)
    end = octets[len(text) :]
    if end == b"\r\n":
        yield Token(end, "CRLF", "RFC 5321, 2.3.8")
    elif end:
        yield Token(end, NO_RULE, "CR and LF stand only together (RFC 5321, 2.3.8)")
