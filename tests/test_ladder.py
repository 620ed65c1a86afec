"""The ladder without a browser: arrows, round trips, virtual time, three ways, hostile text."""

import pytest

from smtplab import Ladder, Sandbox, Transcript
from smtplab.commands import data, mail, noop, rcpt
from smtplab.sandbox.certificates import Authority
from smtplab.transcript import Kind
from smtplab.widgets.carried import carried
from smtplab.widgets.ladder import model as ladder_model
from smtplab.widgets.ladder.render import label
from smtplab.widgets.ladder.ways import send_three_ways
from tests.test_capture import WORLD_TIME, new
from tests.test_console_page import HOSTILE, Tags, TwistedSandbox

CONTENT = b"Subject: Tea\r\n\r\nAt five?\r\n"
MX = "mx.example.net"


def whole_session(sandbox):
    """From the greeting to QUIT, with a group of three commands; the client is given back."""
    with sandbox.connect() as client:
        client.ehlo()
        client.starttls()
        client.ehlo()
        client.auth("alice@example.org", "looking-glass", "PLAIN")
        client.group(mail("alice@example.org"), rcpt("bob@example.net"), data())
        client.content(CONTENT)
    return client


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture(params=["memory", "tcp"])
def either(request):
    with Sandbox(request.param) as running:
        yield running


def drawn(ladder):
    """The arrows as (letter, label) pairs."""
    return [(arrow.sender, label(arrow)) for arrow in ladder.model.arrows]


# Arrows and round trips.


def test_lines_that_went_out_together_are_one_arrow_and_each_wait_is_counted(either):
    client = whole_session(either)
    ladder = Ladder(client)
    assert ("C", "MAIL · RCPT · DATA") in drawn(ladder)
    assert ("S", "250 · 250 · 354") in drawn(ladder)
    assert ladder.model.waits == {
        "opening TCP": 1, "greeting": 1, "SMTP": client.round_trips, "TLS handshake": 1,
    }  # fmt: skip
    assert ladder.round_trips == client.round_trips + 3


def test_both_ends_tell_the_same_ladder(either):
    client = whole_session(either)
    seen_by_client, seen_by_server = Ladder(client), Ladder(either, client.connection)
    of_server = [pair for pair in drawn(seen_by_server) if "AUTH" not in pair[1]]
    assert [pair for pair in drawn(seen_by_client) if "AUTH" not in pair[1]] == of_server
    assert seen_by_client.model.waits == seen_by_server.model.waits


def test_a_journey_has_a_lane_for_each_host_and_goes_on_where_the_last_hop_ended(either):
    whole_session(either)
    ladder = Ladder(either.journey("q1"), sandbox=either)
    assert ladder.model.lanes == ("laptop.example.org", "smtp.example.org", MX)
    assert [ladder.model.role(host) for host in ladder.model.lanes] == ["SMTP client", "MSA", "MX"]
    ladder.show_earlier()
    first_hop, second_hop = ladder.model.legs
    begins = next(arrow for arrow in ladder.model.arrows if arrow.leg == 1)
    assert begins.departs == first_hop.round_trips
    assert ladder.round_trips == first_hop.round_trips + second_hop.round_trips


def test_both_transports_store_the_same_page():
    stored = []
    for transport in ("memory", "tcp"):
        with Sandbox(transport) as sandbox:
            ladder = Ladder(whole_session(sandbox))
            ladder.compare(3)
            stored.append(ladder._repr_mimebundle_())
    assert stored[0] == stored[1]


def test_tls_1_2_costs_one_round_trip_more():
    leg = ladder_model.Leg(0, "a.example", "b.example", 25)
    with Sandbox("memory") as sandbox:
        events = whole_session(sandbox).transcript.events
    tls = next(event for event in events if event.kind is Kind.TLS)
    leg._add("", (tls._replace(detail={"protocol": "TLS 1.2"}),))
    assert leg.round_trips == 2


def test_a_transcript_from_a_file_is_drawn_line_by_line(sandbox):
    read = Transcript.from_json(whole_session(sandbox).transcript.to_json())
    letters = [letter for letter, _ in drawn(Ladder(read))]
    assert "".join(letters).count("CCCSSS") == 1, "its segments are not known any more"
    assert Ladder(read).round_trips == 10


