"""The pytest fixture `smtp_sandbox`: servers that take the mail of the application under test.

pytest loads this file at each start, so everything else is imported when the fixture is used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from smtplab.sandbox import Sandbox
    from smtplab.sandbox.little_internet import Account
    from smtplab.sandbox.mailboxes import StoredMail
    from smtplab.transcript import Transcript


class _Ports(dict[int, int]):
    """The real port of each port of SMTP."""

    def __missing__(self, port: int) -> int:
        raise KeyError(f"no server at port {port}; there are {', '.join(map(str, self))}")


class SMTPSandbox:
    """The sandbox over TCP as an application sees it: where to send, as whom, what to trust.

    `host` and `port` are those of the submission server, where STARTTLS and AUTH are wanted;
    `ports` has the port bound for each of 25, 465 and 587. They stay the same in a test session.
    `sandbox.policy("mx.example.net").catch_all = "bob@example.net"` lets Bob have what comes in
    on 25 for anybody else, whatever the domain.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"  # the authority is a new one in each test
        self._bound: dict[tuple[str, int], int] = {}
        self._sandbox: Sandbox | None = None

    def begin(self) -> None:
        """A clean world on the same ports: no mail, no faults, the clock at its start."""
        from smtplab.sandbox import Sandbox

        self.end()
        self._sandbox = Sandbox("tcp", ports=self._bound).start()
        self._bound = {one.key: port for one, port in self._sandbox.bound_ports.items()}
        if (made := self._sandbox.ca_file) is not None:
            self.ca_file.write_bytes(made.read_bytes())

    def end(self) -> None:
        """Stop the servers, if they run."""
        if self._sandbox is not None:
            self._sandbox.stop()

    @property
    def sandbox(self) -> Sandbox:
        """All the rest: `faults`, `clock`, `policy(host)`, `queue`, `add_host()`."""
        assert self._sandbox is not None
        return self._sandbox

    @property
    def ports(self) -> Mapping[int, int]:
        """The real port on loopback for 25, 465 and 587."""
        from smtplab.sandbox.little_internet import EXCHANGE, SUBMISSION

        bound = {one.key: port for one, port in self.sandbox.bound_ports.items()}
        submission = {n: bound[SUBMISSION, n] for n in (465, 587)}
        return _Ports({25: bound[EXCHANGE, 25], **submission})

    @property
    def port(self) -> int:
        return self.ports[587]

    @property
    def accounts(self) -> tuple[Account, ...]:
        return self.sandbox.accounts

    @property
    def username(self) -> str:
        """Who may sign in at `port`: the first account."""
        return self.accounts[0].username

    @property
    def password(self) -> str:
        return self.accounts[0].password

    @property
    def transcript(self) -> Transcript:
        """What the servers saw."""
        return self.sandbox.transcript

    def inbox(self, mailbox: str) -> tuple[StoredMail, ...]:
        """What lies in the Inbox, oldest first, after everything due was delivered."""
        return self.sandbox.inbox(mailbox)

    def __repr__(self) -> str:
        return f"<SMTPSandbox with {', '.join(one.mailbox for one in self.accounts)}>"


@pytest.fixture(scope="session")
def _smtp_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SMTPSandbox]:
    servers = SMTPSandbox(tmp_path_factory.mktemp("smtp_sandbox"))
    yield servers
    servers.end()


@pytest.fixture
def smtp_sandbox(_smtp_servers: SMTPSandbox) -> SMTPSandbox:
    """SMTP servers on loopback with mailboxes that a test can look into; clean for each test."""
    _smtp_servers.begin()
    return _smtp_servers


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """A failed test shows the conversations that its application had."""
    report = (yield).get_result()
    servers = getattr(item, "funcargs", {}).get("smtp_sandbox")
    if report.failed and call.when == "call" and isinstance(servers, SMTPSandbox):
        report.sections.append(("What the servers of smtp_sandbox saw", _told(servers)))


def _dialogues(transcript: Transcript) -> Iterator[str]:
    """Each connection as its server saw it; x1 is the application's first, r1 between servers."""
    from smtplab.transcript import as_text

    for event in transcript.events:
        if event.end != "client":
            for line in as_text([event]).split("\n"):
                yield f"{event.connection:<4}{line}"


def _told(servers: SMTPSandbox) -> str:
    try:
        servers.sandbox.settle()
        told = list(_dialogues(servers.transcript)) or ["Nobody connected."]
        for account in servers.accounts:
            for mail in servers.inbox(account.mailbox):
                told.append(f"-- in the Inbox of {account.mailbox}: {mail.subject}")
        told += (f"-- an error inside a server: {error!r}" for error in servers.sandbox.errors)
    except Exception as error:  # a border: the report of a failed test must not fail itself
        return f"The transcript could not be read: {error!r}"
    return "\n".join(told)
