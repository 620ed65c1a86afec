"""Who is let in: mailboxes on terms of their own, greylisting, limits, the blocklist."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from smtplab import Client, ConnectionLost, LocalProtocolError, Sandbox, Settings
from smtplab.sandbox import transaction
from smtplab.sandbox.clock import START
from smtplab.sandbox.mailboxes import Terms
from smtplab.sandbox.reception.greylist import MOST_TRIPLES, Greylist
from smtplab.sandbox.reception.rates import MOST_COUNTED, Rates
from smtplab.sandbox.reception.switches import Switches
from tests.peers import ImpatientAfter
from tests.reception import ALICE, BOB, MSA, MX, PASSWORD, bring, content, submit, switches

SHOP, SPAM, LAPTOP = "shop.example", "spam.example", "laptop.example.org"


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def rcpt(sandbox, path):
    """The reply to RCPT at mx.example.net, as it is written."""
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail(ALICE)
        return str(client.rcpt(path))


# Mailboxes.

REPLIES = {
    BOB: "250 2.1.5 Recipient accepted",
    "nobody@example.net": "550 5.1.1 No mailbox nobody@example.net here",
    "full@example.net": "452 4.2.2 The mailbox full@example.net is full",
    "small@example.net": "250 2.1.5 Recipient accepted",
    "grey@example.net": "451 4.7.1 Greylisted; try again in 300 seconds",
    "forwarded@example.net": "251 2.1.5 User not local; will forward to <carol@example.org>",
    "moved@example.net": "551 5.1.6 User not local; please try <bob@example.net>",
    "left@example.net": "550 5.1.6 left@example.net has moved and left no address",
    "disabled@example.net": "550 5.2.1 The mailbox disabled@example.net is switched off",
}


@pytest.mark.parametrize(("path", "reply"), REPLIES.items(), ids=REPLIES)
def test_each_mailbox_replies_in_its_own_way(sandbox, path, reply):
    assert rcpt(sandbox, path) == reply


def test_a_host_may_call_a_full_mailbox_permanent(sandbox):
    switches(sandbox).full_is_permanent = True
    assert rcpt(sandbox, "full@example.net").startswith("552 5.2.2 ")


def test_a_host_may_keep_new_addresses_to_itself(sandbox):
    """RFC 5321, 3.4 wants a switch, because 251 and 551 give an address away."""
    switches(sandbox).tells_new_address = False
    assert rcpt(sandbox, "forwarded@example.net") == "250 2.1.5 Recipient accepted"
    assert rcpt(sandbox, "moved@example.net") == "550 5.1.6 moved@example.net has moved"


def test_a_slow_mailbox_takes_the_wire_clocks_time_and_not_the_worlds():
    with Sandbox("memory") as sandbox:
        settings = Settings(timeout=10)
        with sandbox.connect(MX, 25, settings=settings) as client:
            client.ehlo()
            client.mail(ALICE)
            with pytest.raises(ConnectionLost):
                client.rcpt("slow@example.net")
        assert rcpt(sandbox, "slow@example.net").startswith("250 ")
        assert sandbox.clock.now() == START


def test_a_slow_mailbox_over_tcp_is_slow_for_real_and_not_for_long(
    monkeypatch,
):
    with Sandbox("tcp") as sandbox:
        with monkeypatch.context() as patched:
            patched.setattr(transaction, "MOST_DELAY", 0.01)
            with sandbox.connect(MX, 25, settings=Settings(timeout=15)) as client:
                client.ehlo()
                client.mail(ALICE)
                assert client.rcpt("slow@example.net").code == 250, "not after 20 seconds"
        sandbox.mailbox("slow@example.net").terms = Terms(delay=2.0)
        limit = ImpatientAfter(replies=3, seconds=0.1)
        with sandbox.connect(MX, 25, settings=Settings(timeout=limit)) as client:
            client.ehlo()
            client.mail(ALICE)
            with pytest.raises(ConnectionLost):
                client.rcpt("slow@example.net")


def test_a_quota_counts_octets_until_somebody_makes_room(sandbox):
    small = sandbox.mailbox("small@example.net")
    big = content(body=b"x" * 900 + b"\r\n")
    given: dict[str, Any] = {"source": LAPTOP, "sender": ALICE, "to": (small.name,)}
    assert bring(sandbox, big, **given).code == 250
    (mail,) = small.folder()
    assert small.size == len(mail.content) > len(big), "trace fields count"
    small.terms = Terms(quota=small.size + len(big) - 1)
    assert str(bring(sandbox, big, **given)) == "452 4.2.2 The mailbox small@example.net is full"
    (refused,) = [verdict for verdict in sandbox.verdicts if verdict.is_refused]
    assert (refused.phase, refused.rule) == ("end of data", "quota")
    assert bring(sandbox, content(), **given).code == 250, "a smaller one has room"
    small.remove("Inbox", {mail.uid for mail in small.folder()})
    assert bring(sandbox, big, **given).code == 250


def test_who_has_no_room_is_told_of_in_a_report_and_the_others_get_their_copy(
    sandbox,
):
    """One reply stands for all recipients: refusing would keep the content from Bob."""
    big = content(body=(b"x" * 900 + b"\r\n") * 5)
    reply = bring(sandbox, big, source=LAPTOP, sender=ALICE, to=(BOB, "small@example.net"))
    assert reply.code == 250
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.inbox("small@example.net")
    (report,) = sandbox.inbox(ALICE)
    assert "small@example.net: 452 4.2.2 " in str(report)


def test_a_full_mailbox_of_the_senders_own_host_comes_back_or_waits(sandbox):
    sandbox.mailbox("carol@example.org").terms = Terms(quota=100)
    assert submit(sandbox, content(), "carol@example.org")[-1].code == 250
    (item,) = sandbox.queue
    assert item.last_reply.startswith("452 4.2.2 ")
    sandbox.mailbox("carol@example.org").terms = Terms()
    sandbox.clock.advance(timedelta(minutes=30))
    assert len(sandbox.inbox("carol@example.org")) == 1


def test_forwarded_mail_reaches_the_new_address_with_the_same_reverse_path_and_fails_spf(
    sandbox,
):
    reply = bring(
        sandbox,
        content("dave@shop.example"),
        source=SHOP,
        sender="dave@shop.example",
        to=("forwarded@example.net",),
    )
    assert reply.code == 250
    (mail,) = sandbox.mailbox("carol@example.org").folder("Junk")
    assert mail.verdict is not None and mail.verdict.checks is not None
    assert mail.verdict.checks.spf.result == "fail", "the forwarder is no host of shop.example"
    assert mail.envelope.reverse_path == "dave@shop.example"
    assert mail.envelope.forward_paths == ("carol@example.org",)
    assert mail.message.get_all("Return-Path") == ["<dave@shop.example>"], "final delivery's only"
    assert not sandbox.inbox("forwarded@example.net")


def test_srs_mends_the_reverse_path_of_mail_for_somebody_who_has_moved(sandbox):
    """A mailbox that forwards and an alias are one thing to SPF, and so to its repair."""
    sandbox.policy("mx.example.net").rewrites_reverse_path = True
    to, sender = ("forwarded@example.net",), "dave@shop.example"
    assert bring(sandbox, content(sender), source=SHOP, sender=sender, to=to).code == 250
    (mail,) = sandbox.mailbox("carol@example.org").folder("Junk")
    assert mail.envelope.reverse_path.startswith("SRS0=")
    assert mail.envelope.reverse_path.endswith("=shop.example=dave@example.net")
    assert mail.verdict is not None and mail.verdict.checks is not None
    assert mail.verdict.checks.spf.result == "pass"


@pytest.mark.parametrize("other", ["carol@example.org", BOB], ids=["itself", "two hosts"])
def test_forwarding_in_a_circle_ends_in_a_report(sandbox, other):
    """Else two who forward to each other would keep the queue busy for ever (RFC 5321, 6.3)."""
    start = "carol@example.org"
    sandbox.mailbox(start).terms = Terms(moved_to=other, forwards=True)
    sandbox.mailbox(other).terms = Terms(moved_to=start, forwards=True)
    submit(sandbox, content(), start)
    (report,) = sandbox.inbox(ALICE)
    assert "554 5.4.6 " in str(report) and not sandbox.queue


def test_forwarding_breaks_spf_and_leaves_dkim_whole(sandbox):
    """The forwarder's address is not one of the first domain's (RFC 7208, D.1)."""
    signed = sandbox.dkim_signed(content("dave@shop.example"), "shop.example")
    sent: dict[str, Any] = {"source": SHOP, "sender": "dave@shop.example"}
    for octets in (content("dave@shop.example"), signed):
        assert bring(sandbox, octets, **sent).code == 250
        assert sandbox.inbox(BOB)[-1].verdict.checks.spf.result == "pass"
        assert submit(sandbox, octets, "forwarded@example.org", sender="dave@shop.example")
    plain, with_dkim = sandbox.verdicts[-2:]
    assert plain.address == with_dkim.address == "192.0.2.10"  # smtp.example.org's
    assert plain.checks.spf.result == with_dkim.checks.spf.result == "fail"
    assert (plain.checks.dmarc.result, plain.outcome) == ("fail", "Junk")
    assert (with_dkim.checks.dmarc.result, with_dkim.outcome) == ("pass", "Inbox")


# Greylisting.


def test_a_greylisted_mailbox_has_its_mail_after_the_mta_tried_again(sandbox):
    submit(sandbox, content(), "grey@example.net")
    (item,) = sandbox.queue
    assert item.last_reply == "451 4.7.1 Greylisted; try again in 300 seconds"
    sandbox.clock.advance(timedelta(minutes=29))
    assert not sandbox.inbox("grey@example.net")
    sandbox.clock.advance(timedelta(minutes=1))
    (mail,) = sandbox.inbox("grey@example.net")
    assert "192.0.2.10 came back for grey@example.net. (RFC 6647, 2)" in str(mail.verdict)
    submit(sandbox, content(), "grey@example.net")
    assert len(sandbox.inbox("grey@example.net")) == 2, "a triple that has passed waits no more"


def test_coming_back_too_soon_does_not_help(sandbox):
    switches(sandbox).greylisting = True
    assert rcpt(sandbox, BOB).endswith("in 300 seconds")
    sandbox.clock.advance(timedelta(minutes=4))
    assert rcpt(sandbox, BOB).endswith("in 60 seconds")
    sandbox.clock.advance(timedelta(minutes=1))
    assert rcpt(sandbox, BOB).startswith("250 ")


def test_address_reverse_path_and_forward_path_are_each_part_of_the_triple(
    sandbox,
):
    switches(sandbox).greylisting = True
    given: dict[str, Any] = {"source": SHOP, "sender": "a@shop.example", "to": (BOB,)}
    bring(sandbox, content(), **given)
    sandbox.clock.advance(timedelta(minutes=5))
    assert bring(sandbox, content(), **{**given, "source": SPAM}).code == 451
    assert bring(sandbox, content(), **{**given, "sender": "b@shop.example"}).code == 451
    assert bring(sandbox, content(), **{**given, "to": ("abuse@example.net",)}).code == 451
    assert bring(sandbox, content(), **{**given, "sender": "A@Shop.example"}).code == 250


def test_entries_of_the_greylist_expire():
    greylist, settings, triple = Greylist(), Switches(), ("192.0.2.1", "a", "b")

    def waits(delta: timedelta) -> bool:
        return greylist.wait_of(triple, START + delta, settings) is not None

    assert waits(timedelta(0))
    assert waits(timedelta(hours=25)), "it did not come back within 24 hours"
    assert not waits(timedelta(hours=26))
    assert not waits(timedelta(days=7)), "it has passed, and is remembered for a week"
    assert waits(timedelta(days=20))


def test_a_client_that_invents_reverse_paths_does_not_fill_the_memory():
    greylist, rates = Greylist(), Rates()
    for n in range(MOST_TRIPLES + 100):
        greylist.wait_of(("192.0.2.1", str(n), "b"), START, Switches())
    for n in range(MOST_COUNTED + 100):
        rates.count(str(n), START, 5)
    assert len(greylist) == MOST_TRIPLES and len(rates._moments) == MOST_COUNTED


def test_the_hosts_own_users_are_not_greylisted(sandbox):
    switches(sandbox, MSA).greylisting = True
    assert submit(sandbox, content(), "carol@example.org")[0].code == 250


# Limits.


def test_an_address_may_send_so_many_messages_an_hour_of_the_world_clock(sandbox):
    switches(sandbox).messages_an_hour = 2
    for minutes in (0, 20):
        sandbox.clock.advance(timedelta(minutes=minutes))
        assert bring(sandbox, content(), source=SHOP, sender="a@shop.example").code == 250
    refused = bring(sandbox, content(), source=SHOP, sender="b@shop.example")
    assert str(refused) == (
        "450 4.7.1 203.0.113.80 has sent 2 messages within an hour; try again after 10:00"
    )
    assert bring(sandbox, content(), source=SPAM, sender="a@spam.example").code == 250
    sandbox.clock.advance(timedelta(minutes=40))
    assert bring(sandbox, content(), source=SHOP, sender="a@shop.example").code == 250
    assert bring(sandbox, content(), source=SHOP, sender="a@shop.example").code == 450


def test_a_user_may_send_so_many_messages_an_hour(sandbox):
    switches(sandbox, MSA).messages_an_hour = 1
    submit(sandbox, content(), BOB)
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        assert str(client.mail(ALICE)).startswith("450 4.7.1 alice@example.org has sent 1 ")


def test_one_address_keeps_only_so_many_connections_open(sandbox):
    switches(sandbox).connections_per_source = 2
    first, second = sandbox.connect(MX, 25), sandbox.connect(MX, 25)
    with sandbox.connect(MX, 25) as third:
        assert str(third.greeting) == (
            "421 4.7.0 Too many connections from 198.51.100.10; 2 may be open at once"
        )
        with pytest.raises(ConnectionLost):
            third.ehlo()
    with sandbox.connect(MX, 25, settings=Settings(source=SHOP)) as other:
        assert other.greeting.code == 220
    first.quit()
    second.quit()
    assert sandbox.connect(MX, 25).greeting.code == 220


def test_a_host_keeps_only_so_many_connections_open(sandbox):
    switches(sandbox).connections = 1
    with (
        sandbox.connect(MSA, 587),  # another host counts by itself
        sandbox.connect(MX, 25, settings=Settings(source=SHOP)) as first,
    ):
        assert first.greeting.code == 220
        assert str(sandbox.connect(MX, 25).greeting).startswith("421 4.3.2 Too many connections; 1")


def test_a_mail_transaction_holds_only_so_many_recipients(sandbox):
    sandbox.policy(MX).max_recipients = 1
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail(ALICE)
        client.rcpt(BOB)
        assert str(client.rcpt("abuse@example.net")).startswith("452 4.5.3 ")


# The door.


def test_a_listed_address_is_turned_away_with_the_reason_in_the_greeting(sandbox):
    switches(sandbox).blocklist = "dnsbl.example"
    with sandbox.connect(MX, 25, settings=Settings(source=SPAM)) as client:
        assert str(client.greeting) == (
            "554 5.7.1 198.51.100.66 is listed at dnsbl.example: "
            "seen sending spam, see http://dnsbl.example/198.51.100.66"
        )
        assert client.ehlo().code == 503, "RFC 5321, 3.1: after 554 only QUIT"
        assert client.quit().code == 221
    assert [(q.name, q.type) for q in sandbox.look_ups] == [
        ("66.100.51.198.dnsbl.example", "A"),
        ("66.100.51.198.dnsbl.example", "TXT"),
    ]
    assert bring(sandbox, content(), source=SHOP, sender="a@shop.example").code == 250
    (refused, taken) = sandbox.verdicts
    assert (refused.phase, refused.rule, refused.outcome) == ("connect", "blocklist", "refused")
    assert "203.0.113.80 is not listed at dnsbl.example" not in str(refused)
    assert taken.outcome == "Inbox"


@pytest.mark.parametrize(("address", "listed"), [("127.0.0.2", True), ("127.0.0.1", False)])
def test_the_blocklist_has_its_test_entry_and_nothing_else(address, listed):
    """RFC 5782, 5."""
    with Sandbox("memory") as sandbox:
        switches(sandbox).blocklist = "dnsbl.example"
        reply = bring(sandbox, content(), source=address, sender=ALICE)
        assert reply.code == (554 if listed else 250)


def test_an_address_outside_127_is_no_listing(sandbox):
    """The new owner of a blocklist's domain may give every name an address (RFC 5782, 5)."""
    switches(sandbox).blocklist = "dnsbl.example"
    sandbox.zones.add("dnsbl.example", "80.113.0.203 IN A 192.0.2.80")
    assert bring(sandbox, content(), source=SHOP, sender="a@shop.example").code == 250


