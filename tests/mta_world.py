"""What the tests of the MTA have in common: mail put into a queue, hosts, reports read."""

from collections.abc import Mapping
from email import message_from_string
from email.message import EmailMessage
from typing import Any

from smtplab import Envelope, MailObject, Sandbox
from smtplab.sandbox import HostPlan, Listener, StoredMail

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB = "alice@example.org", "bob@example.net"
HOP = "hop.example"  # a next hop from outside: mail for this domain goes there
TO_HOP = "dora@hop.example"
Parameters = Mapping[str, str | None]
CONTENT = b"Subject: Tea\r\n\r\nAt five?\r\n"


def put(
    sandbox: Sandbox,
    *forward_paths: str,
    content: bytes = CONTENT,
    sender: str = ALICE,
    host: str = MSA,
    mail: Parameters | None = None,
    rcpt: Parameters | None = None,
) -> None:
    """A mail object into the queue of a host, as if it had been accepted there; then settle."""
    paths = forward_paths or (BOB,)
    envelope = Envelope(sender, paths, mail or {}, {path: rcpt or {} for path in paths})
    queue = sandbox._world.queue

    def enqueue() -> None:
        queue.put(host, queue.next_id(host), MailObject(envelope, content))

    sandbox._carrier.call(enqueue)
    sandbox.settle()


def add_exchange(sandbox: Sandbox, name: str, address: str, *domains: str) -> None:
    """One more host with a port 25; its name is put into the zone of its domain."""
    listeners = (Listener(name, 25, "starttls", False),)
    zones = {name: f"@ 3600 IN A {address}\n"}
    sandbox.add_host(HostPlan(name, address, domains, listeners, zones=zones))


def report(sandbox: Sandbox, name: str = ALICE) -> EmailMessage:
    """The only mail in an Inbox, which is a report without a defect."""
    (stored,) = sandbox.inbox(name)
    return read_report(stored)


def read_report(stored: StoredMail) -> EmailMessage:
    assert stored.envelope.reverse_path == ""
    message = stored.message
    assert not [defect for part in message.walk() for defect in part.defects]
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    return message


def fields(message: EmailMessage) -> tuple[Any, list[Any]]:
    """The delivery-status part: fields about the mail, and about each recipient (RFC 3464, 2)."""
    status: Any = list(message.iter_parts())[1]
    if status.get_content_type() == "message/delivery-status":
        about_mail, *about_recipients = status.get_payload()
    else:  # Python's parser takes what RFC 6533 defines for a mail with a body
        text = status.get_payload(0).as_bytes().decode()
        blocks = text.replace("\r\n", "\n").strip().split("\n\n")
        about_mail, *about_recipients = map(message_from_string, blocks)
    assert about_mail["Reporting-MTA"] and about_recipients
    for one in about_recipients:
        assert one["Final-Recipient"] and one["Action"] and one["Status"]
    return about_mail, about_recipients


def status(sandbox: Sandbox, name: str = ALICE) -> str:
    """The only status in the only report of an Inbox."""
    (about,) = fields(report(sandbox, name))[1]
    return str(about["Status"])
