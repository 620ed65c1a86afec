"""How each refusal of a provider profile is provoked, live, and the world put back behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smtplab.client import Client, Settings
from smtplab.reference.profiles import Profile
from smtplab.sandbox import Sandbox
from smtplab.sandbox.profiles.profile_host import ProfilePolicy, forgetful, learner, on_trial

FEW = 2  # what a limit is lowered to, so that a try meets it soon


class Attempt:
    """One refusal, provoked: the clients that it took, the last of which was refused."""

    def __init__(self, sandbox: Sandbox, service: Profile) -> None:
        policy = sandbox.policy(service.sandbox_host)
        assert isinstance(policy, ProfilePolicy)
        self.sandbox, self.service, self.policy = sandbox, service, policy
        self.clients: list[Client] = []

    def connect(self, tls: str = "") -> Client:
        """A client that has said EHLO, on the first port with this kind of TLS."""
        port = next(one for one in self.service.about("port") if tls in ("", one.text))
        settings = Settings(implicit_tls=port.text == "implicit")
        host = self.service.sandbox_host
        client = self.sandbox.connect(host, int(port.name), settings=settings)
        self.clients.append(client)
        client.ehlo()
        return client

    def greet(self) -> Client:
        """A client that may sign in."""
        client = self.connect()
        if not client.session.tls and "STARTTLS" in (client.extensions or ()):
            client.starttls()
            client.ehlo()
        return client

    def sign_in(self) -> Client:
        client = self.greet()
        account = learner(self.service.name)
        client.auth(account.username, account.password, "LOGIN")
        return client

    @property
    def mailbox(self) -> str:
        return learner(self.service.name).mailbox

    def send(self, client: Client) -> None:
        client.mail(self.mailbox)
        client.rcpt(self.mailbox)
        client.data()
        client.content(b"Subject: One of many\r\n\r\n")

    @contextmanager
    def world_put_back(self) -> Iterator[None]:
        """Limits and counts are afterwards as they were, and every connection is closed."""
        policy = self.policy
        limits, most, usage = dict(policy.limits), policy.max_recipients, dict(policy.usage)
        policy.usage.clear()
        try:
            yield
        finally:
            policy.limits, policy.max_recipients, policy.is_busy = limits, most, False
            policy.usage.clear()
            policy.usage.update(usage)
            for client in self.clients:
                client.close()


# One function a refusal; the last reply that its last client gets is the refusal.


def _needs_tls(attempt: Attempt) -> None:
    attempt.connect("starttls").mail(attempt.mailbox)


def _not_signed_in(attempt: Attempt) -> None:
    attempt.greet().mail(attempt.mailbox)


def _wrong_password(attempt: Attempt) -> None:
    attempt.greet().auth(learner(attempt.service.name).username, "wrong", "LOGIN")


def _account_password(attempt: Attempt) -> None:
    account = forgetful(attempt.service.name)
    attempt.greet().auth(account.username, account.password, "LOGIN")


def _logins(attempt: Attempt) -> None:
    client = attempt.greet()
    for _ in range(attempt.service.limits()["logins"]):
        client.auth(learner(attempt.service.name).username, "wrong", "LOGIN")


def _trial(attempt: Attempt) -> None:
    client = attempt.greet()
    account = on_trial(attempt.service.name)
    client.auth(account.username, account.password)
    client.mail(account.mailbox)
    client.rcpt(attempt.mailbox)
    client.data()


def _sender(attempt: Attempt) -> None:
    attempt.sign_in().mail("ceo@bank.example")


def _busy(attempt: Attempt) -> None:
    client = attempt.sign_in()
    attempt.policy.is_busy = True
    client.mail(attempt.mailbox)


def _connections(attempt: Attempt) -> None:
    attempt.policy.limits["connections"] = FEW
    for _ in range(FEW + 1):
        attempt.sign_in().mail(attempt.mailbox)


def _messages(limit: str) -> Callable[[Attempt], None]:
    def provoke(attempt: Attempt) -> None:
        limits = attempt.policy.limits
        for other in [name for name in limits if name.startswith("messages")]:
            del limits[other]
        limits[limit] = FEW
        client = attempt.sign_in()
        for _ in range(FEW):
            attempt.send(client)
        client.mail(attempt.mailbox)

    return provoke


def _recipients(attempt: Attempt) -> None:
    attempt.policy.max_recipients = FEW
    _one_too_many(attempt)


def _recipients_a_day(attempt: Attempt) -> None:
    attempt.policy.limits["recipients_a_day"] = FEW
    _one_too_many(attempt)


def _one_too_many(attempt: Attempt) -> None:
    client = attempt.sign_in()
    client.mail(attempt.mailbox)
    for _ in range(FEW + 1):
        client.rcpt(attempt.mailbox)


def _octets(attempt: Attempt) -> None:
    size = attempt.service.limits()["octets"] + 1
    attempt.sign_in().mail(attempt.mailbox, {"SIZE": str(size)})


_LOWERED = f"for this try the limit was lowered to {FEW}"

PROVOKED_BY: dict[str, tuple[str, Callable[[Attempt], None]]] = {
    "needs-tls": ("MAIL before TLS", _needs_tls),
    "not-signed-in": ("MAIL without AUTH", _not_signed_in),
    "wrong-password": ("AUTH with a wrong password", _wrong_password),
    "account-password": ("AUTH with the password of the account", _account_password),
    "logins": ("AUTH with a wrong password, again and again", _logins),
    "trial": ("Sending with an account on trial", _trial),
    "sender": ("MAIL from somebody else's address", _sender),
    "busy": ("MAIL when the service is busy", _busy),
    "connections": (f"One connection too many; {_LOWERED}", _connections),
    "messages_a_minute": (
        f"One message too many in a minute; {_LOWERED}",
        _messages("messages_a_minute"),
    ),
    "messages_an_hour": (
        f"One message too many in an hour; {_LOWERED}",
        _messages("messages_an_hour"),
    ),
    "messages_a_day": (f"One message too many in a day; {_LOWERED}", _messages("messages_a_day")),
    "messages_a_connection": (
        f"One message too many on a connection; {_LOWERED}",
        _messages("messages_a_connection"),
    ),
    "recipients": (f"One recipient too many; {_LOWERED}", _recipients),
    "recipients_a_day": (f"One recipient too many in a day; {_LOWERED}", _recipients_a_day),
    "octets": ("A message that says it is too large", _octets),
}
"""What provokes each refusal, in words and in deeds; by the name that a profile gives it."""


def provoke(sandbox: Sandbox, service: Profile, refusal: str) -> Client:
    """Provoke a refusal and give the client that met it, closed; its transcript tells the rest."""
    attempt = Attempt(sandbox, service)
    with attempt.world_put_back():
        PROVOKED_BY[refusal][1](attempt)
    return attempt.clients[-1]