def test_a_client_that_takes_the_servers_own_name_is_lying(sandbox):
    switches(sandbox).refuse_own_name = True
    with sandbox.connect(MX, 25, settings=Settings(name="MX.example.net")) as client:
        assert str(client.ehlo()).startswith("550 5.7.1 ")
        assert str(client.helo()).startswith("550 5.7.1 ")
        assert client.mail(ALICE).code == 503


def test_a_reverse_path_that_no_reply_could_reach_may_be_refused(sandbox):
    assert bring(sandbox, content(), source=LAPTOP, sender="x@nowhere.example").code == 250
    switches(sandbox).refuse_unknown_domains = True
    refused = bring(sandbox, content(), source=LAPTOP, sender="x@nowhere.example")
    assert str(refused).startswith("550 5.1.8 ")
    sandbox.zones.add("shop.example", "@ MX 0 .")
    refused = bring(sandbox, content(), source=SHOP, sender="a@shop.example")
    assert str(refused).startswith("550 5.7.27 ")
    sandbox.zones.fail("shop.example")
    refused = bring(sandbox, content(), source=SHOP, sender="a@shop.example")
    assert str(refused).startswith("451 4.4.3 ")
    assert bring(sandbox, content(), source=LAPTOP, sender=ALICE).code == 250
    assert bring(sandbox, content(), source=LAPTOP, sender="").code == 250


