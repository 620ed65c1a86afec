"""What the next host is told with MAIL and RCPT: only what it offered to understand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from smtplab.extensions import Extensions
from smtplab.sandbox.mta import downgrade
from smtplab.sandbox.mta.downgrade import Prepared
from smtplab.sandbox.mta.outcome import HostRefusal
from smtplab.sandbox.mta.timing import DeliverBy
from smtplab.sandbox.queue import QueueItem

_PASSED_ON = {"DSN": ("RET", "ENVID"), "MT-PRIORITY": ("MT-PRIORITY",)}
_PASSED_ON_WITH_RCPT = {"DSN": ("NOTIFY", "ORCPT")}

Parameters = dict[str, str | int | None]


def check_size(content: bytes, offered: Extensions) -> None:
    """RFC 1870, 6.1: what is too big for the announced limit is not even begun."""
    limit = offered.size_limit
    if limit is not None and len(content) > limit:
        raise HostRefusal(
            552, f"5.3.4 The content holds {len(content)} octets, and the next host takes {limit}"
        )


def for_mail(item: QueueItem, prepared: Prepared, offered: Extensions, now: datetime) -> Parameters:
    """The parameters of MAIL; `HostRefusal` where the host lacks what the sender insists on."""
    asked = item.mail.envelope.parameters
    parameters: Parameters = {}
    if "SIZE" in offered:
        parameters["SIZE"] = len(prepared.content)
    if prepared.body != "7BIT":
        parameters["BODY"] = prepared.body
    for keyword, names in _PASSED_ON.items():
        if keyword in offered:
            parameters.update({name: asked[name] for name in names if name in asked})
    if (by := item.deliver_by) is not None:
        if by.mode == "R":
            _check_promise(by, offered, now)
        if "DELIVERBY" in offered:
            parameters["BY"] = by.left(now)
    if "REQUIRETLS" in asked and "REQUIRETLS" in offered:
        parameters["REQUIRETLS"] = None
    return parameters


def _check_promise(by: DeliverBy, offered: Extensions, now: datetime) -> None:
    """RFC 2852, 4.1.4.1: with R, only to a host that takes as little time as is left."""
    if "DELIVERBY" not in offered:
        raise HostRefusal(550, "5.3.3 The next host does not offer DELIVERBY")
    seconds, least = by.seconds_left(now), offered.shortest_by
    if seconds < least:
        told = f"{seconds} seconds are left, and the next host wants at least {least}"
        raise HostRefusal(550, f"5.3.3 {told} for DELIVERBY")


def needs_smtputf8(item: QueueItem, forward_path: str) -> bool:
    """RFC 6531, 3.4: the parameter is given where something needs it, and only there."""
    return not forward_path.isascii() or downgrade.needs_smtputf8(item.mail)


def for_rcpt(item: QueueItem, forward_path: str, offered: Collection[str]) -> Parameters:
    asked = item.mail.envelope.recipient_parameters.get(forward_path) or {}
    return {
        name: asked[name]
        for keyword, names in _PASSED_ON_WITH_RCPT.items()
        if keyword in offered
        for name in names
        if name in asked
    }
