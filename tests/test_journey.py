"""The whole way of a mail object, from its first host to each folder: one value, over both."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from smtplab import Sandbox
from smtplab.sandbox.journey import Journeys, journeys
from smtplab.sandbox.mailing_list import MailingList
from smtplab.sandbox.redirects import Alias
from smtplab.sandbox.verdict.judge import Arrival, judge
from smtplab.sandbox.verdict.lookups import LookUp
from smtplab.transcript import as_json_lines
from tests.test_delivery import ALICE, BOB, MSA, MX, break_mx, mend_mx, submit

CAROL = "carol@example.org"
TEA = b"From: alice@example.org\r\nSubject: Tea\r\nMessage-ID: <t1@example.org>\r\n\r\nAt five?\r\n"


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def test_a_direct_delivery_reads_like_this(sandbox: Sandbox) -> None:
    submit(sandbox, TEA)
    assert (
        str(sandbox.journey("q1"))
        == """\
Journey of \u201cTea\u201d, from <alice@example.org> to bob@example.net
smtp.example.org, q1
  02 Mar 09:00  accepted on connection c1 from <alice@example.org> for bob@example.net
  02 Mar 09:00  attempt 1 to send it on
  02 Mar 09:00  asks the DNS for MX of example.net: 10 mx.example.net.
  02 Mar 09:00  asks the DNS for A of mx.example.net: 203.0.113.25
  02 Mar 09:00  bob@example.net: handed to the next host on connection r1: 250 2.0.0 Accepted as m1
      mx.example.net, m1
        02 Mar 09:00  accepted on connection r1 from <alice@example.org> for bob@example.net
        02 Mar 09:00  laid into Inbox of bob@example.net: SPF pass, DKIM pass, DMARC pass. \
