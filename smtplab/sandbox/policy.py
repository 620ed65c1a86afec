"""What one host offers, asks and puts up with: a lesson changes it, the next command sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from smtplab.sandbox.certificates import check_kind
from smtplab.sandbox.reception.switches import Switches


@dataclass
class Policy:
    """The settings of one mail server; each starts as a well-run server of today has it."""

    ident: str = "ESMTP smtplab"  # what the greeting says after the name of the host
    size_limit: int = 10 * 2**20  # octets of one content (RFC 1870, 3)
    max_recipients: int = 100  # RFC 5321, 4.5.3.1.8 asks for at least this many
    # SASL mechanisms of AUTH, in the order of the EHLO reply. SCRAM-SHA-256-PLUS and SCRAM-SHA-1
    # can be added: the first binds to a certificate that is new in each sandbox, so its proofs
    # differ from run to run; the second is for old clients.
    auth_mechanisms: tuple[str, ...] = (
        "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2",
    )  # fmt: skip
    max_auth_failures: int = 3  # by one mechanism in one connection; then the server closes
    submission_rights: bool = False  # who has signed in sends as nobody else (RFC 6409, 6.1)
    catch_all: str = ""  # a mailbox of the host that takes what is for nobody else, at any domain
    open_relay: bool = False  # takes mail for anybody from anybody; the host needs a queue
    line_ends: str = "strict"  # a dialect of line_ends.py: what ends mail data there
    max_transactions: int | None = None  # of one session: MAILMAX (RFC 9422, 4.1)
    max_recipient_domains: int | None = None  # of one session: RCPTDOMAINMAX (RFC 9422, 4.3)
    longest_hold: timedelta = timedelta(days=7)  # what FUTURERELEASE may ask (RFC 4865, 3)
    # Most servers of today tell nobody who has a mailbox (RFC 5321, 7.3).
    vrfy: Literal["not told", "answers", "refused"] = "not told"
    expn: Literal["answers", "refused"] = "refused"
    # Domains that may have their queue started; submission never does (RFC 1985; RFC 6409, 7).
    etrn_domains: set[str] = field(default_factory=set)
    switched_off: set[str] = field(default_factory=set)  # EHLO keywords, in upper case
    reception: Switches = field(default_factory=Switches)  # who and what is let in, and where to

    # The certificate that it shows: "good", "expired", "wrong host" or "self-signed".
    certificate: str = "good"

    # Age at which a waiting mail is reported as delayed; None for never. RFC 3461, 4.1 leaves it
    # to the MTA; four hours is what sendmail made customary.
    delay_notice: timedelta | None = timedelta(hours=4)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "certificate":
            check_kind(str(value))
        super().__setattr__(name, value)

    rewrites_reverse_path: bool = False  # SRS for what goes on to another host

    def offers(self, keyword: str) -> bool:
        """Whether a service extension is on.

        >>> policy = Policy(switched_off={"SIZE"})
        >>> policy.offers("SIZE"), policy.offers("8BITMIME")
        (False, True)
        """
        return keyword not in self.switched_off


# What a first lesson has not met yet. Most servers offer some of these, few offer all.
NOT_IN_A_FIRST_LESSON = frozenset(
    {
        "BINARYMIME", "CHUNKING", "DELIVERBY", "DSN", "FUTURERELEASE", "LIMITS", "MT-PRIORITY",
        "REQUIRETLS", "SMTPUTF8",
    }
)  # fmt: skip


def plain_policy() -> Policy:
    """A server that offers little, signs nothing and judges nothing: each word of it is taught."""
    return Policy(
        auth_mechanisms=("PLAIN", "LOGIN"),
        switched_off=set(NOT_IN_A_FIRST_LESSON),
        reception=Switches(signing=False, judging=False, scoring=False),
    )
