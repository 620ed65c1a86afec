"""What the sender hears: NOTIFY, RET, ENVID, ORCPT, delays and deadlines (RFC 3461 to 3464)."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from smtplab import Sandbox
from smtplab.sandbox.clock import START
from tests.mta_world import (
    ALICE,
    BOB,
    CONTENT,
    HOP,
    MX,
    TO_HOP,
    fields,
    put,
    read_report,
    report,
    status,
)
from tests.next_hop import NextHop


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        yield running


def silence(sandbox: Sandbox) -> None:
    """From now on no host of example.net answers."""
    sandbox.zones.replace("example.net", "@ IN MX 5 dead\ndead IN A 203.0.113.99")


LOST = "nobody@example.net"


@pytest.mark.parametrize(
    ("notify", "actions"),
    [
        (None, ["failed"]),
        ("FAILURE", ["failed"]),
        ("success,failure", ["failed"]),
        ("SUCCESS", []),
        ("DELAY", []),
        ("NEVER", []),
    ],
)
def test_a_failure_is_told_as_notify_asks(
    sandbox: Sandbox, notify: str | None, actions: list[str]
) -> None:
    put(sandbox, LOST, rcpt={"NOTIFY": notify} if notify else {})
    told = [one["Action"] for m in sandbox.inbox(ALICE) for one in fields(read_report(m))[1]]
    assert told == actions and not sandbox.queue
    assert not sandbox.inbox("postmaster@example.org")


def test_a_report_says_all_that_rfc_3464_asks_for(sandbox: Sandbox) -> None:
    put(
        sandbox,
        LOST,
        mail={"ENVID": "QQ+2B314", "RET": "HDRS"},
        rcpt={"ORCPT": "rfc822;Old+2Bname@example.net", "NOTIFY": "FAILURE"},
    )
    message = report(sandbox)
    about_mail, (about,) = fields(message)
    assert about_mail["Original-Envelope-Id"] == "QQ+314"
    assert about_mail["Reporting-MTA"] == "dns; smtp.example.org"
    assert parsedate_to_datetime(about_mail["Arrival-Date"]) == START
    assert about["Original-Recipient"] == "rfc822; Old+name@example.net"
    assert about["Final-Recipient"] == f"rfc822; {LOST}"
    assert about["Action"] == "failed" and about["Status"] == "5.1.1"
    assert about["Remote-MTA"] == f"dns; {MX}"
    assert about["Diagnostic-Code"].startswith("smtp; 550 5.1.1 ")
    assert parsedate_to_datetime(about["Last-Attempt-Date"]) == START
    assert message["From"] and message["Date"] and message["Message-ID"] and message["Subject"]
    assert message["To"] == ALICE and message["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize(
    ("ret", "kind"),
    [(None, "text/rfc822-headers"), ("HDRS", "text/rfc822-headers"), ("FULL", "message/rfc822")],
)
def test_ret_decides_how_much_of_the_mail_comes_back(
    sandbox: Sandbox, ret: str | None, kind: str
) -> None:
    put(sandbox, LOST, mail={"RET": ret} if ret else {})
    returned = list(report(sandbox).iter_parts())[2]
    assert returned.get_content_type() == kind
    assert ("At five?" in str(returned)) is (ret == "FULL")
    assert "Subject: Tea" in str(returned)


def test_the_report_of_a_mail_that_required_tls_never_holds_all_of_it(sandbox: Sandbox) -> None:
    """RFC 8689, 5: what had to be protected on the way out must not come back in the open."""
    put(sandbox, LOST, mail={"RET": "FULL", "REQUIRETLS": None})
    (stored,) = sandbox.inbox(ALICE)
    assert list(read_report(stored).iter_parts())[2].get_content_type() == "text/rfc822-headers"
    assert "REQUIRETLS" in stored.envelope.parameters


@pytest.mark.parametrize("content", [b"no header section\r\n", b"", b"\r\nbody\r\n", b"a: b\r\n"])
def test_only_header_fields_come_back_as_header_fields(sandbox: Sandbox, content: bytes) -> None:
    put(sandbox, LOST, content=content)
    returned = list(report(sandbox).iter_parts())[2].get_payload()
    assert ("a: b" in returned) is content.startswith(b"a:") and "body" not in returned
    assert "no header" not in returned


def test_success_is_told_by_the_host_that_delivers(sandbox: Sandbox) -> None:
    put(sandbox, "carol@example.org", rcpt={"NOTIFY": "SUCCESS"})
    (about,) = fields(report(sandbox))[1]
    assert (about["Action"], about["Status"]) == ("delivered", "2.0.0")
    assert "Remote-MTA" not in about


def test_nobody_who_did_not_ask_is_told_of_success(sandbox: Sandbox) -> None:
    put(sandbox, "carol@example.org", BOB)
    put(sandbox, "carol@example.org", BOB, rcpt={"NOTIFY": "FAILURE,DELAY"})
    put(sandbox, "carol@example.org", BOB, rcpt={"NOTIFY": "SUCCESS"}, sender="")
    assert not sandbox.inbox(ALICE) and not sandbox.inbox("postmaster@example.org")


def test_a_delay_is_told_once_after_four_hours_and_then_the_end(sandbox: Sandbox) -> None:
    silence(sandbox)
    put(sandbox)
    sandbox.clock.advance(timedelta(hours=3, minutes=59))
    assert not sandbox.inbox(ALICE)
    sandbox.clock.advance(timedelta(days=4))
    (about,) = fields(report(sandbox))[1]
    assert about["Action"] == "delayed" and about["Status"] == "4.4.1"
    assert parsedate_to_datetime(about["Will-Retry-Until"]) == START + timedelta(days=5)
    sandbox.clock.advance(timedelta(days=2))
    _, end = map(read_report, sandbox.inbox(ALICE))
    assert fields(end)[1][0]["Action"] == "failed"
    assert not sandbox.queue


@pytest.mark.parametrize("notify", ["NEVER", "FAILURE", "SUCCESS"])
def test_a_delay_is_not_told_to_those_who_asked_for_other_things(
    sandbox: Sandbox, notify: str
) -> None:
    silence(sandbox)
    put(sandbox, rcpt={"NOTIFY": notify})
    sandbox.clock.advance(timedelta(days=4))
    assert not sandbox.inbox(ALICE) and len(sandbox.queue) == 1


def test_a_host_may_tell_of_no_delay_at_all(sandbox: Sandbox) -> None:
    sandbox.policy("smtp.example.org").delay_notice = None
    silence(sandbox)
    put(sandbox)
    sandbox.clock.advance(timedelta(days=4))
    assert not sandbox.inbox(ALICE)


def test_a_relay_hands_local_parts_on_as_they_came(tcp: Sandbox) -> None:
    """What they mean, and whether their case counts, only the host of the domain knows."""
    odd = ("DoRa@hop.example", '"Do. Ra"@hop.example', "dora+x=y%z@hop.example")
    with NextHop() as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, *odd, sender="AliCe@Example.org")
        assert hop.said("MAIL")[0].startswith("MAIL FROM:<AliCe@Example.org>")
        assert hop.said("RCPT") == [f"RCPT TO:<{mailbox}>" for mailbox in odd]


def test_a_report_that_cannot_be_delivered_makes_no_report(sandbox: Sandbox) -> None:
    put(sandbox, LOST, sender="also-nobody@example.net")
    assert not sandbox.inbox(BOB) and not sandbox.queue
    (kept,) = sandbox.inbox("postmaster@example.org")
    assert read_report(kept)["To"] == "also-nobody@example.net"


# In UTF-8 (RFC 6533).


def test_the_report_of_an_international_mail_is_international(sandbox: Sandbox) -> None:
    content = "Subject: Grüße\r\n\r\nTee?\r\n".encode()
    put(sandbox, "jörg@example.org", content=content, mail={"SMTPUTF8": None, "RET": "FULL"})
    (stored,) = sandbox.inbox(ALICE)
    message = read_report(stored)
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "message/global-delivery-status", "message/global"]
    (about,) = fields(message)[1]
    assert about["Final-Recipient"] == "utf-8; jörg@example.org"
    assert content in stored.content


# The sender's wishes about time.


def test_a_deadline_returns_the_mail_when_it_is_over(sandbox: Sandbox) -> None:
    """RFC 2852: `R` returns what could not be delivered in time, and at that time."""
    silence(sandbox)
    put(sandbox, mail={"BY": "600;R"})
    sandbox.clock.advance(timedelta(minutes=9))
    assert len(sandbox.queue) == 1 and not sandbox.inbox(ALICE)
    sandbox.clock.advance(timedelta(minutes=1))
    assert status(sandbox) == "5.4.7" and not sandbox.queue


def test_a_report_repeats_what_the_sender_asked_about_time(sandbox: Sandbox) -> None:
    """RFC 2852, 5, and RFC 4865, 5.1.2."""
    put(sandbox, "nobody@example.net", mail={"BY": "7200;R", "HOLDFOR": "3600"})
    sandbox.clock.advance(timedelta(hours=1))
    (about_mail, _) = fields(report(sandbox))
    assert parsedate_to_datetime(about_mail["Deliver-By-Date"]) == START + timedelta(hours=2)
    assert about_mail["Future-Release-Request"] == "for;3600"


def test_a_deadline_may_only_ask_for_news(sandbox: Sandbox) -> None:
    silence(sandbox)
    put(sandbox, mail={"BY": "600;N"})
    sandbox.clock.advance(timedelta(minutes=10))
    (about,) = fields(report(sandbox))[1]
    assert about["Action"] == "delayed" and len(sandbox.queue) == 1


def test_a_deadline_is_no_matter_where_the_mail_arrives(sandbox: Sandbox) -> None:
    put(sandbox, "carol@example.org", mail={"BY": "1;R"})
    assert len(sandbox.inbox("carol@example.org")) == 1 and not sandbox.inbox(ALICE)


def test_a_deadline_that_the_next_host_cannot_keep_comes_back(sandbox: Sandbox) -> None:
    sandbox.policy(MX).switched_off.add("DELIVERBY")
    put(sandbox, mail={"BY": "600;R"})
    assert status(sandbox) == "5.3.3" and not sandbox.inbox(BOB)


@pytest.mark.parametrize(
    "wish", [{"HOLDFOR": "7200"}, {"HOLDUNTIL": "2026-03-02T12:00:00+01:00"}], ids=str
)
def test_a_mail_that_is_to_wait_is_not_tried_before(sandbox: Sandbox, wish) -> None:
    put(sandbox, mail=wish)
    (item,) = sandbox.queue
    assert item.attempts == 0 and item.next_attempt == START + timedelta(hours=2)
    sandbox.clock.advance(timedelta(hours=1, minutes=59))
    assert not sandbox.transcript.connections
    sandbox.clock.advance(timedelta(minutes=1))
    assert len(sandbox.inbox(BOB)) == 1


@pytest.mark.parametrize(
    "nonsense", [{"HOLDFOR": "soon"}, {"HOLDUNTIL": "2026-03-02T12:00:00"}, {"BY": "x;R"}], ids=str
)
def test_a_wish_that_nobody_can_read_holds_nothing_up(sandbox: Sandbox, nonsense) -> None:
    put(sandbox, mail=nonsense)
    assert len(sandbox.inbox(BOB)) == 1


def test_the_urgent_goes_first_when_several_are_due(sandbox: Sandbox) -> None:
    sandbox.zones.fail("example.net")
    for priority in (None, "-3", "9", "0", "5"):
        mail = {"MT-PRIORITY": priority} if priority else {}
        put(sandbox, content=f"Subject: {priority}\r\n\r\n".encode(), mail=mail)
    sandbox.zones.mend("example.net")
    sandbox.clock.advance(timedelta(minutes=30))
    assert [m.subject for m in sandbox.inbox(BOB)] == ["9", "5", "None", "0", "-3"]


# What the next host is told, and what it then answers for.


@pytest.fixture
def tcp() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


WISHES = {"RET": "FULL", "ENVID": "QQ314"}
RCPT_WISHES = {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": "rfc822;dora@hop.example"}


def test_a_host_that_offers_dsn_is_told_all_and_reports_itself(tcp: Sandbox) -> None:
    with NextHop("DSN") as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP, mail=WISHES, rcpt=RCPT_WISHES)
        assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org> RET=FULL ENVID=QQ314"]
        assert hop.said("RCPT") == [
            "RCPT TO:<dora@hop.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;dora@hop.example"
        ]
        assert hop.contents == [CONTENT]
        assert not tcp.inbox(ALICE) and not tcp.queue


def test_a_host_that_does_not_offer_dsn_is_told_nothing_of_it(tcp: Sandbox) -> None:
    with NextHop() as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP, mail=WISHES, rcpt=RCPT_WISHES)
        assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org>"]
        assert hop.said("RCPT") == ["RCPT TO:<dora@hop.example>"]
        (about,) = fields(report(tcp))[1]
        assert about["Action"] == "relayed" and about["Remote-MTA"] == f"dns; {HOP}"


def test_what_is_left_of_the_time_is_passed_on(tcp: Sandbox) -> None:
    with NextHop("DELIVERBY", "MT-PRIORITY", greeting=b"421 not yet") as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP, mail={"BY": "3600;RT", "MT-PRIORITY": "4"})
        del hop.replies["greeting"]
        tcp.clock.advance(timedelta(minutes=30))
        assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org> MT-PRIORITY=4 BY=1800;RT"]


@pytest.mark.parametrize("seconds, passes", [(299, False), (300, True)])
def test_a_host_that_wants_more_time_than_is_left_is_not_given_the_mail(
    tcp: Sandbox, seconds: int, passes: bool
) -> None:
    """RFC 2852, 4.1.4.1: the number in the keyword may not be greater than what is left."""
    with NextHop("DELIVERBY 300") as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP, mail={"BY": f"{seconds};R"})
        assert len(hop.contents) == len(hop.said("MAIL")) == passes
        assert passes or status(tcp) == "5.3.3"
        assert not tcp.queue


def test_who_only_wants_news_of_the_deadline_may_ask_for_less(tcp: Sandbox) -> None:
    """The number bounds BY with R alone (RFC 2852, 3); N goes on, even late (4.1.4.2)."""
    with NextHop("DELIVERBY 300", greeting=b"421 not yet") as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP, mail={"BY": "60;N"})
        del hop.replies["greeting"]
        tcp.clock.advance(timedelta(minutes=30))
        assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org> BY=0;N"]
        assert hop.contents == [CONTENT]


@pytest.mark.parametrize("phase", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize("code", [b"450 4.2.0 not now", b"554 5.0.0 never"], ids=["4yz", "5yz"])
def test_a_refusal_at_any_step_waits_or_comes_back(tcp: Sandbox, phase: str, code: bytes) -> None:
    with NextHop(**{phase: code}) as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP)
        if code.startswith(b"4"):
            (item,) = tcp.queue
            assert item.last_reply == code.decode() and not tcp.inbox(ALICE)
            hop.replies.clear()
            tcp.clock.advance(timedelta(minutes=30))
            assert hop.contents[-1] == CONTENT and not tcp.queue
        else:
            assert status(tcp) == "5.0.0" and not tcp.queue


@pytest.mark.parametrize("phase", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"])
def test_a_host_that_talks_nonsense_is_tried_again(tcp: Sandbox, phase: str) -> None:
    with NextHop(**{phase: b"nonsense"}) as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP)
        (item,) = tcp.queue
        assert item.last_reply.startswith(("451 4.5.0 ", "451 4.4.1 ")) and not tcp.errors


def test_helo_is_for_hosts_that_do_not_know_ehlo(tcp: Sandbox) -> None:
    with NextHop(EHLO=b"502 5.5.1 what?") as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP)
        assert hop.said("HELO") == ["HELO smtp.example.org"] and hop.contents == [CONTENT]


def test_a_content_that_comes_back_in_full_cannot_end_its_part(sandbox: Sandbox) -> None:
    """A boundary that the sender can foresee would let a content forge delivery statuses."""
    forged = b"Subject: x\r\n\r\n--=q1.1=\r\nContent-Type: text/plain\r\n\r\nforged\r\n"
    put(sandbox, LOST, content=forged, mail={"RET": "FULL"})
    assert len(list(report(sandbox).iter_parts())) == 3
    assert status(sandbox) == "5.1.1"
