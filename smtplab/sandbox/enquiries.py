"""What a client may ask beside mail: VRFY, EXPN, HELP, ETRN (RFC 5321, 3.5; RFC 1985)."""

from __future__ import annotations

from aiosmtpd.smtp import syntax

from smtplab.errors import LocalProtocolError
from smtplab.grammar import Path, is_ehlo_name, parse_path
from smtplab.sandbox.faults import magic
from smtplab.sandbox.offer import VERBS
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.transaction import MailTransaction

_UTF8_PARAMETER = " SMTPUTF8"  # RFC 6531, 3.7.4.2


class Enquiries(MailTransaction):
    """Answers as far as the policy of the host lets it."""

    @syntax("VRFY mailbox")
    async def smtp_VRFY(self, arg: str) -> None:
        policy = self.host.policy
        if policy.vrfy == "refused" or not policy.offers("VRFY"):
            await self.push("502 5.5.1 VRFY is not implemented here")
        elif not arg:
            await self.push("501 5.5.4 VRFY wants a mailbox")
        elif not (text := self._asked_for(arg)):
            await self.push("553 5.6.7 More than ASCII needs the parameter SMTPUTF8")
        elif policy.vrfy == "not told":  # RFC 5321, 7.3: 252 gives nothing away
            await self.push("252 2.0.0 Not told here; send mail and see")
        else:
            await self.push(self._verified(text))

    @syntax("EXPN list")
    async def smtp_EXPN(self, arg: str) -> None:
        policy = self.host.policy
        if policy.expn == "refused" or not policy.offers("EXPN"):
            await self.push("502 5.5.1 EXPN is not implemented here")
        elif not arg:
            await self.push("501 5.5.4 EXPN wants the name of a mailing list")
        elif not (text := self._asked_for(arg)):
            await self.push("553 5.6.7 More than ASCII needs the parameter SMTPUTF8")
        else:
            await self.push(self._expanded(text))

    def _asked_for(self, arg: str) -> str:
        """The name in question; "" if it holds more than ASCII and no SMTPUTF8 follows."""
        if "SMTPUTF8" in self.offer and arg.upper().endswith(_UTF8_PARAMETER):
            return arg[: -len(_UTF8_PARAMETER)]
        return arg if arg.isascii() else ""

    def _meant(self, text: str) -> list[Path]:
        """The paths that a name stands for here: a mailbox, or a local-part in each domain.

        The domain of the magic addresses has no mailboxes of its own.
        """
        inner = text.removeprefix("<").removesuffix(">")
        domains = [domain for domain in self.host.domains if domain != magic.DOMAIN]
        tried = [inner] if "@" in inner else [f"{inner}@{domain}" for domain in domains]
        try:
            return [parse_path(f"<{mailbox}>")[0] for mailbox in tried]
        except LocalProtocolError:
            return []

    def _verified(self, text: str) -> str:
        """RFC 5321, 3.5.1 and 3.5.3."""
        meant = self._meant(text)
        if not meant:
            return "501 5.5.4 VRFY wants one mailbox, or its local-part"
        if not self.host.is_local(meant[0].domain):
            return f"252 2.0.0 {meant[0].domain} is not a domain of this server, so it cannot tell"
        known = [path for path in meant if self.host.mailbox_of(path) is not None]
        if not known:
            return "550 5.1.1 No such mailbox here"
        if len(known) > 1:
            lines = ["553-5.1.4 Ambiguous; which one is meant?"]
            lines += [f"553-5.1.4 {path}" for path in known]
            return "\r\n".join((*lines[:-1], lines[-1].replace("553-", "553 ", 1)))
        return f"250 2.1.5 {known[0]}"

    def _expanded(self, text: str) -> str:
        """RFC 5321, 3.5.2."""
        meant = self._meant(text)
        for path in meant:
            if members := self.host.members(path.mailbox):
                last = len(members) - 1
                return "\r\n".join(
                    f"250{'-' if n < last else ' '}2.1.5 <{one}>" for n, one in enumerate(members)
                )
        if any(self.host.mailbox_of(path) is not None for path in meant):
            return "550 5.1.1 That is a mailbox, not a mailing list"
        return "550 5.1.1 No such mailing list here"

    @syntax("HELP [verb]")
    async def smtp_HELP(self, arg: str) -> None:
        """RFC 5321, 4.1.1.8: 214 is for a human."""
        verbs = sorted(verb for verb in self._smtp_methods if self.knows(verb))
        if not self.host.policy.offers("HELP"):
            await self.push("502 5.5.1 HELP is not implemented here")
        elif not arg:
            await self.push(f"214 2.0.0 Verbs here: {' '.join(verbs)}")
        elif arg.upper() in verbs:
            await self.push(f"214 2.0.0 {self._smtp_methods[arg.upper()].__smtp_syntax__}")
        else:
            await self.push(f"504 5.5.4 There is no help on {arg[:40]!a}")

    def knows(self, verb: str) -> bool:
        """Whether the verb is known: those of an extension that is switched off are not."""
        if verb == "ETRN":
            return verb in self.offer
        return verb in self._smtp_methods and self.host.policy.offers(VERBS.get(verb, ""))

    @syntax("ETRN [@]domain")
    async def smtp_ETRN(self, arg: str) -> None:
        """Start the queue for a domain whose host was away, a little of RFC 1985."""
        domain = arg.removeprefix("@").lower()
        if not is_ehlo_name(domain) or domain.startswith("["):
            await self.push("501 5.5.4 ETRN wants one domain; @ in front takes in its sub-domains")
        elif domain not in self.host.policy.etrn_domains:
            await self.push(
                f"459 4.7.1 Node {domain} not allowed: its queue is not started for others"
            )
        elif not (waiting := self._waiting_for(domain, with_subdomains=arg.startswith("@"))):
            await self.push(f"251 2.0.0 No messages waiting for node {domain}")
        else:
            for item in waiting:
                item.next_attempt = self.host.now()
            self.host.queue.on_put()
            await self.push(f"253 2.0.0 {len(waiting)} pending messages for node {domain} started")

    def _waiting_for(self, domain: str, *, with_subdomains: bool) -> list[QueueItem]:
        """What is in the queue for a domain, and with it for those under it."""

        def is_meant(forward_path: str) -> bool:
            found = forward_path.rpartition("@")[2].lower()
            return found == domain or (with_subdomains and found.endswith(f".{domain}"))

        return [item for item in self.host.queue.items if any(map(is_meant, item.waiting))]
