"""The eavesdropper's card without a browser: the wire, both ends, the attacker."""

import re

import pytest

from smtplab import Eavesdropper, LocalProtocolError, Sandbox, Settings
from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.middle import StripsSTARTTLS
from smtplab.transcript import Kind, Transcript
from smtplab.widgets.eavesdropper import render
from smtplab.widgets.eavesdropper.model import Care, Caught, Doors, EavesdropperModel, Has
from smtplab.widgets.eavesdropper.moments import record_rows
from tests.test_console_page import EVIL_TAG, HOSTILE, Tags
from tests.test_eavesdropper import new
from tests.test_ports import PLAIN_TAGS

READ, INSIDE, NOT_SENT = Has.READ, Has.INSIDE_TLS, Has.NOT_SENT
MSA = "smtp.example.org"
ALICE, PASSWORD = "alice@example.org", "looking-glass"


@pytest.fixture
def card(sandbox):
    return Eavesdropper(sandbox)


def page(card):
    return "".join(one.value for one in (card._bar, card._wire, card._catch, card._hand_ins))


# One connection.


def test_before_anything_passed_the_card_says_so(card):
    assert "Nothing has passed yet" in card._wire.value and card.model.connection is None


def test_plaintext_reads_the_same_for_eve_and_for_both_ends(sandbox):
    with sandbox.connect() as client:
        client.ehlo()
        card = Eavesdropper(sandbox, client)
        assert "EHLO laptop.example.org" in card._wire.value
        assert "client and server: the same" in card._wire.value


@pytest.mark.parametrize("port", [465, 587])
def test_inside_tls_each_record_stands_beside_what_it_carried(sandbox, port):
    with sandbox.connect(MSA, port) as client:
        client.ehlo()
        if not client.session.tls:
            client.starttls()
            client.ehlo()
        client.noop()
        found = Eavesdropper(sandbox, client).model.moments
    [noop] = [m for m in found if ("client and server", ("NOOP",)) in m.inside]
    assert noop.is_tls and noop.sight.lengths == (len(b"NOOP\r\n") + 17,)
    assert {m.inside for m in found if m.sight.handshake and not m.sight.lengths} == {()}


def test_refresh_reads_on(sandbox):
    with sandbox.connect() as client:
        card = Eavesdropper(sandbox, client)
        client.noop()
        assert "NOOP" not in card._wire.value
        card._refresh.click()
        assert "NOOP" in card._wire.value


def test_a_client_alone_shows_its_own_end(sandbox):
    with sandbox.connect() as client:
        client.ehlo()
        card = Eavesdropper(client)
        assert (
            "client: the same" in card._wire.value
            and card._send[Care.STRICT] not in card.view.children
        )
        with pytest.raises(LocalProtocolError, match="only in a sandbox"):
            card.hand_in("careless")


def test_another_connection_is_chosen_by_name(sandbox, card):
    with sandbox.connect() as one, sandbox.connect("mx.example.net", 25) as other:
        card.refresh()
        card.choose(one.connection)
        assert f"{MSA} : 587" in card._bar.value
        card._connection.value = other.connection
        assert "mx.example.net : 25" in card._bar.value
    with pytest.raises(ValueError, match="no connection 'c9'; there are c1, c2"):
        card.choose("c9")


def test_the_card_follows_what_it_sent_though_older_connections_are_listed(sandbox):
    """A new list of connections chooses its first one; that is no click."""
    for _ in "abc":
        sandbox.connect().close()
    card = Eavesdropper(sandbox)
    sent = card.hand_in("careless", strips=True)
    assert card.model.connection == sent.connection == "c4"
    assert card._connection.value == "c4"


def test_octets_show_hex_and_ascii_and_each_records_header(sandbox):
    with sandbox.connect() as client:
        client.ehlo()
        client.starttls()
        client.ehlo()
        card = Eavesdropper(sandbox, client)
        card._look.value = "octets in hex and ASCII"
    assert "32 32 30 20 73 6d 74 70" in card._wire.value
    assert "<code>17 03 03 00 2a</code> <em>application data, 42 octets follow</em>" in (
        card._wire.value
    )
    hello = next(m.sight for m in card.model.moments if "ClientHello" in m.sight.handshake)
    [(header, words, body)] = record_rows(hello)
    assert header.startswith("16 03 01") and words.startswith("handshake, ") and body[:1] == b"\x01"
    assert body[:16].hex(" ") in card._wire.value
    assert body[:16].hex(" ") not in card.static_html() + card.static_text()


