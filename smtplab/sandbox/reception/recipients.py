"""The rules for a recipient: what its mailbox's terms say, and greylisting (RFC 5321, 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtplab.sandbox.reception.visit import Rule, Visit

if TYPE_CHECKING:
    from smtplab.sandbox.reception.desk import Reception

_GREYLISTING = "RFC 6647, 2"


def _disabled(desk: Reception, visit: Visit) -> str | None:
    if visit.mailbox is not None and visit.mailbox.terms.disabled:
        return f"550 5.2.1 The mailbox {visit.mailbox.name} is switched off"
    return None


def _left(desk: Reception, visit: Visit) -> str | None:
    if visit.mailbox is not None and visit.mailbox.terms.has_left:
        return f"550 5.1.6 {visit.mailbox.name} has moved and left no address"
    return None


def _moved(desk: Reception, visit: Visit) -> str | None:
    mailbox = visit.mailbox
    if mailbox is None or not mailbox.terms.moved_to:
        return None
    if not desk.switches.tells_new_address:
        return None if mailbox.terms.forwards else f"550 5.1.6 {mailbox.name} has moved"
    if mailbox.terms.forwards:
        return f"251 2.1.5 User not local; will forward to <{mailbox.terms.moved_to}>"
    return f"551 5.1.6 User not local; please try <{mailbox.terms.moved_to}>"


def full(desk: Reception, name: str) -> str:
    """The reply about a full mailbox: for now, or for good (RFC 3463, 3.3: X.2.2 may be both)."""
    code = "552 5.2.2" if desk.switches.full_is_permanent else "452 4.2.2"
    return f"{code} The mailbox {name} is full"


def _full(desk: Reception, visit: Visit) -> str | None:
    mailbox = visit.mailbox
    if mailbox is None or mailbox.has_room_for(1):
        return None
    return full(desk, mailbox.name)


def _greylisted(desk: Reception, visit: Visit) -> str | None:
    mailbox = visit.mailbox
    if mailbox is None or visit.identity is not None:
        return None
    if not (mailbox.terms.greylisted or desk.switches.greylisting):
        return None
    triple = (visit.address, visit.reverse_path.lower(), visit.forward_path.lower())
    wait = desk.greylist.wait_of(triple, desk.now(), desk.switches)
    if wait is None:
        visit.note(f"{visit.address} came back for {visit.forward_path}.", _GREYLISTING)
        return None
    seconds = round(wait.total_seconds())
    return f"451 4.7.1 Greylisted; try again in {seconds} seconds"


RCPT = (
    Rule(
        "disabled",
        "The mailbox exists, and takes no mail.",
        "RFC 3463, 3.3",
        _disabled,
    ),
    Rule(
        "left",
        "The owner has moved, and nobody may say where to.",
        "RFC 5321, 3.4; RFC 3463, 3.2",
        _left,
    ),
    Rule(
        "full",
        "What the folders hold has reached the quota. It counts octets, trace fields included.",
        "RFC 3463, 3.3",
        _full,
    ),
    Rule(
        "greylisting",
        "The first attempt of an address, a reverse-path and a forward-path that were not seen "
        "together before is put off. A real mail server tries again; most who spam do not.",
        _GREYLISTING,
        _greylisted,
    ),
    Rule(
        "moved",
        "The owner has moved: the server forwards (251), or tells the new address (551).",
        "RFC 5321, 3.4",
        _moved,
    ),
)
