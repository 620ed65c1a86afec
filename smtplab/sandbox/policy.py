"""What one host offers, asks and puts up with: a lesson changes it, the next command sees it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Policy:
    """The settings of one mail server; each starts as a well-run server of today has it."""

    ident: str = "ESMTP smtplab"  # what the greeting says after the name of the host
    size_limit: int = 10 * 2**20  # octets of one content (RFC 1870, 3)
    max_recipients: int = 100  # RFC 5321, 4.5.3.1.8 asks for at least this many
    switched_off: set[str] = field(default_factory=set)  # EHLO keywords, in upper case

    rewrites_reverse_path: bool = False  # SRS for what an alias sends to another host

    def offers(self, keyword: str) -> bool:
        """Whether a service extension is on.

        >>> policy = Policy(switched_off={"SIZE"})
        >>> policy.offers("SIZE"), policy.offers("8BITMIME")
        (False, True)
        """
        return keyword not in self.switched_off