def test_what_still_leaks_is_said_in_words(sandbox):
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        card = Eavesdropper(sandbox, client)
    for leak in (
        "Both hosts, port 465, and the time of each packet",
        "The server&#x27;s name in the ClientHello: smtp.example.org",
        "Sizes: TLS 1.3 adds 17 octets",
        "That it is mail: port 465 is used for nothing else",
    ):
        assert leak in card._catch.value


# The password.


def test_the_sandboxs_password_is_shown_as_the_lesson(sandbox):
    with sandbox.in_the_middle(StripsSTARTTLS), sandbox.connect() as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD, "PLAIN")
        card = Eavesdropper(sandbox, client)
    assert card.model.caught.password is READ
    assert f"user {ALICE}, password {PASSWORD}" in card._catch.value


@pytest.mark.parametrize(("asked", "shown"), [(False, False), (True, True)], ids=["no", "yes"])
def test_a_real_servers_password_is_shown_only_if_asked_for(asked, shown):
    transcript, recorder = new("localhost")
    octets = b"AUTH PLAIN AGFsaWNlAGxvb2tpbmc=\r\n"
    recorder.segment("client", octets)
    recorder.record(Kind.COMMAND, 1, octets, secrets=((11, 31),))
    card = Eavesdropper(transcript, secrets=asked)
    whole = page(card) + card.static_html() + card.static_text()
    assert ("AGFsaWNlAGxvb2tpbmc=" in whole) is shown and ("looking" in whole) is shown
    card.show_octets()
    assert ("41 47 46 73 61" in page(card)) is shown


# The attacker.


@pytest.mark.parametrize(
    ("door", "care", "strips", "outcome", "caught"),
    [
        (Doors.SUBMISSION, "careless", False, "handed in", Caught(INSIDE, INSIDE, INSIDE)),
        (Doors.SUBMISSION, "strict", False, "handed in", Caught(INSIDE, INSIDE, INSIDE)),
        (Doors.SUBMISSION, "careless", True, "stopped at AUTH", Caught(READ, NOT_SENT, NOT_SENT)),
        (
            Doors.SUBMISSION, "strict", True, "stopped at STARTTLS",
            Caught(NOT_SENT, NOT_SENT, NOT_SENT),
        ),
        (Doors.SUBMISSIONS, "careless", True, "handed in", Caught(INSIDE, INSIDE, INSIDE)),
        (Doors.EXCHANGE, "careless", False, "handed in", Caught(NOT_SENT, INSIDE, INSIDE)),
        (Doors.EXCHANGE, "careless", True, "handed in", Caught(NOT_SENT, READ, READ)),
        (
            Doors.EXCHANGE, "strict", True, "stopped at STARTTLS",
            Caught(NOT_SENT, NOT_SENT, NOT_SENT),
        ),
    ],
)  # fmt: skip
def test_what_eve_has_of_a_message(sandbox, card, door, care, strips, outcome, caught):
    done = card.hand_in(care, strips=strips, door=door)
    assert done.outcome.startswith(outcome) and done.caught == caught
    assert len(sandbox.inbox("bob@example.net")) == (outcome == "handed in")


def test_what_was_changed_on_the_way_stands_beside_both_ends(card):
    card._strips.value = True
    card._send[Care.STRICT].click()
    assert card.model.changed == (
        "taken away: 250-STARTTLS",
        "taken away: STARTTLS",
        "put in: XXXXXXXX",
    )
    assert "<b>on the way</b>: taken away: 250-STARTTLS" in card._wire.value
    assert "an attacker strips STARTTLS" in card._bar.value
    assert "The strict client asked for TLS all the same" in card._hand_ins.value


def test_all_four_stand_beside_each_other_and_the_switch_stays(card):
    card._compare.click()
    rows = re.findall(r"<b>((?:careless|strict), [^<]+)</b>", card._hand_ins.value)
    assert rows == [
        "careless, no attacker",
        "strict, no attacker",
        "careless, attacker strips STARTTLS",
        "strict, attacker strips STARTTLS",
    ]
    assert card._strips.value is False and "its password was read" in card._hand_ins.value


