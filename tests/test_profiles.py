"""Profiles of real services: each fact has its source, and each refusal is produced live."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from smtplab import Client, LocalProtocolError, Sandbox, Settings
from smtplab.reference.profiles import NAMES, TOPICS, Fact, Profile, profile
from smtplab.sandbox.profiles.profile_host import ProfilePolicy, forgetful, learner, on_trial
from smtplab.transcript import Kind
from tests.life_cycle import BOB

FACTS = [(name, fact) for name in NAMES for fact in profile(name).facts]
REFUSALS = [(name, fact) for name, fact in FACTS if fact.topic == "refusal"]


# What the profiles say.


@pytest.mark.parametrize(("name", "fact"), FACTS, ids=lambda one: getattr(one, "topic", one))
def test_each_fact_has_a_page_and_a_day_or_says_that_it_is_illustrative(
    name: str, fact: Fact
) -> None:
    assert fact.topic in TOPICS and (fact.text or fact.value)
    if fact.source is None:
        assert fact.is_illustrative and str(fact).endswith("[illustrative, no source]")
    else:
        assert fact.source.title and fact.source.url.startswith("https://")
        assert date(2026, 1, 1) <= date.fromisoformat(fact.source.read)
        assert str(fact).endswith(f"[{fact.source}]")


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_has_a_page_for_most_of_what_it_says(name: str) -> None:
    facts = profile(name).facts
    assert sum(not fact.is_illustrative for fact in facts) >= len(facts) / 3
    assert not all(fact.is_illustrative for fact in profile(name).about("port"))
    assert all(topic in str(profile(name)) for topic in ("port", "limit", "refusal"))


@pytest.mark.parametrize(("name", "fact"), REFUSALS, ids=lambda one: getattr(one, "name", one))
def test_each_refusal_is_a_reply_of_whole_lines_with_one_code(name: str, fact: Fact) -> None:
    *first, last = fact.text.split("\n")
    assert re.match(r"[45]\d\d ", last)
    assert all(line.startswith(f"{last[:3]}-") for line in first)


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(LocalProtocolError, match="no profile 'hotmail'; there are gmail, outlook"):
        profile("hotmail")


# How they behave.


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def greet(sandbox: Sandbox, service: Profile) -> Client:
    """A client that may sign in."""
    port = service.about("port")[0]
    settings = Settings(implicit_tls=port.text == "implicit")
    client = sandbox.connect(service.sandbox_host, int(port.name), settings=settings)
    client.ehlo()
    if not client.session.tls and client.starttls().is_positive:
        client.ehlo()
    return client


def sign_in(sandbox: Sandbox, service: Profile) -> Client:
    client = greet(sandbox, service)
    account = learner(service.name)
    assert client.auth(account.username, account.password, "LOGIN").code == 235
    return client


def sender(service: Profile) -> str:
    return learner(service.name).mailbox


def send(client: Client, service: Profile, recipients: int = 1) -> None:
    assert client.mail(sender(service)).code == 250
    for number in range(recipients):
        assert client.rcpt(f"a{number}@nowhere.example").code == 250
    assert client.data().code == 354
    assert client.content(b"Subject: x\r\n\r\n").code == 250


def limits(sandbox: Sandbox, service: Profile) -> dict[str, int]:
    policy = sandbox.policy(service.sandbox_host)
    assert isinstance(policy, ProfilePolicy)
    return policy.limits


# What provokes each refusal; the last reply of the client is the refusal.


def needs_tls(sandbox: Sandbox, service: Profile) -> Client:
    port = next(one for one in service.about("port") if one.text == "starttls")
    client = sandbox.connect(service.sandbox_host, int(port.name))
    client.ehlo()
    client.mail(sender(service))
    return client


def not_signed_in(sandbox: Sandbox, service: Profile) -> Client:
    client = greet(sandbox, service)
    client.mail(sender(service))
    return client


def wrong_password(sandbox: Sandbox, service: Profile) -> Client:
    client = greet(sandbox, service)
    client.auth(learner(service.name).username, "wrong", "LOGIN")
    return client


def account_password(sandbox: Sandbox, service: Profile) -> Client:
    client = greet(sandbox, service)
    account = forgetful(service.name)
    client.auth(account.username, account.password, "LOGIN")
    assert not client.mail(account.mailbox).is_positive, "nobody is signed in"
    client.transcript  # noqa: B018
    client = greet(sandbox, service)
    client.auth(account.username, account.password, "LOGIN")
    return client


def logins(sandbox: Sandbox, service: Profile) -> Client:
    client = greet(sandbox, service)
    for _ in range(service.limits()["logins"]):
        client.auth(learner(service.name).username, "wrong", "LOGIN")
    return client


def trial(sandbox: Sandbox, service: Profile) -> Client:
    client = greet(sandbox, service)
    account = on_trial(service.name)
    client.auth(account.username, account.password)
    client.mail(account.mailbox)
    client.rcpt(BOB)
    client.data()
    return client


def foreign_sender(sandbox: Sandbox, service: Profile) -> Client:
    client = sign_in(sandbox, service)
    client.mail("ceo@bank.example")
    return client


def busy(sandbox: Sandbox, service: Profile) -> Client:
    client = sign_in(sandbox, service)
    policy = sandbox.policy(service.sandbox_host)
    assert isinstance(policy, ProfilePolicy)
    policy.is_busy = True
    client.mail(sender(service))
    return client


def connections(sandbox: Sandbox, service: Profile) -> Client:
    clients = [sign_in(sandbox, service) for _ in range(service.limits()["connections"])]
    assert clients[-1].mail(sender(service)).code == 250
    client = sign_in(sandbox, service)
    client.mail(sender(service))
    return client


def too_many_messages(name: str) -> Callable[[Sandbox, Profile], Client]:
    def provoke(sandbox: Sandbox, service: Profile) -> Client:
        allowed = limits(sandbox, service)
        for other in list(allowed):
            if other.startswith("messages") and other != name:
                del allowed[other]
        allowed[name] = min(allowed[name], 30)
        client = sign_in(sandbox, service)
        for _ in range(allowed[name]):
            send(client, service)
        client.mail(sender(service))
        return client

    return provoke


def recipients_a_day(sandbox: Sandbox, service: Profile) -> Client:
    limits(sandbox, service)["recipients_a_day"] = 10
    client = sign_in(sandbox, service)
    send(client, service, 4)
    send(client, service, 4)
    client.mail(sender(service))
    for _ in range(2):
        assert client.rcpt(BOB).code == 250
    client.rcpt(BOB)
    return client


def recipients(sandbox: Sandbox, service: Profile) -> Client:
    client = sign_in(sandbox, service)
    client.mail(sender(service))
    for _ in range(service.limits()["recipients"]):
        assert client.rcpt(BOB).code == 250
    client.rcpt(BOB)
    return client


def octets(sandbox: Sandbox, service: Profile) -> Client:
    client = sign_in(sandbox, service)
    client.mail(sender(service), {"SIZE": str(service.limits()["octets"] + 1)})
    return client


PROVOKED_BY: dict[str, Callable[[Sandbox, Profile], Client]] = {
    "needs-tls": needs_tls,
    "not-signed-in": not_signed_in,
    "wrong-password": wrong_password,
    "account-password": account_password,
    "logins": logins,
    "trial": trial,
    "sender": foreign_sender,
    "busy": busy,
    "connections": connections,
    "messages_a_minute": too_many_messages("messages_a_minute"),
    "messages_an_hour": too_many_messages("messages_an_hour"),
    "messages_a_day": too_many_messages("messages_a_day"),
    "messages_a_connection": too_many_messages("messages_a_connection"),
    "recipients_a_day": recipients_a_day,
    "recipients": recipients,
    "octets": octets,
}


@pytest.mark.parametrize(
    ("name", "fact"), REFUSALS, ids=[f"{name}-{fact.name}" for name, fact in REFUSALS]
)
def test_each_refusal_is_produced_live_and_word_for_word(
    sandbox: Sandbox, name: str, fact: Fact
) -> None:
    sandbox.add_host(name)
    client = PROVOKED_BY[fact.name](sandbox, profile(name))
    replies = [event.octets for event in client.transcript.events if event.kind is Kind.REPLY]
    assert replies[-1] == fact.text.replace("\n", "\r\n").encode() + b"\r\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_says_hello_in_its_own_way_and_delivers(sandbox: Sandbox, name: str) -> None:
    service = sandbox.profiles[name]
    plan = sandbox.add_host(name)
    assert {one.port for one in plan.listeners} == {int(f.name) for f in service.about("port")}
    client = sign_in(sandbox, service)
    [greeting] = service.about("greeting")
    assert str(client.greeting) == f"220 {service.sandbox_host} {greeting.text}"
    order = [fact.name for fact in service.about("keyword")]
    told = [line.split()[0].decode() for line in client.ehlo().texts[1:]]
    assert told == [word for word in order if word in told] and "AUTH" in told
    assert client.extensions is not None
    assert client.extensions.size_limit == service.limits()["octets"]
    client.mail(sender(service))
    client.rcpt(BOB)
    client.data()
    client.content(b"Subject: Hello\r\n\r\n")
    [mail] = sandbox.inbox(BOB)
    assert mail.envelope.reverse_path == sender(service)
    assert f"from {service.sandbox_host} ([192.0.2.2" in str(mail)


def test_gmail_counts_500_messages_a_day_on_the_world_clock() -> None:
    """The whole number, and the 24 hours behind it."""
    with Sandbox("memory") as sandbox:
        sandbox.add_host("gmail")
        service = profile("gmail")
        client = sign_in(sandbox, service)
        for _ in range(500):
            send(client, service)
        assert str(client.mail(sender(service))).startswith("550")
        sandbox.clock.advance(timedelta(hours=23, minutes=59))
        client = sign_in(sandbox, service)
        assert str(client.mail(sender(service))).startswith("550")
        sandbox.clock.advance(timedelta(minutes=1))
        assert client.mail(sender(service)).code == 250


def test_outlook_counts_30_messages_a_minute_on_the_world_clock(sandbox: Sandbox) -> None:
    sandbox.add_host("outlook")
    service = profile("outlook")
    client = sign_in(sandbox, service)
    for _ in range(30):
        send(client, service)
    assert client.mail(sender(service)).code == 451
    sandbox.clock.advance(timedelta(minutes=1))
    assert client.mail(sender(service)).code == 250


def test_a_connection_that_is_closed_makes_room_for_another(sandbox: Sandbox) -> None:
    sandbox.add_host("outlook")
    service = profile("outlook")
    first, *_ = [sign_in(sandbox, service) for _ in range(3)]
    fourth = sign_in(sandbox, service)
    assert fourth.mail(sender(service)).code == 432
    first.quit()
    assert fourth.mail(sender(service)).code == 250


def test_no_real_name_is_ever_resolved(sandbox: Sandbox) -> None:
    for name in NAMES:
        sandbox.add_host(name)
        with pytest.raises(Exception, match="nobody listens"):
            sandbox.connect(profile(name).host, 587)


def test_recipients_of_a_day_are_forgotten_after_24_hours(sandbox: Sandbox) -> None:
    sandbox.add_host("outlook")
    service = profile("outlook")
    limits(sandbox, service)["recipients_a_day"] = 3
    client = sign_in(sandbox, service)
    send(client, service, 3)
    client.mail(sender(service))
    assert client.rcpt(BOB).code == 554
    client.rset()
    sandbox.clock.advance(timedelta(hours=24))
    send(client, service, 3)
