"""The server of a service: the strict one, with the service's keywords, limits and texts."""

from __future__ import annotations

from smtplab import session
from smtplab.sandbox.profiles.profile_host import MOST_LOGINS, ProfilePolicy, forgetful, on_trial
from smtplab.sandbox.server import Server

# What the strict server says, and which refusal of a profile says the same.
_WRONG_PASSWORD, _LOGINS = "wrong-password", "logins"
_TLS, _SIGN_IN = "needs-tls", "not-signed-in"
_STAGES_OF_SIZE = ("MAIL", session.END_OF_DATA)


class ProfileServer(Server):
    """Decides as the strict server does, and says it as the service would."""

    _username = ""
    _recipients = 0
    _messages = 0
    _failed_logins = 0
    _success: str | bytes | None = None  # a 235 that waits until we know whose it is

    @property
    def policy(self) -> ProfilePolicy:
        policy = self.host.policy
        assert isinstance(policy, ProfilePolicy)
        return policy

    # What the service offers.

    def _keywords(self) -> list[str]:
        """Those of the profile that this server has, in the order of the profile."""
        have = {word.split()[0]: word for word in super()._keywords()}
        names = [fact.name for fact in self.policy.profile.about("keyword")]
        lines = [have[name] for name in names if name in have]
        return [self._mechanisms_line(line) if line.startswith("AUTH ") else line for line in lines]

    def _mechanisms_line(self, line: str) -> str:
        [offered] = self.policy.profile.about("auth")
        have = line.split()[1:]
        return " ".join(["AUTH", *(name for name in offered.text.split() if name in have)])

    # What the service refuses.

    async def smtp_AUTH(self, arg: str) -> None:
        await super().smtp_AUTH(arg)
        if self._success is None:
            return
        status, self._success = self._success, None
        name = self.policy.profile.name
        if self.identity == forgetful(name).username:
            self.identity = None
            self.session.authenticated = False
            status = _joined(self.policy.text("account-password") or "535 5.7.8 No")
        else:
            self._username = self.identity or ""
            self.policy.sending.setdefault(self._username, set()).add(self)
        await super().push(status)

    async def smtp_MAIL(self, arg: str) -> None:
        refusal = self._refusal_of_mail(arg) if self.identity else None
        if refusal is not None:
            await super().push(_joined(refusal))
        else:
            await super().smtp_MAIL(arg)

    def _refusal_of_mail(self, arg: str) -> str | None:
        policy = self.policy
        limits = policy.limits
        if policy.is_busy:
            return policy.text("busy")
        if "connections" in limits and len(policy.sending[self._username]) > limits["connections"]:
            return policy.text("connections")
        if self._messages >= limits.get("messages_a_connection", self._messages + 1):
            return policy.text("messages_a_connection")
        spent = policy.usage_of(self._username).spent(limits)
        if spent is not None:
            return policy.text(spent)
        domain = arg.partition(">")[0].rpartition("@")[2]
        if domain and not self.host.is_local(domain):  # the reverse-path stands for the sender
            return policy.text("sender")
        return None

    async def smtp_RCPT(self, arg: str) -> None:
        most = self.policy.limits.get("recipients_a_day")
        if most is not None:
            before = self.policy.usage_of(self._username).recipients_a_day()
            if before + self._recipients >= most:
                await super().push(
                    _joined(self.policy.text("recipients_a_day") or "452 4.5.3 Full")
                )
                return
        await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        text = self.policy.text("trial")
        if text is not None and self.identity == on_trial(self.policy.profile.name).username:
            await super().push(text)
        else:
            await super().smtp_DATA(arg)

    # How the service says it.

    async def push(self, status: str | bytes) -> None:
        text = status.decode() if isinstance(status, bytes) else status
        code = int(text[:3])
        if code == 235:
            self._success = status
            return
        if code in (221, 421):
            self._leave()
        self._note(code)
        refusal = self._name_of(code, text)
        said = self.policy.text(refusal) if refusal else None
        if said is None and self.doing == "EHLO" and code == 250:
            said = self._hello(text)
        await super().push(_joined(said) if said else status)

    def _note(self, code: int) -> None:
        """Count what was accepted."""
        if code == 250 and self.doing == "MAIL":
            self._recipients = 0
        elif code == 250 and self.doing == "RCPT":
            self._recipients += 1
        elif code == 250 and self.doing in (session.END_OF_DATA, session.BDAT_LAST):
            self._messages += 1
            self.policy.usage_of(self._username).count(self._recipients)

    def _name_of(self, code: int, text: str) -> str | None:
        """Which refusal of the profile this is, if it is one."""
        if code == 535:
            self._failed_logins += 1
            too_often = self._failed_logins >= self.policy.limits.get("logins", MOST_LOGINS)
            return _LOGINS if too_often and self.policy.text(_LOGINS) else _WRONG_PASSWORD
        if code == 530:
            return _TLS if "STARTTLS" in text else _SIGN_IN
        if code == 552 and self.doing in _STAGES_OF_SIZE:
            return "octets"
        return "recipients" if code == 452 and self.doing == "RCPT" else None

    def _hello(self, text: str) -> str:
        hello = [fact.text for fact in self.policy.profile.about("hello")]
        first, *rest = text.split("\r\n")
        return "\n".join([" ".join([first[:4] + self.hostname, *hello]), *rest])

    def _leave(self) -> None:
        self.policy.sending.get(self._username, set()).discard(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()
        super().connection_lost(error)


def _joined(text: str) -> str:
    """The lines of a profile's text as the wire has them; each but the last has its hyphen."""
    return text.replace("\n", "\r\n")
