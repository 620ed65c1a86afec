"""What `smtplab serve` prints: listeners and accounts first, then each event as it happens."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from smtplab.cli.foreground import Lines
from smtplab.sandbox import Account, Listener, Sandbox
from smtplab.sandbox.over_tcp import LOOPBACK
from smtplab.sandbox.store import StoreError
from smtplab.transcript import SCHEMA, Event, Kind, as_text, event_as_json

VERBS_OF_TLS = {"smtp": "STARTTLS", "pop3": "STLS", "imap": "STARTTLS"}  # RFC 3207, 2595, 9051


class Report:
    """What a person reads: doors and keys first, then the conversations as they happen."""

    def __init__(self, sandbox: Sandbox, lines: Lines, outside: str, *, secrets: bool) -> None:
        self.sandbox, self.lines, self.outside, self.secrets = sandbox, lines, outside, secrets
        self._seen = 0
        self._errors_told: list[Exception] = []

    def write(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.lines.write(line)

    def new_errors(self) -> tuple[Exception, ...]:
        """Errors of the servers themselves since the last call."""
        told = set(map(id, self._errors_told))
        new = tuple(error for error in self.sandbox.errors if id(error) not in told)
        self._errors_told += new
        return new

    def told(self, error: Exception) -> str:
        """One sentence about an error of ours."""
        if isinstance(error, StoreError):
            return str(error)
        return f"an error in a server, told to its client as 451: {error!r}"

    def catch_up(self) -> bool:
        """Print what is new; False if nothing was."""
        events, self._seen = self.sandbox.transcript.events_since(self._seen)
        for event in events:
            self.write(self.shown(event))
        return bool(events)

    def shown(self, event: Event) -> Iterator[str]:
        """The lines for one event; what both ends of a session saw is shown once."""
        if event.end != "client":
            if event.kind is Kind.CONNECT:
                yield ""
            for line in as_text([event], secrets=self.secrets).split("\n"):
                yield f"{event.connection:<4}{line}"

    def tls_of(self, listener: Listener) -> str:
        """When TLS begins at this listener, in words."""
        if listener.tls == "none" or not self.sandbox.ca_file:
            return "no"
        verb = VERBS_OF_TLS[listener.service]
        return "at once" if listener.tls == "implicit" else f"after {verb}"

    def hello(self) -> Iterator[str]:
        yield "The sandbox is running; Ctrl-C stops it."
        yield ""
        yield f"{'Listener':<25}{'Is here':<18}{'TLS':<17}AUTH"
        for one, bound in self.sandbox.bound_ports.items():
            seen, here = f"{one.host} : {one.port}", f"{LOOPBACK}:{bound}"
            yield f"{seen:<25}{here:<18}{self.tls_of(one):<17}{'yes' if one.auth else 'no'}"
        yield ""
        yield f"{'Account':<25}Password"
        for account in self.sandbox.accounts:
            yield f"{account.username:<25}{account.password}"
        yield ""
        yield f"CA file: {self.sandbox.ca_file or 'none, because this Python has no TLS'}"
        address = self.sandbox.addresses[self.outside]
        yield f"A program that connects counts as {self.outside} ({address})."
        if self.sandbox.ca_file:
            yield "To try it, copy one of these lines into another terminal:"
            yield ""
            yield f"  {swaks_line(self.sandbox, self.outside)}"
            yield ""
            yield f"  {curl_line(self.sandbox, self.outside)}"
        yield ""
        yield "C is the SMTP client, S the SMTP server; x1 is the first connection from outside,"
        yield "r1 the first from server to server."


class JSONReport(Report):
    """What a program reads: one object a line, all events of both ends."""

    def hello(self) -> Iterator[str]:
        ca_file = self.sandbox.ca_file
        listeners = [
            {
                "name": one.host,
                "host": one.host,
                "port": one.port,
                "address": LOOPBACK,
                "bound_port": bound,
                "tls": one.tls if ca_file else "none",
                "auth": one.auth,
                "service": one.service,
            }
            for one, bound in self.sandbox.bound_ports.items()
        ]
        accounts = [
            {"mailbox": one.mailbox, "username": one.username, "password": one.password}
            for one in self.sandbox.accounts
        ]
        first = {"schema": SCHEMA, "ca_file": str(ca_file) if ca_file else None}
        yield json.dumps(first | {"listeners": listeners, "accounts": accounts})

    def shown(self, event: Event) -> Iterator[str]:
        yield json.dumps(event_as_json(event, secrets=self.secrets))


# Lines to try. Each checks the certificate against the CA file.


def swaks_line(sandbox: Sandbox, name: str) -> str:
    """swaks, over STARTTLS on port 587."""
    host, bound = _submission(sandbox)
    account, to = _who_to_whom(sandbox)
    words = f"swaks --server {LOOPBACK}:{bound} --tls --tls-verify".split()
    if _swaks_checks_names():
        words += ["--tls-verify-target", host]
    words += ["--tls-ca-path", str(sandbox.ca_file), "--ehlo", name, "--auth", "PLAIN"]
    words += ["--auth-user", account.username, "--auth-password", account.password]
    return _joined([*words, "--from", account.mailbox, "--to", to])


def curl_line(sandbox: Sandbox, name: str) -> str:
    """curl, over STARTTLS on port 587; the path of its URL is what EHLO says."""
    host, bound = _submission(sandbox)
    account, to = _who_to_whom(sandbox)
    words = ["curl", "-sS", "--url", f"smtp://{host}:587/{name}"]
    words += ["--connect-to", f"{host}:587:{LOOPBACK}:{bound}"]
    words += ["--ssl-reqd", "--cacert", str(sandbox.ca_file)]
    words += ["--user", f"{account.username}:{account.password}"]
    words += ["--mail-from", account.mailbox, "--mail-rcpt", to, "--crlf", "--upload-file", "-"]
    return f"echo Subject: Hello | {_joined(words)}"


def _who_to_whom(sandbox: Sandbox) -> tuple[Account, str]:
    """The first account, and the first mailbox at another domain."""
    account, *others = sandbox.accounts
    here = account.mailbox.rpartition("@")[2]
    return account, next(o.mailbox for o in others if not o.mailbox.endswith(f"@{here}"))


def _submission(sandbox: Sandbox) -> tuple[str, int]:
    return next((one.host, bound) for one, bound in sandbox.bound_ports.items() if one.port == 587)


def _swaks_checks_names() -> bool:
    """swaks checks the name in the certificate from its version of 2024 on; it is one script."""
    path = shutil.which("swaks")
    try:
        return path is None or b"tls-verify-target" in Path(path).read_bytes()
    except OSError:
        return True


def _joined(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
