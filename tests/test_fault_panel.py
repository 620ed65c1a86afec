"""The fault panel without a browser: the form, the rules, the try, static forms."""

import pytest

from smtplab import FaultPanel, LocalProtocolError, Sandbox
from smtplab.sandbox.faults import PHASES, parse_fault
from smtplab.sending import Fate
from smtplab.widgets.fault_panel.model import ACTIONS, EXAMPLES, MATCHES, NTHS, Form


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request):
    with Sandbox(request.param) as running:
        yield running


@pytest.fixture
def panel(sandbox):
    return FaultPanel(sandbox)


def fill(panel, **fields):
    for name, value in fields.items():
        panel._fields[name].value = value


# The form.


def test_the_rule_is_shown_in_its_notation_while_it_is_built(panel):
    fill(panel, phase="end-of-data", match="a forward-path is", wanted="bob@example.net")
    fill(panel, nth="every nth time", n=3, action="delay, in seconds")
    assert "<code>end-of-data@to:bob@example.net#/3=delay:1</code>" in panel._rule.value
    fill(panel, value="1.25")
    panel._add.click()
    assert [str(rule) for rule in panel.model.sandbox.faults] == [
        "end-of-data@to:bob@example.net#/3=delay:1.25"
    ]
    assert "1 rule set" in panel._bar.value


def test_what_makes_no_rule_is_told_and_cannot_be_set(panel):
    fill(panel, phase="connect")
    assert "No rule yet" in panel._rule.value and panel._add.disabled
    fill(panel, phase="RCPT", match="server's port is", wanted="<b>")
    assert "&#x27;&lt;b&gt;&#x27; is no port" in panel._rule.value
    with pytest.raises(LocalProtocolError):
        panel.add("RCPT")


@pytest.mark.parametrize("action", list(ACTIONS))
@pytest.mark.parametrize("match", list(MATCHES))
def test_each_choice_of_the_form_makes_a_rule_that_the_notation_reads_back(action, match):
    wanted = "25" if "port" in match else "a;b#c=d%e" if "contains" in match else "x@example.net"
    phase = "STARTTLS" if "tls" in action or "plaintext" in action else "RCPT"
    for nth in NTHS:
        fault = Form(phase, match, wanted, nth, 2, action, ACTIONS[action][1]).fault
        assert parse_fault(str(fault)) == fault


def test_a_null_reverse_path_is_written_as_on_the_wire():
    assert str(Form(match="reverse-path is", wanted="<>").fault).startswith("RCPT@from:<>=")


def test_every_phase_can_be_chosen_and_fields_that_do_not_count_are_off(panel):
    assert panel._fields["phase"].options == PHASES
    assert panel._fields["n"].disabled and panel._fields["wanted"].disabled
    fill(panel, nth="only the nth time", match="argument contains", action="stall")
    assert not panel._fields["n"].disabled and not panel._fields["wanted"].disabled
    assert panel._fields["value"].disabled


# The rules.


def test_a_rule_is_taken_off_by_its_button_and_all_by_one(panel):
    panel.add("RCPT=451")
    panel.add("NOOP=drop")
    assert [row.children[0].value.count("struck 0") for row in panel._rules.children] == [1, 1]
    panel._rules.children[0].children[1].click()
    assert [str(rule) for rule in panel.model.sandbox.faults] == ["NOOP=drop"]
    panel._clear.click()
    assert panel._rules.children == () and "every server behaves" in panel._note.value
    with pytest.raises(KeyError):
        panel.remove("RCPT=451")


def test_a_rule_set_elsewhere_appears_by_refresh_with_how_often_it_struck(panel, sandbox):
    sandbox.faults.add("NOOP=451")
    sandbox.connect("mx.example.net", 25).noop()
    panel._refresh.click()
    assert "met 1, struck 1" in panel._rules.children[0].children[0].value


def test_setting_the_same_rule_twice_is_told(panel):
    panel._add.click()
    panel._add.click()
    assert "is set already" in panel._alert.value


# The try.

EXPECTED = {
    "Greylisting": (Fate.REFUSED, 0),
    "421 in the middle": (Fate.REFUSED, 0),
    "552 after the content": (Fate.REFUSED, 0),
    "Silence after the final dot": (Fate.IN_DOUBT, 0),
    "Taken, and the reply lost": (Fate.IN_DOUBT, 1),
    "Reset in the mail data": (Fate.IN_DOUBT, 0),
    "A reply octet by octet": (Fate.ACCEPTED, 1),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_strikes_and_the_client_concludes_what_it_can(panel, name):
    panel._examples[name].click()
    panel._add.click()
    panel._try.click()
    fate, arrived = EXPECTED[name]
    assert panel.model.trial.sent.fate is fate and panel.model.arrived == arrived
    assert "struck 1 time<" in panel._bar.value
    assert ("It lies in" if arrived else "Nothing new lies in") in panel._trial.value
    assert "EHLO laptop.example.org" in panel._trial.value


def test_a_try_after_greylisting_gets_through(panel):
    panel._examples["Greylisting"].click()
    panel._add.click()
    assert "4yz is not now" in panel.try_it().advice
    assert panel.try_it().sent.fate is Fate.ACCEPTED


@pytest.mark.parametrize(
    ("rule", "fate", "advice"),
    [
        ("connect=drop", Fate.NOT_SENT, "never left"),
        ("greeting=554 5.7.1 Go away", Fate.REFUSED, "5yz is never"),
        ("EHLO=drop", Fate.NOT_SENT, "never left"),
        ("RCPT=delay:40", Fate.NOT_SENT, "never left"),
        ("RCPT=delay:0.1", Fate.ACCEPTED, "took it over"),
    ],
)
def test_the_fate_is_told_wherever_it_breaks(panel, rule, fate, advice):
    panel.add(rule)
    trial = panel.try_it()
    assert trial.sent.fate is fate and advice in trial.advice


def test_a_magic_address_needs_no_rule(panel):
    panel._to.value = "550-5.7.1@fault.example.net"
    panel._try.click()
    assert "550 5.7.1 As its address asks" in panel._trial.value
    assert "no mailbox here" in panel._trial.value


def test_a_forward_path_that_cannot_be_sent_is_told(panel):
    panel._to.value = "<script>"
    panel._try.click()
    assert "<script>" not in panel._trial.value + panel._alert.value
    assert "&lt;script&gt;" in panel._trial.value


# Static forms.


def test_static_forms_say_all_in_plain_tags(panel):
    panel.add("end-of-data=552 5.2.2 Mailbox full")
    panel.try_it()
    text = panel.static_text()
    for expected in (
        "end-of-data=552 5.2.2 Mailbox full | 1 | 1",
        "The client concludes: Refused; the server does not have it",
        "5 | S | 552 5.2.2 Mailbox full",
        "Greylisting | RCPT#1=451 4.7.1 Greylisted, try later",
        "451@fault.example.net | RCPT gets the reply 451",
    ):
        assert expected in text
    assert "<style" not in panel.static_html()


@pytest.mark.parametrize("rule", ["RCPT=451 4.3.0 Later", "end-of-data=stall", "DATA=drop"])
def test_static_forms_are_the_same_over_tcp_and_in_memory(rule):
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            panel = FaultPanel(sandbox)
            panel.add(rule)
            panel.try_it()
            stored.append(panel._repr_mimebundle_())
    assert stored[0] == stored[1]
