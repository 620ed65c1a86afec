"""What the server sends, token by token (RFC 5321, 4.2; RFC 3463, 2)."""

from __future__ import annotations

from collections.abc import Iterator

from smtplab.replies import EnhancedStatusCode
from smtplab.tokens.client_lines import name
from smtplab.tokens.token import Reader, Token, space, token, wrong


def reply_lines(step: str) -> Reader:
    """Its first line may name the server; those of EHLO's reply hold a keyword each."""
    first = True

    def read(text: str) -> Iterator[Token]:
        nonlocal first
        begins, first = first, False
        code, separator, rest = text[:3], text[3:4], text[4:]
        if not (code.isascii() and code.isdigit() and separator in ("", " ", "-")):
            yield wrong(text)
            return
        yield token(code, "Reply-code", "RFC 5321, 4.2")
        if separator == "-":
            yield token(separator, "Reply-line: more follow", "RFC 5321, 4.2")
        elif separator:
            yield space()
        if step == "EHLO" and code == "250" and not begins:
            yield from _ehlo_line(rest)
        elif begins and (step == "greeting" or step == "EHLO") and code[0] == "2":
            yield from _who_speaks(rest, step)
        else:
            yield from _text(rest, code)

    return read


def _who_speaks(text: str, step: str) -> Iterator[Token]:
    who, gap, rest = text.partition(" ")
    yield from name(who) if who else ()
    if gap:
        yield space()
        rule = ("textstring", "RFC 5321, 4.2")
        yield (
            token(rest, *rule)
            if step == "greeting"
            else token(rest, "ehlo-greet", "RFC 5321, 4.1.1.1")
        )


def _ehlo_line(text: str) -> Iterator[Token]:
    keyword, *parameters = text.split(" ")
    yield token(keyword, "ehlo-keyword", "RFC 5321, 4.1.1.1")
    for parameter in parameters:
        yield space()
        yield token(parameter, "ehlo-param", "RFC 5321, 4.1.1.1")


def _text(text: str, code: str) -> Iterator[Token]:
    enhanced = EnhancedStatusCode.at_start_of(text)
    if enhanced is not None and str(enhanced.class_) == code[0]:
        yield token(str(enhanced), "status-code", "RFC 3463, 2")
        text = text[len(str(enhanced)) :]
        if text:
            yield space()
            text = text[1:]
    yield token(text, "textstring", "RFC 5321, 4.2")
