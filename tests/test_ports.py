"""Three doors without a browser: what real sessions find, and the message that is tried."""

import re

import pytest

from smtplab import Ports, Sandbox
from smtplab.sandbox.certificates import Authority
from smtplab.widgets.ports import render
from smtplab.widgets.ports.model import BOB, EXCHANGE, Opening, PortsModel
from smtplab.widgets.stages import Stage
from tests.test_console_page import EVIL_TAG, Tags, TwistedSandbox

PLAIN_TAGS = set("p b br table caption thead tbody tr th td code em details summary".split()) | {
    "class",
    "scope",
    "style",  # cells that begin at the left
}


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def ports(sandbox):
    return Ports(sandbox)


def look(ports, port):
    return next(one for one in ports.model.looks if one.door.port == port)


def codes(ports, port, stage):
    seen = look(ports, port).at(stage)
    return None if seen is None else (seen.mail.code, seen.local.code, seen.elsewhere.code)


# What is behind each.


@pytest.mark.parametrize(
    ("port", "before", "inside", "signed_in"),
    [
        (25, (250, 250, 550), (250, 250, 550), None),
        (465, None, (530, 503, 503), (250, 250, 250)),
        (587, (530, 530, 530), (530, 503, 503), (250, 250, 250)),
    ],
    ids=["25", "465", "587"],
)
def test_each_door_shows_what_mail_and_rcpt_get_at_each_stage(
    ports, port, before, inside, signed_in
):
    assert codes(ports, port, Stage.BEFORE_TLS) == before
    assert codes(ports, port, Stage.INSIDE_TLS) == inside
    assert codes(ports, port, Stage.SIGNED_IN) == signed_in


def test_no_password_goes_to_a_door_that_does_not_offer_auth(ports):
    assert not any(line.text.startswith("AUTH") for line in look(ports, 25).lines)


def test_only_465_greets_inside_tls(ports):
    assert [one.greeted_inside_tls for one in ports.model.looks] == [False, True, False]
    assert "TLS, before any SMTP" in dict(render.rows(look(ports, 465)))["What comes first"][0]


def test_looking_delivers_nothing(sandbox, ports):
    ports.look()
    assert not any(len(mailbox.folder("Inbox")) for mailbox in sandbox.mailboxes)


def test_looking_again_sees_what_the_server_offers_now(sandbox, ports):
    sandbox.policy("smtp.example.org").switched_off.add("STARTTLS")
    ports._refresh.click()
    assert look(ports, 587).at(Stage.INSIDE_TLS) is None
    assert "STARTTLS was not offered, so TLS never began" in ports._looks.value


def test_port_25_of_the_other_provider_takes_its_own_mailbox(ports):
    ports.try_door(25)
    ports._relay.value = EXCHANGE
    assert not ports.model.trials, "what was tried at the other host's door is told no more"
    found = dict(render.rows(look(ports, 25)))
    assert "RCPT bob@example.net, a mailbox here: taken, 250" in found["Before TLS"]
    with pytest.raises(ValueError, match="port 25 is looked at with"):
        ports.choose_relay("pop.example.net")


# The same message at all three.


def test_one_button_tries_the_message_and_two_doors_deliver_it(sandbox, ports):
    ports._all.click()
    said = {port: render.outcome(trial) for port, trial in ports.model.trials.items()}
    assert said == {
        25: "Refused at RCPT: 550",
        465: f"Arrived: Inbox of {BOB}",
        587: f"Arrived: Inbox of {BOB}",
    }
    assert len(sandbox.inbox(BOB)) == 2 and "2 of 3 tried messages arrived" in ports._bar.value


def test_a_refusal_is_explained_and_its_conversation_unfolds(ports):
    ports._one[25].click()
    assert "Usual cause" in ports._trials.value
    assert "<summary>The conversation</summary>" in ports._trials.value
    assert "550 5.7.1 Relaying denied" in ports._trials.value


def test_at_the_recipients_own_port_25_the_message_arrives_without_auth(ports):
    ports.choose_relay(EXCHANGE)
    trial = ports.try_door(25)
    assert trial.folder and "AUTH" not in " ".join(line.text for line in trial.lines)


def test_plaintext_at_465_waits_for_a_greeting_that_never_comes(ports):
    trial = ports.try_door(465, Opening.PLAINTEXT)
    told = dict(render.trial_rows(trial))
    assert "sent no reply to greeting within 2 seconds" in told["What the client reports"][0]
    assert told["Why"][0].startswith("Both waited")


@pytest.mark.parametrize("port", [25, 587])
def test_tls_first_on_a_door_that_begins_in_plaintext_is_a_real_error(ports, port):
    trial = ports.try_door(port, "with TLS from the first octet")
    told = dict(render.trial_rows(trial))
    assert "did not speak TLS on this port" in told["What the client reports"][0]
    assert "ClientHello" in told["Why"][0] and told["What to do"]


def test_in_plaintext_587_gives_no_chance_to_sign_in(ports):
    ports._opening.value = Opening.PLAINTEXT
    ports._one[587].click()
    trial = ports.model.trials[587]
    assert render.outcome(trial) == "Refused at MAIL: 530"
    assert not any(line.text.startswith("AUTH") for line in trial.lines)


def test_a_door_that_is_none_of_the_three_is_named(ports):
    with pytest.raises(ValueError, match="the doors are 25, 465, 587, not 2525"):
        ports.try_door(2525)


# What is shown.


def test_stored_outputs_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as running:
            ports = Ports(running)
            ports.try_all()
            stored.append(ports._repr_mimebundle_())
    assert stored[0] == stored[1]


def test_the_stored_forms_say_it_in_words_and_hide_the_password(ports):
    ports.try_all()
    html, text = ports.static_html(), ports.static_text()
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for expected in (
        "Port 465 of smtp.example.org: Submission with implicit TLS",
        "RFC 8314, 3.3",
        "RFC 6409, 3.1",
        "RFC 5321, 4.5.4.2",
        "Refused at RCPT: 550",
        f"Arrived: Inbox of {BOB}",
    ):
        assert expected in words and expected in text
    assert "AUTH PLAIN ********" in text and "looking-glass" not in html + text
    assert Tags(html).seen <= PLAIN_TAGS


def test_markup_from_the_server_is_text():
    with TwistedSandbox("memory") as twisted:
        ports = Ports(twisted)
        ports.try_all()
        whole = ports._looks.value + ports._trials.value + ports.static_html()
    assert EVIL_TAG not in whole and "&lt;script&gt;" in whole and "\\u202e" in whole
    assert "\u202e" not in whole and "script" not in Tags(whole).seen


@pytest.mark.parametrize("transport", ["memory", "tcp"])
def test_without_tls_the_card_says_so(monkeypatch, transport):
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox(transport) as running:
        ports = Ports(running)
        ports.try_all()
    assert "There is no TLS in this Python" in ports.static_text()
    assert "no TLS in this Python" in ports._bar.value
    assert "what would begin with TLS was not tried" in ports.static_text()
    assert [bool(trial.folder) for trial in ports.model.trials.values()] == [False, False, True]


def test_a_fault_of_ours_is_shown_and_raised_from_code(ports, monkeypatch):
    monkeypatch.setattr(PortsModel, "_message", lambda self, label: 1 / 0)
    ports._all.click()
    assert "ZeroDivisionError" in ports._alert.value
    with pytest.raises(ZeroDivisionError):
        ports.try_all()
