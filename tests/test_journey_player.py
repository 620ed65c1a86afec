"""The journey player without a browser: frames, evidence, failures, clock, static forms."""

from datetime import timedelta
from time import process_time

import pytest

from smtplab import JourneyPlayer, Sandbox
from smtplab.lessons import signed_in
from smtplab.widgets.journey_player.frames import Fate, Station
from smtplab.widgets.journey_player.model import RECIPIENTS, TROUBLES
from tests.reception import ALICE

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def player(sandbox):
    return JourneyPlayer(sandbox)


def way(player):
    return [frame.station.value for frame in player.model.frames]


def shown(player):
    parts = player._bar, player._alert, player._stations, player._story, player._detail
    return "".join(part.value for part in (*parts, player._note))


DIRECT = ["You", "Submission", "Queue", "MX look-up", "Port 25", "Verdict", "Inbox or Junk"]


def test_a_message_goes_from_you_to_the_inbox_by_every_station(player):
    player._send.click()
    assert way(player) == DIRECT
    lit = [player.model.frame.station.value]
    for _ in range(6):
        player._next.click()
        lit.append(player.model.frame.station.value)
        assert shown(player).count('aria-current="step"') == 1
    assert lit == DIRECT and player.model.frame.fate is Fate.ARRIVED
    assert "It lies in the Inbox of bob@example.net" in player._detail.value
    player._next.click()
    assert "That is the end of this journey" in player._note.value
    player._back.click()
    assert player.model.frame.station is Station.VERDICT
    player._all.click()
    assert player.model.position == 6


def test_each_press_hands_in_another_message(player, sandbox):
    player._send.click()
    player._send.click()
    assert len(sandbox.inbox("bob@example.net")) == 2
    assert player.model.journey.start.id == "q2"


def test_each_station_names_the_header_fields_that_it_added(player, sandbox):
    player.send()
    added = {}
    for frame in player.model.frames:
        fields = player.model.evidence.fields(frame)
        added[frame.station] = [one.partition(":")[0] for one in fields]
    assert {station.value: names for station, names in added.items() if names} == {
        "Submission": ["Received", "DKIM-Signature"],
        "Port 25": ["Received"],
        "Verdict": ["Authentication-Results"],
        "Inbox or Junk": ["Return-Path"],
    }
    (stored,) = sandbox.inbox("bob@example.net")
    fields = [f for one in player.model.frames for f in player.model.evidence.fields(one)]
    assert all(field.encode() in stored.content for field in fields)


def test_each_hop_unfolds_to_its_conversation_and_look_ups_without_the_password(player):
    player.send()
    pages = [player._detail.value]
    while player.model.position + 1 < len(player.model.frames):
        player.next()
        pages.append(player._detail.value)
    assert "MAIL FROM:&lt;alice@example.org&gt;" in pages[0] and "connection c1" in pages[0]
    assert "AUTH PLAIN ********" in pages[0]
    assert "MX of example.net: 10 mx.example.net." in pages[3]
    assert "connection r1" in pages[4] and "250 2.0.0 Accepted as m1" in pages[4]
    assert "TXT at example.org: v=spf1 mx ~all" in pages[5]
    assert "looking-glass" not in "".join(pages) + player.static_html()


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_every_sample_can_be_played_to_its_end(player, recipient):
    player.send(recipient)
    player.all()
    assert len(player.model.frames) >= 4
    assert recipient in player.static_text() and player.static_html()


def ends(player):
    return [(one.station.value, one.fate.name) for one in player.model.frames][-2:]


@pytest.mark.parametrize(
    ("recipient", "trouble", "expected"),
    [
        ("grey@example.net", "nothing", ("Port 25", "LATER")),
        ("full@example.net", "nothing", ("Port 25", "LATER")),
        ("nobody@example.net", "nothing", ("Port 25", "REFUSED")),
        ("moved@example.net", "nothing", ("Port 25", "REFUSED")),
        ("ann@nowhere.example", "nothing", ("MX look-up", "REFUSED")),
        ("ann@shop.example", "nothing", ("Port 25", "LATER")),
        ("bob@example.net", "mx.example.net is down", ("Port 25", "LATER")),
        ("bob@example.net", "the DNS of example.net does not answer", ("MX look-up", "LATER")),
        ("bob@example.net", "example.net has a null MX", ("MX look-up", "REFUSED")),
        ("bob@example.net", "example.net has neither MX nor address", ("MX look-up", "REFUSED")),
    ],
)
def test_a_failure_is_told_where_it_happens(player, recipient, trouble, expected):
    player.set_trouble(trouble)
    player.send(recipient)
    assert expected in ends(player)
    if expected[1] == "REFUSED":
        assert ends(player)[1] == ("Inbox or Junk", "RETURNED")


@pytest.mark.parametrize("trouble", [name for name in TROUBLES if name != "nothing"])
def test_after_trouble_everything_works_again(player, sandbox, trouble):
    before = sandbox.zones.text("example.net")
    player.set_trouble(trouble)
    player.set_trouble("nothing")
    assert sandbox.zones.text("example.net") == before and not sandbox.faults
    player.send()
    assert way(player) == DIRECT