def test_a_source_is_a_host_of_the_world_or_an_address(sandbox):
    """SPF asks about an address; with another word it would break at the end of mail data."""
    with pytest.raises(LocalProtocolError, match=r"no host 'shop.exampel' .*shop\.example, "):
        Client.connect(MX, 25, network=sandbox, settings=Settings(source="shop.exampel"))
    assert bring(sandbox, content(), source="2001:db8::1", sender=ALICE).code == 250


def test_terms_may_be_changed_for_a_lesson(sandbox):
    bob = next(mailbox for mailbox in sandbox.mailboxes if mailbox.name == BOB)
    bob.terms = replace(bob.terms, disabled=True)
    assert rcpt(sandbox, BOB).startswith("550 5.2.1 ")
    assert rcpt(sandbox, "full@example.net").startswith("452 ")
    sandbox.restart()
    assert rcpt(sandbox, BOB).startswith("250 ")


def test_a_catch_all_has_what_is_for_nobody_else_at_any_domain() -> None:
    with Sandbox("memory") as world:
        world.policy("mx.example.net").catch_all = "bob@example.net"
        with world.connect("mx.example.net", 25) as client:
            client.ehlo()
            client.mail("alice@example.org")
            for path in ("nobody@example.net", "customer@elsewhere.example", "full@example.net"):
                client.rcpt(path)
            client.data()
            assert client.content(b"From: alice@example.org\r\n\r\nhi\r\n").code == 250
        caught = world.inbox("bob@example.net")
        assert [mail.envelope.forward_paths for mail in caught] == [
            ("nobody@example.net", "customer@elsewhere.example")
        ]
        world.policy("mx.example.net").catch_all = ""
        with world.connect("mx.example.net", 25) as client:
            client.ehlo()
            client.mail("alice@example.org")
            assert client.rcpt("customer@elsewhere.example").code == 550


def test_who_has_signed_in_sends_as_nobody_else_where_the_host_asks() -> None:
    with Sandbox("memory") as world, world.connect("smtp.example.org", 587) as client:
        client.ehlo()
        client.starttls()
        client.ehlo()
        client.auth(ALICE, "looking-glass")
        assert client.mail("carol@example.org").code == 250
        world.policy("smtp.example.org").submission_rights = True
        client.rset()
        refusal = client.mail("carol@example.org")
        assert str(refusal) == f"550 5.7.1 {ALICE} may not send as carol@example.org"
        for own in ("Alice@example.org", ""):
            assert client.mail(own).code == 250
            client.rset()
