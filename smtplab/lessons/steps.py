"""Conditions that several exercises share: what a conversation must show."""

from __future__ import annotations

from collections.abc import Callable

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.mail_object import MailObject

Condition = Callable[[Evidence, Conversation], bool]

ALICE, CAROL, BOB = "alice@example.org", "carol@example.org", "bob@example.net"
SUBMISSION, EXCHANGE = "smtp.example.org", "mx.example.net"


def is_with(host: str, port: int | None = None) -> Condition:
    """The session is one with this host, on this port if one is given."""
    return lambda _, one: one.host == host and port in (None, one.port)


def signed_in(_: Evidence, one: Conversation) -> bool:
    """AUTH ended with 235."""
    return one.signed_in()


def said_goodbye(_: Evidence, one: Conversation) -> bool:
    """QUIT came last and got 221."""
    return bool(one.exchanges) and (one.exchanges[-1].verb, one.exchanges[-1].code) == ("QUIT", 221)


def taken_for(*forward_paths: str) -> Condition:
    """The server took a mail object for exactly these forward-paths, in any order."""
    return lambda _, one: bool(mail_for(one, forward_paths))


def arrived_for(*forward_paths: str) -> Condition:
    """One such mail object lies in the Inbox of each of them."""

    def holds(evidence: Evidence, one: Conversation) -> bool:
        return any(
            all(evidence.arrived(mail, path) for path in forward_paths)
            for mail in mail_for(one, forward_paths)
        )

    return holds


def mail_for(one: Conversation, forward_paths: tuple[str, ...]) -> tuple[MailObject, ...]:
    """The mail objects taken in this session for exactly these forward-paths."""
    wanted = {path.lower() for path in forward_paths}
    return tuple(
        mail
        for mail in one.accepted()
        if {_whole(path, one) for path in mail.envelope.forward_paths} == wanted
    )


def _whole(path: str, one: Conversation) -> str:
    """A name without a domain is Postmaster, the server's own (RFC 5321, 4.5.1)."""
    return path.lower() if "@" in path else f"{path.lower()}@{one.host.partition('.')[2]}"


def lies_in_the_inbox(evidence: Evidence, mail: MailObject, forward_path: str) -> bool:
    """Whether the mail object arrived at a forward-path; False if that is no mailbox here."""
    names = {mailbox.name for mailbox in evidence.sandbox.mailboxes}
    return forward_path in names and evidence.arrived(mail, forward_path)
