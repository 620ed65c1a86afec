"""Where mail goes: MX by preference, A, null MX, loops, and what the DNS cannot say."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from smtplab import Sandbox
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.mta.route import NoRoute, Sender, next_hops
from tests.mta_world import (
    ALICE,
    BOB,
    MX,
    add_exchange,
    fields,
    put,
    report,
    status,
)


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running


OTHER = Sender("smtp.example.org", "192.0.2.10")


def hops(zones: Zones, domain: str, sender: Sender = OTHER) -> list[str]:
    return [hop.host for hop in next_hops(zones, domain, sender)]


ZONE = """\
$TTL 3600
@ IN MX 30 c
@ IN MX 10 b
@ IN MX 10 a
@ IN MX 20 gone
a IN A 192.0.2.1
b IN A 192.0.2.2
c IN A 192.0.2.3
plain IN A 192.0.2.4
nothing IN TXT "x"
null IN MX 0 .
mixed IN MX 0 .
mixed IN MX 5 a
lost IN MX 5 gone
away IN MX 5 host.away.example.
"""


def test_the_order_is_by_preference_then_by_name_and_hosts_without_address_are_left_out() -> None:
    zones = Zones({"d.example": ZONE})
    assert hops(zones, "d.example") == ["a.d.example", "b.d.example", "c.d.example"]
    assert hops(zones, "plain.d.example") == ["plain.d.example"], "RFC 5321, 5.1: implicit MX"
    assert hops(zones, "mixed.d.example") == ["a.d.example"], "RFC 7505, 3: not a null MX"


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("nowhere.example", "550 5.1.2"),
        ("nothing.d.example", "550 5.1.2"),
        ("null.d.example", "556 5.1.10"),
        ("lost.d.example", "550 5.4.4"),
        ("away.d.example", "451 4.4.3"),
        ("away.example", "451 4.4.3"),
    ],
)
def test_each_way_to_have_no_host_has_its_own_status(domain: str, status: str) -> None:
    zones = Zones({"d.example": ZONE, "away.example": "@ 60 IN A 192.0.2.9\n"})
    zones.fail("away.example")
    with pytest.raises(NoRoute) as none:
        next_hops(zones, domain, OTHER)
    assert str(none.value.reply).startswith(status)


def test_a_host_in_the_list_sends_only_to_hosts_that_are_preferred_to_itself() -> None:
    """RFC 5321, 5.1: two backups that sent to each other would go on for ever."""
    zones = Zones({"d.example": ZONE})
    for backup in (Sender("c.d.example", ""), Sender("other.example", "192.0.2.3")):
        assert hops(zones, "d.example", backup) == ["a.d.example", "b.d.example"]
    for best in (Sender("a.d.example", ""), Sender("b.d.example", ""), Sender("x", "192.0.2.2")):
        with pytest.raises(NoRoute) as none:
            next_hops(zones, "d.example", best)
        assert str(none.value.reply).startswith("550 5.4.6 ")


def test_a_null_mx_comes_back_at_once_and_nobody_is_connected_to(sandbox: Sandbox) -> None:
    sandbox.zones.set("silent.example", "@ 3600 IN MX 0 .\n@ 3600 IN A 203.0.113.25\n")
    put(sandbox, "bob@silent.example")
    (about,) = fields(report(sandbox))[1]
    assert about["Status"] == "5.1.10" and about["Diagnostic-Code"].startswith("smtp; 556 5.1.10 ")
    assert not sandbox.queue and not sandbox.transcript.connections


def test_the_next_host_is_tried_where_the_first_does_not_answer(sandbox: Sandbox) -> None:
    sandbox.zones.add("example.net", "@ IN MX 5 dead\ndead IN A 203.0.113.99")
    put(sandbox)
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue


def test_the_next_address_of_a_host_is_tried_where_the_first_does_not_answer(
    sandbox: Sandbox,
) -> None:
    sandbox.zones.add("example.net", "mx IN A 203.0.113.1")
    put(sandbox)
    assert len(sandbox.inbox(BOB)) == 1


def test_the_next_host_is_tried_where_the_first_says_not_now(sandbox: Sandbox) -> None:
    add_exchange(sandbox, "first.example", "203.0.113.190", "example.net")
    sandbox._world.hosts["first.example"].mailboxes = None  # type: ignore[assignment]  # 451
    sandbox.zones.add("example.net", "@ IN MX 5 first.example.")
    put(sandbox)
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue
    assert [name for name in sandbox.transcript.connections if name[0] == "r"] == ["r1", "r2"]


def test_a_refusal_for_good_is_not_asked_again_at_the_next_host(sandbox: Sandbox) -> None:
    add_exchange(sandbox, "second.example", "203.0.113.91", "example.net")
    sandbox.zones.add("example.net", "@ IN MX 50 second.example.")
    put(sandbox, "nobody@example.net")
    assert status(sandbox) == "5.1.1"
    assert [name for name in sandbox.transcript.connections if name[0] == "r"] == ["r1"]


def test_when_every_host_is_silent_the_mail_waits(sandbox: Sandbox) -> None:
    sandbox.zones.replace("example.net", "@ IN MX 5 dead\ndead IN A 203.0.113.99")
    put(sandbox)
    (item,) = sandbox.queue
    assert item.last_reply.startswith("451 4.4.1 ") and item.attempts == 1


def test_a_dns_that_fails_is_a_reason_to_wait(sandbox: Sandbox) -> None:
    sandbox.zones.fail("example.net")
    put(sandbox)
    (item,) = sandbox.queue
    assert item.last_reply.startswith("451 4.4.3 ")
    sandbox.zones.mend("example.net")
    sandbox.clock.advance(timedelta(minutes=30))
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue and not sandbox.inbox(ALICE)


def test_any_host_has_a_queue_and_its_reports_bear_its_name(sandbox: Sandbox) -> None:
    put(sandbox, "alice@example.org", host=MX, sender=BOB)
    assert len(sandbox.inbox(ALICE)) == 1
    put(sandbox, "nobody@example.org", host=MX, sender=BOB)
    about_mail, (about,) = fields(report(sandbox, BOB))
    assert about_mail["Reporting-MTA"] == f"dns; {MX}"
    assert about["Status"] == "5.1.1" and about["Remote-MTA"] == "dns; smtp.example.org"


def test_a_mail_that_has_passed_a_hundred_hosts_comes_back(sandbox: Sandbox) -> None:
    """RFC 5321, 6.3: a loop that no MX record shows is found by counting Received fields."""
    put(sandbox, content=b"Received: from a by b; Mon, 2 Mar 2026\r\n" * 100 + b"\r\n")
    assert len(sandbox.inbox(BOB)) == 1
    put(sandbox, content=b"Received: from a by b; Mon, 2 Mar 2026\r\n" * 101 + b"\r\n")
    assert status(sandbox) == "5.4.6" and len(sandbox.inbox(BOB)) == 1