def test_at_another_door_the_comparison_begins_anew(card):
    card.hand_in("careless", strips=True)
    card._door.value = Doors.EXCHANGE
    assert card._hand_ins.value == ""
    card._send[Care.CARELESS].click()
    assert "Eve read the message" in card._hand_ins.value


def test_after_the_attack_the_way_is_free_again(sandbox, card):
    card.hand_in("careless", strips=True)
    with sandbox.connect() as client:
        client.ehlo()
        assert "STARTTLS" in client.extensions


# What is shown.


def test_stored_outputs_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as running:
            card = Eavesdropper(running)
            for door in Doors:
                card.compare(door)
                for octets in (False, True):
                    card.show_octets(octets)
                    stored.append(card._repr_mimebundle_())
    half = len(stored) // 2
    assert stored[:half] == stored[half:]


def test_the_stored_forms_say_it_in_words(card):
    card.compare()
    card.hand_in("careless")
    html, text = card.static_html(), card.static_text()
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for expected in (
        "TLS handshake: ClientHello",
        "TLS application record, 42 octets, not readable",
        "careless, attacker strips STARTTLS",
        "its password was read",
        "MAIL FROM:<alice@example.org>".replace("<", "&lt;").replace(">", "&gt;"),
    ):
        assert expected in words
    assert "TLS application record, 42 octets, not readable" in text
    assert "client and server: AUTH PLAIN ********" in text
    assert Tags(html).seen <= PLAIN_TAGS | {"div", "ul", "li"}


def test_hostile_octets_are_text_and_bounded():
    transcript, recorder = new()
    recorder.segment("server", b"220 " + HOSTILE.encode() + b"\0\x1b\r\n")
    recorder.segment("client", b"x" * 5_000_000 + b"\r\n")
    for number in range(500):
        recorder.segment("server", b"250 ok\r\n" * 100)
        recorder.segment("client", b"NOOP %d\r\n" % number)
    card = Eavesdropper(transcript)
    for octets in (False, True):
        card.show_octets(octets)
        html = page(card) + card.static_html()
        whole = html + card.static_text()
        assert EVIL_TAG not in html and "script" not in Tags(html).seen
        assert not {"\u202e", "\0", "\x1b"} & set(whole)
        assert len(page(card)) < 200_000
    assert "turns in the middle are not shown" in whole and "more octets]" in whole


def test_a_connection_with_a_gap_is_refused_by_name(sandbox):
    with sandbox.connect() as client:
        client.ehlo()
        card = Eavesdropper(Transcript.from_json(client.transcript.to_json()))
    assert "the octets of connection c1 are no longer kept" in card._wire.value
    assert "no longer kept" in card.static_text()


@pytest.mark.parametrize("transport", ["memory", "tcp"])
def test_without_tls_all_is_readable_and_nothing_fails(monkeypatch, transport):
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox(transport) as running:
        card = Eavesdropper(running)
        done = card.hand_in("careless")
        assert done.outcome == "handed in" and done.caught == Caught(READ, READ, READ)
        assert "no TLS: all is readable" in card._bar.value
        assert card.hand_in("strict").outcome.startswith("stopped at STARTTLS")
        assert "this Python has none" in card.hand_in("strict", door=Doors.SUBMISSIONS).outcome


def test_a_client_that_records_elsewhere_is_joined_too(sandbox):
    transcript = Transcript(sandbox.clock.now)
    with sandbox.connect(settings=Settings(transcript=transcript)) as client:
        client.noop()
        card = Eavesdropper(sandbox, client)
    assert card.model.moments[-1].inside[0][0] == "client and server"


def test_a_fault_of_ours_is_shown_and_raised_from_code(card, monkeypatch):
    monkeypatch.setattr(EavesdropperModel, "_walk", lambda *_: 1 / 0)
    card._send[Care.CARELESS].click()
    assert "ZeroDivisionError" in card._alert.value
    with pytest.raises(ZeroDivisionError):
        card.hand_in("careless")


def test_the_rows_of_a_catch_are_words(card):
    card.hand_in("strict")
    assert dict(render.catch_rows(card.model))["Content"] == "inside TLS, not read"
