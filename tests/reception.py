"""Hands for the tests of reception: a mail object from a host of one's choice, or from Alice."""

from smtplab import Reply, Sandbox, Settings

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"


def switches(sandbox: Sandbox, host: str = MX):
    return sandbox.policy(host).reception


def content(author: str = ALICE, body: bytes = b"Hello\r\n") -> bytes:
    """A content that no rule of the score has anything against."""
    return (
        f"From: {author}\r\nTo: {BOB}\r\nSubject: Tea\r\n"
        "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
    ).encode() + body


def bring(
    sandbox: Sandbox, octets: bytes, *, source: str, sender: str, to: tuple[str, ...] = (BOB,)
) -> Reply:
    """The last reply that a client at `source` got, at whatever step it was refused."""
    with sandbox.connect(MX, 25, settings=Settings(source=source)) as client:
        if not client.greeting.is_positive:
            return client.greeting
        if not (reply := client.ehlo()).is_positive:
            return reply
        if not (reply := client.mail(sender)).is_positive:
            return reply
        for path in to:
            reply = client.rcpt(path)
        if not reply.is_positive and len(to) == 1:
            return reply
        client.data()
        return client.content(octets)


def submit(sandbox: Sandbox, octets: bytes, *to: str, sender: str = ALICE) -> list[Reply]:
    """Alice's mail; the replies to RCPT and to the content."""
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        client.mail(sender)
        replies = [client.rcpt(path) for path in to]
        client.data()
        return [*replies, client.content(octets)]
