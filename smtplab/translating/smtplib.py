"""A session as a Python program with smtplib: the same steps, one call each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtplab import session
from smtplab.errors import LocalProtocolError
from smtplab.replay import Step
from smtplab.transcript import Event, Transcript
from smtplab.transcript.hiding import hide
from smtplab.translating.outline import (
    Outline,
    Place,
    SignIn,
    outline,
    sign_in,
    without_transparency,
)
from smtplab.translating.quoting import CONTENT, PASSWORD, USER, comment
from smtplab.translating.shell import heading, path_of, shown
from smtplab.translating.translation import Translation

if TYPE_CHECKING:
    from smtplab.client import Client

KNOWN = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")


def as_smtplib(
    session: Transcript | Client, connection: str | None = None, *, place: Place | None = None
) -> Translation:
    """The connection (the first, if none is named) as a Python program.

    `place` says where it finds the server, as `Place.in_sandbox(sandbox, host, port)`.
    """
    of = outline(session, connection, place)
    steps = [step for step in of.steps if step.sent is not None]
    lines = [*heading(of, "smtplib")[1:], *_imports(of, steps), "", *_opening(of)]
    for number, step in enumerate(steps):
        lines += _step(of, steps, number, step)
    if not steps or steps[-1].name != "QUIT":
        lines.append("server.close()")
    return Translation("smtplib", "\n".join(lines) + "\n")


def _imports(of: Outline, steps: list[Step]) -> Iterator[str]:
    signs_in = any(of.stand_in(one.mechanism, KNOWN) for one in of.sign_ins)
    reads = any(step.name == session.END_OF_DATA and not _kept(step.sent) for step in steps)
    if signs_in:
        yield "import os"
    yield "import smtplib"
    if of.tls != "none":
        yield "import ssl"
    if signs_in:
        yield "from getpass import getpass"
    if reads:
        yield "from pathlib import Path"
    if signs_in:
        yield ""
        yield f'secret = os.environ.get("{PASSWORD}") or getpass()'


def _opening(of: Outline) -> Iterator[str]:
    if of.tls != "none":
        trusted = f"cafile={of.place.ca_file!r}" if of.place.ca_file else ""
        yield f"context = ssl.create_default_context({trusted})"
        if not of.verified:
            yield "context.check_hostname, context.verify_mode = False, ssl.CERT_NONE"
    name = of.hello[1].decode("ascii", "replace") or "localhost"
    words = f"{of.place.address!r}, {of.place.port}, local_hostname={name!r}"
    if of.tls == "implicit":
        yield f"server = smtplib.SMTP_SSL({words}, context=context)"
    else:
        yield f"server = smtplib.SMTP({words})"
    yield "server.set_debuglevel(0)  # 1 shows every line, also the passwords"


def _step(of: Outline, steps: list[Step], place: int, step: Step) -> list[str]:
    sent = step.sent
    assert sent is not None
    if step.name == session.CHALLENGE:
        return []
    if step.name == "AUTH":
        return list(_auth(of, sign_in(steps, place)))
    if step.name == session.END_OF_DATA:
        return list(_content(sent))
    if step.name == "DATA" and _is_sent(steps, place):
        return []  # server.data() says it
    if sent.secrets or (step.chunk is not None and step.chunk.secrets):
        return comment(f"A secret stood here, so it is left out: {shown(step)}")
    if step.chunk is not None:
        if not step.chunk.is_whole:
            return comment(f"A chunk of {step.chunk.length} octets was not kept: {shown(step)}")
        return [f"server.send({sent.octets + step.chunk.octets!r})", "print(server.getreply())"]
    if (call := _call(step)) is not None:
        return [f"print({call})"]
    line = sent.octets.removesuffix(b"\r\n")
    if line.isascii() and not set(line) & set(b"\r\n"):
        return [f"print(server.docmd({line.decode()!r}))"]
    return [f"server.send({sent.octets!r})", "print(server.getreply())"]


def _call(step: Step) -> str | None:
    """smtplib's own method for a step, where there is one that says the same."""
    assert step.sent is not None
    line = step.sent.octets.strip(b"\r\n").decode("utf-8", "backslashreplace")
    if step.name in ("EHLO", "HELO"):
        return f"server.{step.name.lower()}({line[5:]!r})" if line[5:].isascii() else None
    if step.name == "STARTTLS" and step.reply is not None and step.reply.code == 220:
        return "server.starttls(context=context)"
    if step.name in ("NOOP", "RSET", "QUIT") and len(line) == 4:
        return f"server.{line.lower()}()"
    if step.name not in ("MAIL", "RCPT"):
        return None
    try:
        mailbox, parameters = path_of(step)
    except LocalProtocolError:
        return None
    if not mailbox.isascii() and step.name == "RCPT":
        return None  # it takes its encoding from MAIL, and that may have had no SMTPUTF8
    options = [key if value is None else f"{key}={value}" for key, value in parameters.items()]
    return f"server.{step.name.lower()}({mailbox!r}{f', {options!r}' if options else ''})"


def _kept(event: Event | None) -> bool:
    return event is not None and event.is_whole


def _is_sent(steps: list[Step], place: int) -> bool:
    return place + 1 < len(steps) and steps[place + 1].name == session.END_OF_DATA


def _content(event: Event) -> Iterator[str]:
    if event.secrets:
        yield from comment("A secret stood in the content; ******** stands there now.")
    if not event.is_whole:
        yield from comment(f"The content had {event.length} octets and was not kept whole.")
        yield f'print(server.data(Path("{CONTENT}").read_bytes()))'
        return
    lines = without_transparency(hide(event.octets, event.secrets)).splitlines(keepends=True)
    if not lines:  # server.data() would put an empty line before the dot
        yield 'print(server.docmd("DATA"))'
        yield 'server.send(b".\\r\\n")'
        yield "print(server.getreply())"
        return
    yield "content = ("
    yield from (f"    {line!r}" for line in lines)
    yield ")"
    yield "print(server.data(content))"


def _auth(of: Outline, found: SignIn) -> Iterator[str]:
    mechanism = of.stand_in(found.mechanism, KNOWN)
    if not mechanism:
        yield from comment(f"smtplib cannot sign in by {found.mechanism}.")
        return
    if mechanism != found.mechanism:
        told = f"smtplib cannot sign in by {found.mechanism}; {mechanism} stands for it."
        yield from comment(told)
    user = f'os.environ["{USER}"]' if found.username is None else repr(found.username)
    if found.has_token:
        start = (
            '"n,a=" + server.user + ","' if mechanism == "OAUTHBEARER" else '"user=" + server.user'
        )
        yield "def bearer(challenge=None):"
        yield "    if challenge:"
        yield f"        return {'chr(1)' if mechanism == 'OAUTHBEARER' else repr('')}"
        yield f'    return {start} + "\\1auth=Bearer " + secret + "\\1\\1"'
        yield ""
        answer = "bearer"
    else:
        answer = f"server.auth_{mechanism.lower().replace('-', '_')}"
    yield f"server.user, server.password = {user}, secret"
    when = "" if found.at_once or mechanism == "CRAM-MD5" else ", initial_response_ok=False"
    call = f"server.auth({mechanism!r}, {answer}{when})"
    if found.accepted:
        yield f"print({call})"
        return
    yield "try:"
    yield f"    print({call})"
    yield "except smtplib.SMTPResponseException as error:"
    yield "    print((error.smtp_code, error.smtp_error))"
