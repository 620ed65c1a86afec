"""One mail transaction, tried at a server of the sandbox, and what the client makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from smtplab.client import Client, Settings
from smtplab.errors import SMTPLabError
from smtplab.mail_object import Envelope, MailObject
from smtplab.replies import Reply
from smtplab.sandbox import Sandbox
from smtplab.sending import Fate
from smtplab.sending.report import Sent
from smtplab.transcript import Transcript

# Seconds for each reply. Over TCP somebody really waits, and the dial delays for 2 s at most: so
# what is too late is too late there and in memory, where time is virtual.
LONGEST_WAIT = 1.5

# What a client has to do now (RFC 5321, 4.2.1, 4.2.4 and 4.5.4.1; RFC 1047).
ADVICE = {
    Fate.ACCEPTED: "The server took it over: from here on it is the server's to deliver.",
    Fate.IN_DOUBT: "Nobody knows whether the server has it. The client must try again, and the "
    "recipient may get it twice (RFC 1047).",
    Fate.NOT_SENT: "The content never left. The client keeps it, waits and tries again "
    "(RFC 5321, 4.5.4.1).",
}
_LATER = "4yz is not now: the client keeps it, waits and tries again (RFC 5321, 4.2.1 and 4.5.4.1)."
_NEVER = "5yz is never: the client stops, and the author gets a report (RFC 5321, 4.2.1)."


@dataclass(frozen=True)
class Trial:
    """What was said, as the client saw it, and what became of the mail object."""

    transcript: Transcript
    sent: Sent

    @property
    def advice(self) -> str:
        """What the client has to do now, by the RFCs."""
        if self.sent.fate is Fate.REFUSED and self.sent.reply is not None:
            return _LATER if self.sent.reply.code < 500 else _NEVER
        return ADVICE.get(self.sent.fate, "")


@dataclass
class _Progress:
    """How far the transaction got."""

    mail: MailObject
    has_content_gone: bool = False
    sent: Sent | None = None
    client: Client | None = None


def try_transaction(sandbox: Sandbox, place: tuple[str, int], mail: MailObject) -> Trial:
    """Connect, send one mail object step by step, close; it raises nothing of the connection."""
    sandbox.start()
    transcript = Transcript(sandbox.clock.now)
    progress = _Progress(mail)
    try:
        settings = Settings(timeout=LONGEST_WAIT, transcript=transcript)
        progress.client = Client.connect(*place, network=sandbox, settings=settings)
        _run(progress.client, progress)
        progress.client.quit()
    except SMTPLabError as error:
        if progress.sent is None:
            fate = Fate.IN_DOUBT if progress.has_content_gone else Fate.NOT_SENT
            progress.sent = Sent(mail, fate, why=str(error))
    finally:
        if progress.client is not None:
            progress.client.close()
    assert progress.sent is not None
    return Trial(transcript, progress.sent)


def _run(client: Client, progress: _Progress) -> None:
    envelope = progress.mail.envelope
    steps: list[Callable[[], Reply]] = [client.ehlo, partial(client.mail, envelope.reverse_path)]
    steps += [partial(client.rcpt, path) for path in envelope.forward_paths]
    greeting = client.greeting
    if greeting.code >= 400:
        progress.sent = Sent(progress.mail, Fate.REFUSED, greeting)
        return
    for step in [*steps, client.data]:
        reply = step()
        if reply.code >= 400:
            progress.sent = Sent(progress.mail, Fate.REFUSED, reply)
            return
    progress.has_content_gone = True
    reply = client.content(progress.mail.content)
    progress.sent = Sent(progress.mail, Fate.ACCEPTED if reply.code < 300 else Fate.REFUSED, reply)


def short_mail(forward_path: str) -> MailObject:
    """What a try sends."""
    content = (
        f"From: Alice <alice@example.org>\r\nTo: <{forward_path}>\r\n"
        "Subject: A try\r\n\r\nDoes this arrive?\r\n"
    )
    octets = content.encode("utf-8", "replace")
    return MailObject(Envelope("alice@example.org", (forward_path,)), octets)
