"""Mail objects over one connection, pipelined where the server offers it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from smtplab import commands
from smtplab.client import Client
from smtplab.errors import LocalProtocolError, SMTPLabError
from smtplab.extensions import Extensions
from smtplab.mail_object import MailObject, encode_content
from smtplab.pipelining import Passage
from smtplab.replies import Reply
from smtplab.sending.report import Fate, Sent

Numbered = tuple[int, MailObject]
Done = Callable[[int, Sent], None]

_NOTHING_OFFERED = Extensions()


class Courier:
    """Carries mail objects over one session that is ready for MAIL."""

    def __init__(self, client: Client, done: Done) -> None:
        self._client, self._done = client, done
        self._offered = client.extensions or _NOTHING_OFFERED
        self._size_is_asked = "SIZE" in self._offered
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
            if passage.ended:
                self._done(number, fate_of(mail, passage))
            elif passage.handed_over:
                self._done(number, Sent(mail, Fate.IN_DOUBT, why=why))
            else:
                self._under_way.append((numbered, passage))

    def _passages(self, mails: Iterable[Numbered]) -> Iterator[Passage]:
        for number, mail in mails:
            try:
                opening = self._opening(mail)
            except LocalProtocolError as error:
                self._done(number, Sent(mail, Fate.NOT_SENT, why=str(error)))
                continue
            steps = _steps(len(mail.envelope.forward_paths))
            passage = Passage(steps, opening, encode_content(mail.content))
            self._under_way.append(((number, mail), passage))
            yield passage

    def _opening(self, mail: MailObject) -> bytes:
        """MAIL, each RCPT, DATA; `LocalProtocolError` says why this server must not get it."""
        envelope = mail.envelope
        paths, own = envelope.forward_paths, envelope.recipient_parameters
        if not paths:
            raise LocalProtocolError(_NO_FORWARD_PATH)
        parameters = dict[str, str | int | None]()
        if self._size_is_asked:
            parameters["SIZE"] = len(mail.content)
        if not mail.content.isascii():
            self._check_offered("8BITMIME", _EIGHT_BIT)
            parameters["BODY"] = "8BITMIME"
        if not (envelope.reverse_path.isascii() and all(map(str.isascii, paths))):
            self._check_offered("SMTPUTF8", _WIDE_ENVELOPE)
            parameters["SMTPUTF8"] = None
        if envelope.parameters:
            parameters.update(envelope.parameters)
        opening = [commands.mail(envelope.reverse_path, parameters)]
        opening += [commands.rcpt(path, own.get(path) if own else None) for path in paths]
        opening.append(commands.data())
        return b"".join(opening)

    def _check_offered(self, keyword: str, otherwise: str) -> None:
        if keyword not in self._offered:
            raise LocalProtocolError(otherwise)


_NO_FORWARD_PATH = "the envelope has no forward-path; name at least one recipient"
_EIGHT_BIT = (
    "the content holds octets above 127 and the server does not offer 8BITMIME (RFC 6152, 3); "
    "encode it as quoted-printable or base64"
)
_WIDE_ENVELOPE = (
    "the envelope holds letters beyond ASCII and the server does not offer SMTPUTF8 "
    "(RFC 6531, 3.2); use another mailbox or another server"
)


@cache
def _steps(recipients: int) -> tuple[str, ...]:
    return "MAIL", *["RCPT"] * recipients, "DATA"


def fate_of(mail: MailObject, passage: Passage) -> Sent:
    """What the replies to one mail object say."""
    refused: tuple[tuple[str, Reply], ...] = ()
    if not passage.is_as_usual:
        verdicts = zip(mail.envelope.forward_paths, passage.replies[1:-1], strict=False)
        refused = tuple((path, reply) for path, reply in verdicts if reply.code >= 300)
    final = passage.final
    if final is None:
        decided = next((reply for reply in passage.replies if reply.code >= 400), None)
        return Sent(mail, Fate.REFUSED, decided, refused)
    if final.code >= 300:
        return Sent(mail, Fate.REFUSED, final, refused)
    return Sent(mail, _PARTLY_ACCEPTED if refused else _ACCEPTED, final, refused)


_ACCEPTED, _PARTLY_ACCEPTED = Fate.ACCEPTED, Fate.PARTLY_ACCEPTED  # found once, as in `dialogue`