def test_the_newest_connection_is_drawn_unless_another_is_named(sandbox):
    with sandbox.connect(MX, 25), sandbox.connect(MX, 25):
        pass
    names = sandbox.transcript.connections
    assert Ladder(sandbox).model.connections == names[-1:]
    assert Ladder(sandbox, names[0]).model.connections == names[:1]
    with pytest.raises(ValueError, match=f"there are {', '.join(names)}"):
        Ladder(sandbox, "c99")
    with pytest.raises(ValueError, match="not int"):
        Ladder(7)
    with pytest.raises(ValueError, match="pass sandbox="):
        whole_session(sandbox)
        Ladder(sandbox.journey("q1"))


def test_a_connection_without_events_says_so():
    ladder = Ladder(Transcript.from_json(""))
    assert "Nothing was recorded" in ladder._drawing.value + ladder.static_text()


# Virtual latency.


def test_time_is_round_trips_times_latency_and_nobody_waits(sandbox):
    ladder = Ladder(whole_session(sandbox))
    ladder._latency.value = 1000
    assert ladder.total == ladder.round_trips * 1000
    assert "10.00 s of waiting at 1000 ms each" in ladder._bar.value
    ladder.set_latency(0)
    assert ladder.total == 0
    with pytest.raises(ValueError, match="0 to 60000"):
        ladder.set_latency(-1)


# Refresh, and long transcripts.


def test_refresh_draws_what_happened_since(sandbox):
    with sandbox.connect(MX, 25) as client:
        ladder = Ladder(client)
        client.ehlo()
        assert "EHLO" not in ladder._drawing.value
        ladder._refresh_button.click()
        assert "EHLO laptop.example.org" in ladder._drawing.value
        client.noop()
        ladder.refresh()
        assert drawn(ladder)[-2:] == [("C", "NOOP"), ("S", "250 2.0.0 Nothing done")]
        assert ladder.round_trips == client.round_trips + 2


def test_a_turn_that_was_looked_at_in_the_middle_is_drawn_once(sandbox):
    """Whoever refreshes between a command and its reply must not see the command twice."""
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        model = Ladder(client).model
        events = client.transcript.events
        leg = ladder_model.Leg(0, "a.example", "b.example", 25)
        for event in events:
            leg.feed([event], client.transcript)
        assert [arrow.events for arrow in leg.arrows] == [arrow.events for arrow in model.arrows]
        assert leg.round_trips == model.round_trips


def test_one_more_step_after_10_000_lines_reads_and_draws_only_what_is_new(sandbox, monkeypatch):
    with sandbox.connect(MX, 25) as client:
        for _ in range(5_000):
            client.noop()
        ladder = Ladder(client)
        assert ladder._drawing.value.count("<g ") <= ladder_model.SHOWN
        assert len(ladder.model.legs[0].arrows) == ladder_model.MOST_KEPT
        read = []

        def counting(events, segments):
            read.append((len(events), len(segments)))
            return carried(events, segments)

        monkeypatch.setattr("smtplab.widgets.ladder.model.carried", counting)
        client.noop()
        ladder.refresh()
        assert max(read[0]) < 10
        assert ladder.model.waits["SMTP"] == 5_001


def test_earlier_arrows_come_back_by_a_button_up_to_a_bound(sandbox):
    with sandbox.connect(MX, 25) as client:
        for number in range(400):
            client.noop(str(number))
        ladder = Ladder(client)
        assert ladder._earlier in ladder._body.children
        before = len(ladder.model.arrows)
        for _ in range(20):
            ladder._earlier.click()
        assert before == ladder_model.SHOWN
        assert len(ladder.model.arrows) == ladder_model.MOST_SHOWN
        assert "earlier arrows not shown" in ladder.static_text()


# Three ways.


@pytest.mark.parametrize(("recipients", "trips"), [(1, [8, 6, 5]), (50, [57, 6, 5])])
def test_pipelining_and_bdat_save_round_trips_and_everybody_is_accepted(recipients, trips):
    ways = send_three_ways(recipients)
    assert [way.round_trips for way in ways] == trips
    assert [way.accepted for way in ways] == [recipients] * 3
    assert all(way.last_reply.startswith("250") for way in ways)


