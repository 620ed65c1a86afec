"""Mail objects over one connection, pipelined where the server offers it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from smtplab import commands
from smtplab.client import Client
from smtplab.errors import SMTPLabError
from smtplab.extensions import Extensions
from smtplab.mail_object import Envelope, MailObject, encode_content
from smtplab.pipelining import CodeAndOctets, Part, Passage
from smtplab.replies import Reply, ReplyParser
from smtplab.sending.report import Fate, Sent

Numbered = tuple[int, MailObject]
Done = Callable[[int, Sent], None]

_NOTHING_OFFERED = Extensions()
_DATA: Part = ("DATA", commands.data())


class Courier:
    """Carries mail objects over one session that is ready for MAIL."""

    def __init__(self, client: Client, done: Done) -> None:
        self._client, self._done = client, done
        self._offered = client.extensions or _NOTHING_OFFERED
        self._under_way: deque[tuple[Numbered, Passage]] = deque()

    def carry(self, mails: Iterable[Numbered]) -> None:
        """Send mail objects in order, and tell the fate of each by its number.

        If the session breaks, the error is raised after the fate of the one whose content was on
        its way was told; `unsent` then has those that were taken and certainly not sent.
        """
        pipelined = "PIPELINING" in self._offered
        try:
            for passage in self._client.carry(self._passages(mails), pipelined):
                (number, mail), _ = self._under_way.popleft()
                self._done(number, fate_of(mail, passage))
        except (SMTPLabError, KeyboardInterrupt) as error:
            self._tell_doubts(str(error) or "it was interrupted")
            raise

    @property
    def unsent(self) -> tuple[Numbered, ...]:
        return tuple(numbered for numbered, _ in self._under_way)

    def _tell_doubts(self, why: str) -> None:
        waiting = list(self._under_way)
        self._under_way.clear()
        for numbered, passage in waiting:
            number, mail = numbered
            if passage.final is not None:
                self._done(number, fate_of(mail, passage))
            elif passage.handed_over:
                self._done(number, Sent(mail, Fate.IN_DOUBT, why=why))
            else:
                self._under_way.append((numbered, passage))

    def _passages(self, mails: Iterable[Numbered]) -> Iterator[Passage]:
        for number, mail in mails:
            if why := self._cannot(mail):
                self._done(number, Sent(mail, Fate.NOT_SENT, why=why))
                continue
            passage = Passage(self._opening(mail), encode_content(mail.content))
            self._under_way.append(((number, mail), passage))
            yield passage

    def _cannot(self, mail: MailObject) -> str:
        """Why this server must not get a mail object; "" if it may."""
        if not mail.content.isascii() and "8BITMIME" not in self._offered:
            return (
                "the content holds octets above 127 and the server does not offer 8BITMIME "
                "(RFC 6152, 3); encode it as quoted-printable or base64"
            )
        if not _is_ascii(mail.envelope) and "SMTPUTF8" not in self._offered:
            return (
                "the envelope holds letters beyond ASCII and the server does not offer SMTPUTF8 "
                "(RFC 6531, 3.2); use another mailbox or another server"
            )
        if not mail.envelope.forward_paths:
            return "the envelope has no forward-path; name at least one recipient"
        return ""

    def _opening(self, mail: MailObject) -> list[Part]:
        envelope = mail.envelope
        parameters: dict[str, str | int | None] = {}
        if "SIZE" in self._offered:
            parameters["SIZE"] = len(mail.content)
        if not mail.content.isascii():
            parameters["BODY"] = "8BITMIME"
        if not _is_ascii(envelope):
            parameters["SMTPUTF8"] = None
        parameters.update(envelope.parameters)
        opening = [("MAIL", commands.mail(envelope.reverse_path, parameters))]
        for path in envelope.forward_paths:
            own = envelope.recipient_parameters.get(path)
            opening.append(("RCPT", commands.rcpt(path, own)))
        opening.append(_DATA)
        return opening


def fate_of(mail: MailObject, passage: Passage) -> Sent:
    """What the replies to one mail object say."""
    verdicts = zip(mail.envelope.forward_paths, passage.replies[1:-1], strict=False)
    refused = tuple((path, _reply(answer)) for path, answer in verdicts if answer[0] >= 300)
    if passage.final is None:
        decided = next((one for one in passage.replies if one[0] >= 400), None)
        reply = _reply(decided) if decided else None
        return Sent(mail, Fate.REFUSED, reply, refused)
    reply = _reply(passage.final)
    if passage.final[0] >= 300:
        return Sent(mail, Fate.REFUSED, reply, refused)
    return Sent(mail, Fate.PARTLY_ACCEPTED if refused else Fate.ACCEPTED, reply, refused)


def _reply(answer: CodeAndOctets) -> Reply:
    reply = ReplyParser().reply_after(answer[1])
    assert reply is not None, "a whole reply was read before"
    return reply


def _is_ascii(envelope: Envelope) -> bool:
    return envelope.reverse_path.isascii() and all(p.isascii() for p in envelope.forward_paths)
