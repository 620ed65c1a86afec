"""Hosts that a lesson adds: before the start and after it, over TCP and in memory."""

import socket
from collections.abc import Iterator

import pytest

from smtplab import ConnectionLost, Sandbox
from smtplab.sandbox import Account, HostPlan, Listener
from smtplab.sandbox.policy import Policy
from tests.life_cycle import ALICE, MSA, PASSWORD
from tests.watch import watched

SHOP = HostPlan(
    name="mail.shop.example",
    address="203.0.113.77",
    domains=("shop.example",),
    listeners=(
        Listener("mail.shop.example", 25, "starttls", False),
        Listener("mail.shop.example", 587, "starttls", True),
    ),
    accounts=(Account("dora@shop.example", "till-roll", login="till"),),
    zones={
        "shop.example": "$TTL 3600\n@ IN SOA ns hostmaster 1 7200 900 1209600 3600\n"
        "@ IN NS ns\n@ IN MX 10 mail\nmail IN A 203.0.113.77\n"
    },
    policy=lambda: Policy(ident="ESMTP shop", max_recipients=2),
)


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with watched(), Sandbox(request.param) as running:
        yield running


def write_to_dora(sandbox: Sandbox) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        client.mail(ALICE)
        client.rcpt("dora@shop.example")
        client.data()
        assert client.content(b"Subject: Hello\r\n\r\n").code == 250


def test_a_host_added_to_a_running_sandbox_gets_mail_through_dns_and_lets_its_users_in(
    sandbox: Sandbox,
) -> None:
    assert sandbox.add_host(SHOP) is SHOP
    write_to_dora(sandbox)
    assert [mail.subject for mail in sandbox.inbox("dora@shop.example")] == ["Hello"]
    assert [query.name for query in sandbox.look_ups][:2] == ["shop.example", "mail.shop.example"]
    with sandbox.connect("mail.shop.example", 587) as client:
        assert str(client.greeting) == "220 mail.shop.example ESMTP shop"
        client.ehlo()
        if client.starttls().is_positive:
            client.ehlo()
        assert client.auth("till", "till-roll").code == 235
        assert client.mail("dora@shop.example").code == 250
        assert [client.rcpt(to).code for to in ("a@b.example",) * 3] == [250, 250, 452]
    assert sandbox.policy("mail.shop.example").max_recipients == 2
    assert sandbox.accounts[-1].username == "till"
    assert "mail.shop.example : 587" in repr(sandbox)
    assert not sandbox.errors


@pytest.mark.parametrize("transport", ["memory", "tcp"])
def test_a_host_may_be_added_before_the_start_and_restart_takes_it_away(transport: str) -> None:
    with watched():
        sandbox = Sandbox(transport)
        standard = sandbox.listeners
        sandbox.add_host(SHOP)
        with sandbox:
            write_to_dora(sandbox)
            assert len(sandbox.inbox("dora@shop.example")) == 1
            sandbox.restart()
            assert sandbox.listeners == standard
            with pytest.raises(ConnectionLost, match="nobody listens"):
                sandbox.connect("mail.shop.example", 25)
            sandbox.add_host(SHOP)
            assert not sandbox.inbox("dora@shop.example"), "a new world has new mailboxes"


def test_a_second_host_of_the_same_name_or_address_changes_nothing(sandbox: Sandbox) -> None:
    sandbox.add_host(SHOP)
    before = sandbox.listeners, sandbox.bound_ports
    with pytest.raises(ValueError, match="there is a host 'mail.shop.example' already"):
        sandbox.add_host(SHOP)
    with pytest.raises(ValueError, match=r"there is a host at 203\.0\.113\.25 already"):
        sandbox.add_host(HostPlan("other.example", "203.0.113.25"))
    with pytest.raises(ValueError, match="no special host 'nonsense'; there are "):
        sandbox.add_host("nonsense")
    assert (sandbox.listeners, sandbox.bound_ports) == before


def test_a_zone_file_that_is_none_is_refused_before_anything_is_built(sandbox: Sandbox) -> None:
    before = sandbox.listeners, sandbox.bound_ports
    with pytest.raises(ValueError, match=r"no zone file for bad\.example"):
        sandbox.add_host(HostPlan("bad.example", "203.0.113.9", zones={"bad.example": "@ IN X"}))
    assert (sandbox.listeners, sandbox.bound_ports) == before
    sandbox.add_host(HostPlan("bad.example", "203.0.113.9"))


def test_a_port_that_is_taken_leaves_the_running_world_as_it_was() -> None:
    with watched(), socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Sandbox("tcp", ports={("mail.shop.example", 587): port}) as sandbox:
            before = sandbox.listeners, sandbox.bound_ports
            with pytest.raises(
                ConnectionLost, match=rf"port {port} cannot be bound for mail\.shop"
            ):
                sandbox.add_host(SHOP)
            assert (sandbox.listeners, sandbox.bound_ports) == before
            other.close()
            sandbox.add_host(SHOP)
            assert port in sandbox.bound_ports.values()


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (lambda: HostPlan("smtp.gmail.com", "203.0.113.9"), "is not reserved for examples"),
        (lambda: HostPlan("Big.example", "203.0.113.9"), "in lower case"),
        (lambda: HostPlan("a b.example", "203.0.113.9"), "no name of a host"),
        (
            lambda: HostPlan("a.example", "203.0.113.9", zones={"b.test": ""}),
            "is not reserved for examples",
        ),
        (
            lambda: HostPlan("a.example", "203.0.113.9", listeners=SHOP.listeners),
            "is not the host of this plan",
        ),
        (
            lambda: HostPlan("a.example", "203.0.113.9", accounts=SHOP.accounts),
            "keeps no mailboxes for 'dora@shop.example'",
        ),
    ],
)
def test_a_plan_that_cannot_be_says_why(plan, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        plan()