def test_the_clock_brings_a_greylisted_message_in(player):
    player.send("grey@example.net")
    player.all()
    assert "attempt 2 is due Mon 02 Mar 09:30" in player._bar.value
    player._steps["15 minutes"].click()
    assert "Nothing of this journey was due" in player._note.value
    player._minutes.value = 15
    player._advance.click()
    assert player.model.frame.station is Station.QUEUE, "the first new frame is lit"
    player.all()
    assert player.model.frame.fate is Fate.ARRIVED
    assert "nothing of it waits in a queue" in player._bar.value


def test_after_five_days_a_report_comes_back_and_is_a_journey_of_its_own(player):
    player.send("full@example.net")
    player._steps["5 days"].click()
    player.all()
    fates = [frame.fate for frame in player.model.frames]
    assert fates[-2:] == [Fate.GIVEN_UP, Fate.RETURNED] and len(fates) < 20
    assert sum(len(frame.retries) for frame in player.model.frames) > 25
    assert player._open in player._play.children
    player._open.click()
    assert "Journey of the report: &lt;&gt; to alice@example.org" in player._bar.value
    assert player.model.frames[-1].fate is Fate.ARRIVED
    player._close.click()
    assert player.model.frame.fate is Fate.RETURNED
    with pytest.raises(LookupError, match="no report that was opened"):
        player.close_report()


def test_a_message_that_is_sent_on_goes_a_second_way(player):
    player.send("forwarded@example.net")
    assert [one.leg for one in player.model.frames] == [0] * 7 + [1] * 5
    player.all()
    assert "Sent on by mx.example.net" in player._stations.value
    assert "SPF softfail, DKIM pass, DMARC pass" in player.static_text()


def test_it_opens_what_lies_in_a_folder_an_id_or_a_journey(player, sandbox):
    player.send()
    (stored,) = sandbox.inbox("bob@example.net")
    for of in (stored, "q1", sandbox.journeys[0]):
        journey = JourneyPlayer(sandbox, of).model.journey
        assert journey is not None and journey.start.id == "q1"
    with pytest.raises(KeyError, match="no journey has the id 'q9'"):
        player.open("q9")


def test_two_mail_objects_on_one_connection_keep_their_own_verdicts(sandbox):
    with sandbox.connect("mx.example.net", 25) as client:
        client.ehlo()
        for author in ("alice@example.org", "ceo@bank.example"):
            client.mail(author)
            client.rcpt("bob@example.net")
            client.data()
            client.content(f"From: {author}\r\n\r\n".encode())
    player = JourneyPlayer(sandbox, "m1")
    assert way(player) == ["You", "Port 25", "Verdict", "Inbox or Junk"]
    verdict = player.model.frames[2].verdict
    assert verdict is not None and verdict.checks is not None
    assert verdict.checks.dmarc.domain == "example.org"


def test_hostile_text_neither_runs_nor_breaks_out_nor_fills_the_page(sandbox):
    with signed_in(sandbox) as client:
        client.mail(ALICE)
        client.rcpt("bob@example.net")
        client.data()
        subject = f"Subject: {HOSTILE}\r\nX-Evil: <img onerror=alert(1)>\x00\r\n"
        client.content(subject.encode() + b"\r\n" + b"<b>x" * 100_000)
    player = JourneyPlayer(sandbox)
    pages = [shown(player)]
    for _ in range(6):
        player.next()
        pages.append(shown(player))
    pages.append(player.static_html())
    whole = "".join(pages)
    assert "<script" not in whole and "<img" not in whole and "\u202e" not in whole
    assert max(map(len, pages)) < 60_000


def test_a_fault_of_ours_is_shown_and_not_lost(player):
    player._guarded(lambda: 1 / 0)(None)
    assert "ZeroDivisionError" in player._alert.value
    with pytest.raises(ValueError, match="does not go back"):
        player.advance(timedelta(minutes=-1))
    with pytest.raises(ValueError, match="30 days"):
        player.advance(timedelta(days=31))
    with pytest.raises(ValueError, match="no trouble 'x'; there are nothing, "):
        player.set_trouble("x")


def test_the_first_page_and_one_more_step_are_quick(sandbox):
    JourneyPlayer(sandbox).send()
    first, one_more = [], []
    for _ in range(3):  # the garbage collector may come into one of them
        began = process_time()
        player = JourneyPlayer(sandbox)
        first.append(process_time() - began)
        began = process_time()
        player.next()
        one_more.append(process_time() - began)
    assert min(first) < 0.1 and min(one_more) < 0.05


def test_stored_forms_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            player = JourneyPlayer(sandbox)
            player.send("nobody@example.net")
            player.all()
            stored.append(player._repr_mimebundle_())
    assert stored[0] == stored[1]
    text = str(stored[0]["text/plain"])
    assert "> Mon 02 Mar 09:00  Report: A report goes back to alice@example.org" in text
    assert "550 5.1.1 No mailbox nobody@example.net here" in text
