"""The content of a mail transaction at the server: DATA and its end (RFC 5321, 3.3 and 4.1.1.4)."""

from __future__ import annotations

from aiosmtpd.smtp import syntax

from smtplab import session
from smtplab.mail_object import Envelope, MailObject
from smtplab.sandbox.hosts import Arrival
from smtplab.sandbox.transaction import MailTransaction

# RFC 1870, 6.3: "somewhat larger" than declared may pass. Clients differ in what they count as
# the content: line ends that they mend, a last CR LF that they add, trace fields.
SIZE_SLACK = 1024  # octets


class MailData(MailTransaction):
    """Takes a content, and hands it to the host with its envelope."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        if self._is_binary:  # RFC 3030, 3
            await self.push("503 5.5.1 Bad sequence of commands: BINARYMIME needs BDAT, not DATA")
            return
        await self.push("354 Send the content; end it with a line that holds one dot")
        limit = self.host.policy.size_limit
        reader = await self.read_mail_data(limit)
        if reader is None:
            return
        self.doing = session.END_OF_DATA
        if reader.fault:
            status = f"554 5.6.0 The content holds {reader.fault}"
        elif reader.too_big:
            status = f"552 5.3.4 The content may hold {limit} octets"
        else:
            status = self._finish(reader.take())
        self._set_rset_state()
        await self.push(status)

    @property
    def _is_binary(self) -> bool:
        return (self.parameters.get("BODY") or "").upper() == "BINARYMIME"

    def _finish(self, content: bytes) -> str:
        """Accept a content that is whole and well-formed, or say why not.

        A header section in UTF-8 is taken without SMTPUTF8 too: a server need not look for it
        (RFC 6531, 3.6) and should not refuse what is wrong in it (RFC 5321, 3.3).
        """
        declared = self.parameters.get("SIZE")
        if declared and len(content) > int(declared) + SIZE_SLACK:
            return (
                f"552 5.3.4 The content holds {len(content)} octets, and SIZE declared {declared}"
            )
        if "8BITMIME" not in self.offer and not (self._is_binary or content.isascii()):
            return "554 5.6.1 The content holds octets above 127, and 8BITMIME is not offered here"
        return self._accept(content)

    def _accept(self, content: bytes) -> str:
        """Store first, then say 250: from here on the mail object is ours (RFC 5321, 6.1)."""
        assert self.reverse_path is not None
        forward_paths = tuple(dict.fromkeys(path.mailbox for path in self.paths))
        per_recipient = {path: told for path, told in self.recipient_parameters.items() if told}
        envelope = Envelope(
            self.reverse_path.mailbox, forward_paths, self.parameters, per_recipient
        )
        mail = MailObject(envelope, content)
        arrival = Arrival(
            self.ehlo_name, self.session.peer[0], self._protocol_name(), self.recorder.connection
        )
        if self.listener.auth or self.host.policy.open_relay:
            return f"250 2.0.0 Queued as {self.host.submit(mail, arrival)}"
        found = (self.host.mailbox_of(path) for path in self.paths)
        mailboxes = [mailbox for mailbox in found if mailbox is not None]
        verdict = self.host.reception.at_content(self.visit(), mail, mailboxes)
        if verdict.is_refused:
            return verdict.reply
        return f"250 2.0.0 Accepted as {self.host.store(mail, self.paths, arrival, verdict)}"

    def _protocol_name(self) -> str:
        """RFC 3848; RFC 6531, 4.3."""
        if not self.session.extended_smtp:
            return "SMTP"
        name = "UTF8SMTP" if "SMTPUTF8" in self.parameters else "ESMTP"
        return f"{name}{'S' if self.tls else ''}{'A' if self.identity else ''}"
