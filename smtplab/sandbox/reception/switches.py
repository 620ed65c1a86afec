"""What a host asks of those who bring mail: a lesson changes it, the next command sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass
class Switches:
    """The reception of one mail server. Left alone, it judges, and refuses what DMARC asks for.

    The points are those of `score.py`. What is None has no limit.
    """

    signing: bool = True  # DKIM-Signature on what the host's own users submit (RFC 6376)
    judging: bool = True  # SPF, DKIM, DMARC on what comes from elsewhere (RFC 7208, 6376, 9989)
    scoring: bool = True  # the content score

    dmarc: str = "follow"  # the author's domain's policy, or only "note" it (RFC 9989, 7.4)
    spf_fail: str = "note"  # or "refuse" by itself (RFC 7208, 8.4)
    dkim_missing: str = "note"  # or "refuse", which RFC 6376, 6.1 advises against
    no_author: str = "accept"  # without one readable From: accept, "junk" or "refuse"
    remove_forged_results: bool = True  # RFC 8601, 5

    junk_from: int | None = 5  # points from which a content lands in Junk
    refuse_from: int | None = None  # points from which it is refused

    greylisting: bool = False  # for every mailbox, not only those whose terms ask for it
    greylist_wait: timedelta = timedelta(minutes=5)  # RFC 6647, 5: one minute to 24 hours
    greylist_retry_within: timedelta = timedelta(hours=24)  # the same
    greylist_remembers: timedelta = timedelta(days=7)  # a passed triple; RFC 6647, 5: a week

    messages_an_hour: int | None = None  # mail transactions by one address, or one user
    connections: int | None = None  # open at once, of all clients
    connections_per_source: int | None = None  # of one address
    blocklist: str = ""  # a DNS zone such as dnsbl.example (RFC 5782)
    refuse_own_name: bool = False  # a client that greets with the host's own name
    refuse_unknown_domains: bool = False  # a reverse-path to whose domain nobody could reply
    tells_new_address: bool = True  # with 251 and 551; RFC 5321, 3.4 wants a switch for it
    full_is_permanent: bool = False  # a full mailbox: 552 5.2.2 instead of 452 4.2.2
