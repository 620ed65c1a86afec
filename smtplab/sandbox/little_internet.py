"""The little internet as data: hosts, listeners, accounts, zones."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.sandbox import neighbours
from smtplab.sandbox.faults.magic import DOMAIN as MAGIC_DOMAIN
from smtplab.sandbox.mailboxes import Terms
from smtplab.sandbox.mailing_list import MailingList
from smtplab.sandbox.redirects import Alias

LAPTOP = "laptop.example.org"  # the learner's own machine
SUBMISSION = "smtp.example.org"  # the MSA and MTA of the learner's provider
EXCHANGE = "mx.example.net"  # the MX of the recipient's provider
POP_ORG, IMAP_ORG = "pop.example.org", "imap.example.org"  # where Alice and Carol read
POP_NET, IMAP_NET = "pop.example.net", "imap.example.net"  # where Bob reads
SMTP_PORT = 25  # RFC 5321, 4.5.4.2: what relays connect to
OUTSIDE_ADDRESSES = "198.51.100.{}"  # of hosts that other programs play: 200 and up
MOST_OUTSIDE_HOSTS = 50


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

# Mailboxes that nobody signs in to read, each on terms of its own (RFC 5321, 3.4; RFC 3463, 3.3).
TERMS = {
    "full@example.net": Terms(quota=0),
    "small@example.net": Terms(quota=4_000),
    "grey@example.net": Terms(greylisted=True),
    "forwarded@example.net": Terms(moved_to="carol@example.org", forwards=True),
    "moved@example.net": Terms(moved_to="bob@example.net"),
    "left@example.net": Terms(has_left=True),
    "slow@example.net": Terms(delay=20.0),
    "disabled@example.net": Terms(disabled=True),
    "full@example.org": Terms(quota=0),
    "forwarded@example.org": Terms(moved_to="bob@example.net", forwards=True),
}
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
    **neighbours.ADDRESSES,
}

ZONES = {
    # Users write from elsewhere, too (a web form, a list): so neither SPF nor DMARC is strict.
    "example.org": f"""
$TTL 3600
@      IN SOA ns postmaster 1 7200 900 1209600 3600
@      IN NS  ns
@      IN MX  10 smtp
ns     IN A   192.0.2.53
smtp   IN A   192.0.2.10
pop    IN A   192.0.2.110
imap   IN A   192.0.2.143
laptop IN A   198.51.100.10
www    IN A   192.0.2.80
@      IN TXT "v=spf1 mx ~all"
_dmarc IN TXT "v=DMARC1; p=none"
{neighbours.TOY_KEY}""",
    "example.net": f"""
$TTL 3600
@      IN SOA ns postmaster 1 7200 900 1209600 3600
@      IN NS  ns
@      IN MX  10 mx
ns     IN A   203.0.113.53
mx     IN A   203.0.113.25
pop    IN A   203.0.113.110
fault  IN MX  10 mx
imap   IN A   203.0.113.143
@      IN TXT "v=spf1 mx ~all"
_dmarc IN TXT "v=DMARC1; p=none"
{neighbours.TOY_KEY}""",
    **neighbours.ZONES,
}

# Which domains a host keeps mailboxes for.
DOMAINS = {
    SUBMISSION: ("example.org",),
    EXCHANGE: ("example.net", MAGIC_DOMAIN),
    POP_ORG: ("example.org",),
    IMAP_ORG: ("example.org",),
    POP_NET: ("example.net",),
    IMAP_NET: ("example.net",),
}
