"""Python's own mail clients at the doors of a sandbox: smtplib, poplib, imaplib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtplab.sandbox.little_internet import IMAP_NET, POP_NET, SUBMISSION
from smtplab.transport import Stream

if TYPE_CHECKING:
    from smtplab.sandbox.reading.with_stdlib import SandboxIMAP, SandboxPOP3
    from smtplab.sandbox.with_smtplib import SandboxSMTP


class StdlibClients:
    """The part of a sandbox that connects them; it is a `Network` and can settle."""

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        """A stream to a host of the sandbox."""
        raise NotImplementedError

    def settle(self) -> None:
        """Wait until everything that is due in the queue was tried."""
        raise NotImplementedError

    def smtplib(self, host: str = SUBMISSION, port: int = 587) -> SandboxSMTP:
        """Python's own `smtplib.SMTP`, connected to a host of the sandbox."""
        from smtplab.sandbox.with_smtplib import SandboxSMTP

        return SandboxSMTP(self, host, port)

    def poplib(self, host: str = POP_NET, port: int = 995) -> SandboxPOP3:
        """Python's own `poplib.POP3`, connected after settling, so that sent mail is there."""
        from smtplab.sandbox.reading.with_stdlib import SandboxPOP3

        self.settle()
        return SandboxPOP3(self, host, port)

    def imaplib(self, host: str = IMAP_NET, port: int = 993) -> SandboxIMAP:
        """Python's own `imaplib.IMAP4`, connected after settling, so that sent mail is there."""
        from smtplab.sandbox.reading.with_stdlib import SandboxIMAP

        self.settle()
        return SandboxIMAP(self, host, port)