No rule is against it."""
    )


def test_a_journey_is_found_by_any_of_its_names(sandbox: Sandbox) -> None:
    submit(sandbox, TEA)
    submit(sandbox, b"Subject: other\r\n\r\n", CAROL)
    (stored,) = sandbox.inbox(BOB)
    names = "q1", "q1 at smtp.example.org", "m1", "<t1@example.org>", "t1@example.org", stored
    assert [sandbox.journey(name).start.id for name in names] == ["q1"] * 6
    assert [one.start.id for one in sandbox.journeys] == ["q1", "q2"]
    with pytest.raises(KeyError, match="no journey has the id 'q9'; journeys: q1 at smtp"):
        sandbox.journey("q9")
    with pytest.raises(KeyError, match="journeys: none yet"):
        Journeys().find("")


def test_a_journey_leads_to_the_conversations_that_show_it(sandbox: Sandbox) -> None:
    submit(sandbox, TEA)
    journey = sandbox.journey("q1")
    assert journey.connections == ("c1", "r1") and journey.is_over
    for name in journey.connections:
        assert sandbox.transcript.of(name, "server")
    assert [step.kind for _, step in journey.steps] == [
        "accepted", "attempt", "looked-up", "looked-up", "outcome", "accepted", "delivered",
    ]  # fmt: skip


def test_what_was_put_off_shows_each_attempt_and_its_time(sandbox: Sandbox) -> None:
    break_mx(sandbox)
    submit(sandbox, TEA)
    sandbox.settle()
    assert not sandbox.journey("q1").is_over
    mend_mx(sandbox)
    sandbox.clock.advance(timedelta(hours=26))
    journey = sandbox.journey("q1")
    tried = [(step.result, step.world_time.strftime("%H:%M")) for step in journey.start.steps]
    assert ("deferred", "09:00") in tried and ("relayed", "09:30") in tried
    assert journey.is_over and journey.folders == ((BOB, "Inbox"),)
    sandbox._world.hosts[MX].errors.clear()  # the broken host's own


def test_a_failure_leads_to_the_journey_of_its_report(sandbox: Sandbox) -> None:
    submit(sandbox, TEA, "nobody@example.net")
    journey = sandbox.journey("q1")
    (report,) = journey.reports
    assert report.start.id == "q1.1" and report.folders == ((ALICE, "Inbox"),)
    assert journey.folders == () and journey.is_over
    (stored,) = sandbox.inbox(ALICE)
    assert sandbox.journey(stored).start.id == "q1"


def test_giving_up_is_over(sandbox: Sandbox) -> None:
    break_mx(sandbox)
    submit(sandbox, TEA)
    sandbox.clock.advance(timedelta(days=6))
    assert sandbox.journey("q1").is_over and len(sandbox.journey("q1").reports) == 2, "late, lost"
    sandbox._world.hosts[MX].errors.clear()


def test_two_recipients_at_two_domains_part_at_the_first_host(sandbox: Sandbox) -> None:
    submit(sandbox, TEA, BOB, CAROL, "abuse@example.net")
    journey = sandbox.journey("q1")
    assert set(journey.folders) == {
        (BOB, "Inbox"), (CAROL, "Inbox"), ("postmaster@example.net", "Inbox"),
    }  # fmt: skip
    (relayed,) = [step for step in journey.start.steps if step.result == "relayed"]
    assert relayed.mailboxes == (BOB, "abuse@example.net") and len(relayed.leads_to) == 1


# Aliases, forwarders and lists at work.


def test_an_alias_reaches_the_mailbox_and_bounces_reach_the_author(sandbox: Sandbox) -> None:
    sandbox.address_book.add(Alias("info@example.net", ("gone@example.net", "sales@example.net")))
    submit(sandbox, TEA, "info@example.net")
    (stored,) = sandbox.inbox(BOB)
    assert stored.envelope.reverse_path == ALICE
    assert stored.content.endswith(TEA) and stored.message["Delivered-To"] == "info@example.net"
    (report,) = sandbox.inbox(ALICE)
    assert "gone@example.net: 550 5.1.1" in str(report)
    assert [hop.why for hop in sandbox.journey("q1").hops] == ["", "", "alias", "report", ""]


def test_an_alias_that_is_named_twice_is_expanded_once(sandbox: Sandbox) -> None:
    submit(sandbox, TEA, "sales@example.net", "Sales@EXAMPLE.net", BOB)
    assert len(sandbox.inbox(BOB)) == 2, "one as Bob, one by the alias"


def test_a_loop_of_aliases_is_told_to_the_author(sandbox: Sandbox) -> None:
    sandbox.address_book.add(Alias("a@example.net", ("b@example.net", BOB)))
    sandbox.address_book.add(Alias("b@example.net", ("a@example.net",)))
    submit(sandbox, TEA, "a@example.net")
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue
    (report,) = sandbox.inbox(ALICE)
    assert "554 5.4.6 Routing loop: a@example.net -> b@example.net -> a@example.net" in str(report)


def test_a_loop_between_two_hosts_comes_to_an_end(sandbox: Sandbox) -> None:
    sandbox.address_book.add(Alias("round@example.net", ("round@example.org",)))
    sandbox.address_book.add(Alias("round@example.org", ("round@example.net",)))
    submit(sandbox, TEA, "round@example.net")
    (report,) = sandbox.inbox(ALICE)
    assert "5.4.6 Routing loop" in str(report) and not sandbox.queue
    assert len(sandbox.journeys) == 1


def spf_of(sandbox: Sandbox, name: str) -> str:
    """What SPF says about the newest copy, as the host that took it sees it."""
    newest = sandbox.inbox(name)[-1]
    records = {"example.org": "v=spf1 a:smtp.example.org -all", "example.net": "v=spf1 mx -all"}

    def look_up(name: str, type_: str) -> tuple[str, ...]:
        domain = name.rstrip(".")
        if type_ == "TXT":
            return (f'"{records[domain]}"',) if domain in records else ()
        return sandbox._world.zones.look_up(name, type_)

    source = str(newest.message["Received"]).partition("([")[2].partition("])")[0]
    asked: LookUp = look_up
    arrival = Arrival(
        address=source,
        helo="mx.example.net",
        reverse_path=newest.envelope.reverse_path,
        content=newest.content,
        receiver=MSA,
        now=sandbox.clock.now(),
    )
    return judge(arrival, asked).spf.result


def test_spf_fails_behind_a_forwarder_and_srs_mends_it(sandbox: Sandbox) -> None:
    submit(sandbox, TEA, "forward@example.net")
    (kept,) = sandbox.inbox(ALICE)
    assert kept.envelope.reverse_path == ALICE and spf_of(sandbox, ALICE) == "fail"
    sandbox.policy(MX).rewrites_reverse_path = True
    submit(sandbox, TEA, "forward@example.net")
    rewritten = sandbox.inbox(ALICE)[-1].envelope.reverse_path
    assert rewritten.startswith("SRS0=") and rewritten.endswith("=example.org=alice@example.net")
    assert spf_of(sandbox, ALICE) == "pass"


def test_a_bounce_finds_back_through_srs(sandbox: Sandbox) -> None:
    sandbox.policy(MX).rewrites_reverse_path = True
    sandbox.address_book.add(Alias("away@example.net", ("gone@example.org",)))
    submit(sandbox, TEA, "away@example.net")
    (report,) = sandbox.inbox(ALICE)
    assert "gone@example.org" in str(report) and report.envelope.reverse_path == ""
    assert [hop.why for hop in sandbox.journey("q1").hops] == [
        "", "", "alias", "report", "srs", "",
    ]  # fmt: skip


def test_nobody_relays_by_a_forged_srs_path(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail("")
        assert client.rcpt("SRS0=AAAA=BC=example.org=alice@example.net").code == 550


def test_a_list_reaches_its_members_and_keeps_bounces_from_the_author(sandbox: Sandbox) -> None:
    club = sandbox.address_book["tea-club@example.net"]
    assert isinstance(club, MailingList)
    club.members = (*club.members, "gone@example.org", "gone@example.net")
    submit(sandbox, TEA, "tea-club@example.net", sender=CAROL)
    for name in (ALICE, CAROL):
        (copy,) = sandbox.inbox(name)
        assert copy.envelope.reverse_path == "tea-club-bounces@example.net"
        assert copy.message["List-Id"] == "Tea club <tea-club.example.net>"
    to_bob = sandbox.inbox(BOB)
    reports = [mail for mail in to_bob if not mail.envelope.reverse_path]
    assert len(to_bob) == 2 and len(reports) == 1
    told = "".join(map(str, reports))
    assert "gone@example.org: 550 5.1.1" in told and "gone@example.net: 550 5.1.1" in told
    journey = sandbox.journey("q1")
    assert dict.fromkeys(journey.folders) == dict.fromkeys(
        [(BOB, "Inbox"), (ALICE, "Inbox"), (CAROL, "Inbox")]
    )


def test_a_list_that_two_worlds_have_is_changed_in_one(sandbox: Sandbox) -> None:
    club = sandbox.address_book["tea-club@example.net"]
    club.members = ()
    with Sandbox("memory") as other:
        assert other.address_book.members("tea-club@example.net")


# Renderings.


def test_the_page_is_safe_whatever_a_mail_object_holds(sandbox: Sandbox) -> None:
    content = b"Subject: <script>\x07\xe2\x80\xae</script>\r\n\r\n"
    submit(sandbox, content, CAROL, '"<img>"@example.net')
    page = sandbox.journey("q1")._repr_html_()
    assert "<script>" not in page and "<img>" not in page and "&lt;script&gt;\\x07\\u202e" in page
    assert page.count("<ul>") == page.count("</ul>") and page.count("<li>") == page.count("</li>")
    text = str(sandbox.journeys)
    assert text.isprintable() or "\x07" not in text


def test_a_long_journey_is_shown_up_to_a_bound() -> None:
    with Sandbox("memory") as sandbox:
        everybody = tuple(f"u{n}@example.net" for n in range(900))
        sandbox.address_book.add(Alias("all@example.net", everybody))
        for name in everybody[:400]:
            sandbox.address_book.add(Alias(name, (BOB,)))
            sandbox._world.mailboxes[name] = sandbox._world.mailboxes[BOB]
        submit(sandbox, TEA, "all@example.net")
        shown = str(sandbox.journey("q1"))
        assert len(shown.splitlines()) < 400
        assert "more, as m1.1" in shown


def test_journeys_outlive_what_fell_out_of_the_transcript(sandbox: Sandbox) -> None:
    submit(sandbox, TEA)
    sandbox.settle()
    events = sandbox.transcript.events
    for start in range(len(events)):
        told = journeys(events[start:])
        ids = [hop.id for one in told for hop in one.hops]
        assert len(ids) == len(set(ids)) and set(ids) <= {"q1", "m1"}
        assert all(str(one) and one._repr_html_() for one in told)


def test_both_transports_tell_the_same_journeys() -> None:
    def told(transport: str) -> tuple[str, list[str]]:
        with Sandbox(transport) as sandbox:
            for name in ("tea-club@example.net", "forward@example.net", "nobody@example.net"):
                submit(sandbox, TEA, name)
                sandbox.settle()
            world = [event for event in sandbox.transcript.events if not event.connection]
            return str(sandbox.journeys), as_json_lines(world).splitlines()

    assert told("memory") == told("tcp")


def test_a_host_where_nobody_listens_is_named_before_its_address(sandbox: Sandbox) -> None:
    """A newcomer knows names; the DNS has turned this one into an address by then."""
    submit(sandbox, TEA, "me@laptop.example.org")
    told = str(sandbox.journey("q1"))
    assert "451 4.4.1 nobody listens at laptop.example.org (198.51.100.10) port 25" in told