def test_the_comparison_is_shown_and_leaves_the_learners_sandbox_alone(sandbox):
    ladder = Ladder(whole_session(sandbox))
    before = len(sandbox.transcript)
    ladder._recipients.value = 10
    ladder._compare_button.click()
    assert "Step by step: 17 round trips" in ladder._waterfall.value
    assert ladder._waterfall.value.count("<rect") == 17 + 6 + 5
    assert len(sandbox.transcript) == before
    ladder.set_latency(100)
    assert "1.70 s" in ladder._waterfall.value and "1.70 s" in ladder.static_text()
    for wrong in (0, 51):
        with pytest.raises(ValueError, match="1 to 50 recipients"):
            ladder.compare(wrong)


def test_what_goes_wrong_in_a_click_stands_on_the_page(sandbox, monkeypatch):
    ladder = Ladder(whole_session(sandbox))

    def fail():
        raise RuntimeError("boom <script>")

    monkeypatch.setattr(ladder.model, "refresh", fail)
    ladder._guarded(ladder.model.refresh)(None)
    assert "RuntimeError: boom &lt;script&gt;" in ladder._alert.value


def test_without_tls_there_is_a_ladder_all_the_same(monkeypatch):
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox("memory") as sandbox, sandbox.connect() as client:
        client.ehlo()
        ladder = Ladder(client)
        assert ladder.model.waits == {"opening TCP": 1, "greeting": 1, "SMTP": 1}
        assert "smtplab-inside" not in ladder._drawing.value


def test_a_reply_that_nobody_asked_for_is_an_arrow_of_its_own():
    """A server that gives up says 421 (RFC 5321, 3.8); it is no part of the greeting."""
    transcript = Transcript(lambda: WORLD_TIME)
    recorder = transcript.recorder("c1", "server")
    for kind, octets in ((Kind.GREETING, b"220 mx\r\n"), (Kind.REPLY, b"421 mx\r\n")):
        recorder.record(kind, 0, octets)
        recorder.segment("server", octets)
    parts = carried(transcript.events, transcript.wire("c1", "server").segments)
    assert [len(part.events) for part in parts] == [1, 1]


def test_two_ends_of_one_name_have_two_lanes():
    """Without lanes of their own every arrow would be a dot."""
    _, recorder = new("localhost")
    place = {"source": "localhost", "host": "localhost", "port": 2525}
    transcript = recorder.transcript
    other = transcript.recorder("c2", "client")
    other.record(Kind.CONNECT, 0, detail=place)
    assert Ladder(transcript, "c2").model.lanes == ("localhost (client)", "localhost")


# Stored and hostile.


def test_the_stored_forms_say_it_in_words(sandbox):
    ladder = Ladder(whole_session(sandbox))
    html, text = ladder.static_html(), ladder.static_text()
    for form in (html, text):
        assert "10 round trips" in form or "round trips: 1 for opening TCP" in form
        assert "TLS 1.3 handshake; from here on inside TLS" in form
    assert "<svg" not in html and "<style" not in html
    assert "RCPT TO:&lt;bob@example.net&gt;" in html and "looking-glass" not in html
    assert "C -> MAIL · RCPT · DATA [TLS]" in text


def test_markup_from_anywhere_is_text_and_a_long_line_is_cut():
    with TwistedSandbox("memory") as sandbox, sandbox.connect(MX, 25) as client:
        client.send_raw(f'VRFY "{HOSTILE}" onload=alert(1)\r\n'.encode())
        client.send_raw(noop("x" * 400 + "<img src=x onerror=alert(1)>"))
        ladder = Ladder(client)
        whole = ladder._drawing.value + ladder._told.value + ladder.static_html()
        text = ladder.static_text()
    assert "&lt;script&gt;" in whole
    assert not {"script", "img", "onload", "onerror"} & Tags(whole).seen
    assert not set("\u202e\u2028") & set(whole + text)
    assert len(whole) < 60_000


def test_markup_in_a_file_of_somebody_else_is_text():
    """A transcript may come from anywhere: its notes are as hostile as its lines."""
    with Sandbox("memory") as sandbox:
        json = whole_session(sandbox).transcript.to_json()
    for word in ("by the server", "TLS 1.3", "laptop.example.org", "smtp.example.org"):
        json = json.replace(word, "<img src=x onerror=alert(1)>")
    ladder = Ladder(Transcript.from_json(json))
    whole = ladder._drawing.value + ladder._told.value + ladder.static_html()
    assert whole.count("&lt;img") > 6
    assert not {"img", "onerror"} & Tags(whole).seen
