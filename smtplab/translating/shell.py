"""What the translations for a shell have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from smtplab.errors import LocalProtocolError
from smtplab.grammar import parse_parameters, parse_path
from smtplab.replay import Step
from smtplab.transcript.hiding import hide
from smtplab.translating.outline import Mail, Outline, SignIn
from smtplab.translating.quoting import CONTENT, PASSWORD, USER, comment, quoted, writing

_TLS = {"none": "no TLS", "starttls": "TLS by STARTTLS", "implicit": "TLS from the first octet"}


def heading(of: Outline, tool: str) -> list[str]:
    """What this is, in comments; also what is good to know of the server."""
    lines = ["#!/usr/bin/env bash"]
    lines += comment(f"A session with {of.server}, {_TLS[of.tls]}, as {tool} has it.")
    lines += comment(of.remark) if of.remark else []
    if of.tls != "none" and not of.verified:
        lines += comment("The certificate was not checked, and is not checked here.")
    return lines


def asking(sign_in: SignIn | None, talkative: str = "") -> list[str]:
    """The secret comes from the environment, or is typed unseen; no process list shows it.

    A talkative tool shows the whole dialogue, AUTH included.
    """
    if sign_in is None:
        return []
    what = "Access token" if sign_in.has_token else "Password"
    told = f"What {talkative} prints holds the secret in base64: do not pass it on as it is."
    lines = comment(told) if talkative else []
    if sign_in.username is None:
        lines.append(f': "${{{USER}:?put the name to sign in with there}}"')
    lines.append(
        f'[ -n "${{{PASSWORD}-}}" ] || {{ read -rsp "{what}: " {PASSWORD} < /dev/tty; echo; }}'
    )
    return lines


def user_word(sign_in: SignIn) -> str:
    """The username as a word of the shell."""
    return f'"${USER}"' if sign_in.username is None else quoted(sign_in.username.encode())


def content_of(mail: Mail, octets: bytes) -> tuple[list[str], str]:
    """Remarks, and the command that writes `octets`; a file stands for what was not kept."""
    if mail.is_whole:
        remarks = comment("A secret stood in the content; ******** stands there now.")
        return (remarks if mail.has_secret else []), writing(octets)
    size = sum(piece.length for piece in mail.pieces)
    remarks = comment(
        f"The content had {size} octets and was not kept whole; put it into {CONTENT}. "
        "Another time, transcript.keep_whole() keeps everything."
    )
    return remarks, f"cat {CONTENT}"


def shown(step: Step) -> str:
    """A step in a comment, without its secrets."""
    if step.sent is None:
        return step.name
    octets = hide(step.sent.octets, step.sent.secrets).strip()
    return octets.decode("utf-8", "backslashreplace")


def path_of(step: Step) -> tuple[str, dict[str, str | None]]:
    """The mailbox and the parameters of MAIL or RCPT; `LocalProtocolError` if it is malformed.

    Also if a secret stands in it, or if the mailbox could be taken for an option or a file.
    """
    if step.sent is None or step.sent.secrets:
        raise LocalProtocolError("a secret stands in it")
    text = step.sent.octets.strip(b"\r\n").decode("utf-8", "surrogateescape")
    path, rest = parse_path(text.partition(":")[2].lstrip(" "))
    if "\0" in text:
        raise LocalProtocolError("it holds NUL, which no argument of a program can")
    if path.mailbox.startswith(("-", "@")):
        raise LocalProtocolError("the mailbox would be taken for an option or a file")
    return path.mailbox, parse_parameters(rest)


def sign_in_for(of: Outline, tool: str, known: Sequence[str]) -> tuple[SignIn | None, list[str]]:
    """How a tool that signs in once does it, and what it cannot do."""
    if not of.sign_ins:
        return None, []
    *before, last = of.sign_ins
    remarks = [
        line
        for one in before
        for line in comment(f"{tool} signs in once, so not by AUTH {one.mechanism} before.")
    ]
    mechanism = of.stand_in(last.mechanism, known)
    if not mechanism:
        return None, [*remarks, *comment(f"{tool} cannot sign in by {last.mechanism}.")]
    if mechanism != last.mechanism:
        told = f"{tool} cannot sign in by {last.mechanism}; {mechanism} stands for it."
        remarks += comment(told)
    return replace(last, mechanism=mechanism), remarks


def recipients_of(mail: Mail, tool: str, forbidden: str = "") -> tuple[list[str], list[str]]:
    """The mailboxes of a mail transaction that a tool can name, and what it cannot say."""
    mailboxes: list[str] = []
    remarks: list[str] = []
    for step in mail.recipients:
        try:
            mailbox, parameters = path_of(step)
            if forbidden and forbidden in mailbox:
                raise LocalProtocolError(f"{forbidden!r} parts two recipients")
        except LocalProtocolError as error:
            remarks += comment(f"{tool} cannot say: {shown(step)} ({error})")
            continue
        mailboxes.append(mailbox)
        told = f"{tool} has no parameters of RCPT, so none for {mailbox}: {', '.join(parameters)}"
        remarks += comment(told) if parameters else []
    return mailboxes, remarks


def cannot(tool: str, steps: Iterable[Step]) -> list[str]:
    """A comment for each step that a tool has no word for."""
    return [line for step in steps for line in comment(f"{tool} cannot say: {shown(step)}")]
