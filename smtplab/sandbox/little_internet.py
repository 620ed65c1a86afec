"""The little internet as data: hosts, listeners, accounts, zones."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.sandbox.mailing_list import MailingList
from smtplab.sandbox.redirects import Alias

LAPTOP = "laptop.example.org"  # the learner's own machine
SUBMISSION = "smtp.example.org"  # the MSA and MTA of the learner's provider
EXCHANGE = "mx.example.net"  # the MX of the recipient's provider
POP_ORG, IMAP_ORG = "pop.example.org", "imap.example.org"  # where Alice and Carol read
POP_NET, IMAP_NET = "pop.example.net", "imap.example.net"  # where Bob reads


@dataclass(frozen=True)
class Account:
    """Somebody with a mailbox who may sign in. The password is a toy, printed everywhere."""

    mailbox: str
    password: str
    login: str = ""  # what it signs in as, where that is not the mailbox

    @property
    def username(self) -> str:
        return self.login or self.mailbox


@dataclass(frozen=True)
class Listener:
    """One open door: a host and a port as the learner sees them."""

    host: str
    port: int
    tls: str  # "none", "starttls" or "implicit"
    auth: bool
    service: str = "smtp"  # "smtp", "pop3" or "imap"

    @property
    def key(self) -> tuple[str, int]:
        return self.host, self.port


ACCOUNTS = (
    Account("alice@example.org", "looking-glass"),
    Account("carol@example.org", "winter-song"),
    Account("bob@example.net", "blue-print"),
)

# Names behind which are others (RFC 5321, 3.9): here, at the other provider, or at both.
ALIASES = (
    Alias("sales@example.net", ("bob@example.net",)),
    Alias("forward@example.net", ("alice@example.org",)),
)
MAILING_LISTS = (
    MailingList(
        "tea-club@example.net",
        "Tea club",
        owner="bob@example.net",
        members=("alice@example.org", "carol@example.org", "bob@example.net"),
    ),
)

# RFC 2142 asks for these; RFC 5321, 4.5.1 for the first.
ROLE_NAMES = ("postmaster", "abuse")

LISTENERS = (
    Listener(SUBMISSION, 587, "starttls", True),
    Listener(SUBMISSION, 465, "implicit", True),
    Listener(EXCHANGE, 25, "starttls", False),
    Listener(SUBMISSION, 25, "starttls", False),  # the MX of example.org, too
    # To read what SMTP has delivered. RFC 8314, 3 and 7.3: 995 and 993 begin with TLS.
    Listener(POP_NET, 995, "implicit", True, "pop3"),
    Listener(POP_NET, 110, "starttls", True, "pop3"),
    Listener(IMAP_NET, 993, "implicit", True, "imap"),
    Listener(IMAP_NET, 143, "starttls", True, "imap"),
    Listener(POP_ORG, 995, "implicit", True, "pop3"),
    Listener(POP_ORG, 110, "starttls", True, "pop3"),
    Listener(IMAP_ORG, 993, "implicit", True, "imap"),
    Listener(IMAP_ORG, 143, "starttls", True, "imap"),
)

ADDRESSES = {
    LAPTOP: "198.51.100.10",
    SUBMISSION: "192.0.2.10",
    EXCHANGE: "203.0.113.25",
    POP_ORG: "192.0.2.110",
    IMAP_ORG: "192.0.2.143",
    POP_NET: "203.0.113.110",
    IMAP_NET: "203.0.113.143",
}

ZONES = {
    "example.org": """
$TTL 3600
@      IN SOA ns postmaster 1 7200 900 1209600 3600
@      IN NS  ns
@      IN MX  10 smtp
ns     IN A   192.0.2.53
smtp   IN A   192.0.2.10
pop    IN A   192.0.2.110
imap   IN A   192.0.2.143
laptop IN A   198.51.100.10
""",
    "example.net": """
$TTL 3600
@      IN SOA ns postmaster 1 7200 900 1209600 3600
@      IN NS  ns
@      IN MX  10 mx
ns     IN A   203.0.113.53
mx     IN A   203.0.113.25
pop    IN A   203.0.113.110
imap   IN A   203.0.113.143
""",
}

# Which domains a host keeps mailboxes for.
DOMAINS = {
    SUBMISSION: ("example.org",),
    EXCHANGE: ("example.net",),
    POP_ORG: ("example.org",),
    IMAP_ORG: ("example.org",),
    POP_NET: ("example.net",),
    IMAP_NET: ("example.net",),
}
