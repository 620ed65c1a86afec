"""How long a client waits for each step (RFC 5321, 4.5.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab import session


@dataclass(frozen=True)
class Timeouts:
    """Seconds for each phase; as they stand, for a person who waits at the keyboard.

    `rfc5321()` gives those that a mail server should grant another one.
    """

    connect: float = 30.0
    greeting: float = 30.0
    command: float = 30.0  # EHLO, MAIL, RCPT and all others
    data: float = 30.0  # from DATA to 354
    end_of_data: float = 30.0  # after the content; a server may check it for long
    write: float = 30.0  # that one block may wait until the server takes it

    @classmethod
    def all(cls, seconds: float) -> Timeouts:
        """The same for each phase."""
        return cls(seconds, seconds, seconds, seconds, seconds, seconds)

    @classmethod
    def rfc5321(cls) -> Timeouts:
        """RFC 5321, 4.5.3.2.1 to 4.5.3.2.6; it names none for connecting, so 5 minutes too.

        >>> Timeouts.rfc5321().end_of_data
        600.0
        """
        return cls(300.0, 300.0, 300.0, 120.0, 600.0, 180.0)

    def of(self, step: str) -> float:
        """The time for the reply to a step."""
        return _PHASES[step](self) if step in _PHASES else self.command


_PHASES = {
    session.GREETING: lambda limits: limits.greeting,
    "DATA": lambda limits: limits.data,
    session.END_OF_DATA: lambda limits: limits.end_of_data,
    session.BDAT_LAST: lambda limits: limits.end_of_data,
}
