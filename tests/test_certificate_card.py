"""The certificate card without a browser: real handshakes, the client's own words."""

import ssl

import pytest
import trustme

from smtplab import CertificateCard, Sandbox, Settings
from smtplab.errors import ConnectionLost
from smtplab.sandbox.certificates import Authority
from smtplab.widgets.certificate_card.model import NO_TLS, TRIALS
from tests.peers import HOST, Peer, with_certificate
from tests.test_console_page import Tags

MSA = "smtp.example.org"


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request):
    with Sandbox(request.param) as running:
        yield running


def page(card):
    return card._bar.value + card._outcome.value + card._card.value


def is_verified(card):
    """Whether a good certificate satisfies the client."""
    report = card.attempt("good").report
    return report is not None and report.verified


ERRORS = {
    "good": "",
    "expired": "has expired; the server needs a new one",
    "wrong name": "names another host",
    "self-signed": "is signed by itself and not trusted here",
    "unknown CA": "comes from a certificate authority that is not trusted here",
    "old protocol": "in the middle of the TLS handshake",
    "not checked": "",
}


@pytest.mark.parametrize("name", ERRORS)
def test_each_button_connects_for_real_and_shows_the_clients_own_words(sandbox, name):
    card = CertificateCard(MSA, sandbox)
    before = len(sandbox.transcript.connections)
    card._buttons[name].click()
    outcome = card.model.outcome
    assert outcome is not None
    assert outcome.trial.name == name and len(sandbox.transcript.connections) > before
    assert ERRORS[name] in outcome.error and bool(outcome.error) == bool(ERRORS[name])
    assert (f"{name}: refused by the " in page(card)) == bool(ERRORS[name])
    for text in (outcome.error, outcome.trial.meaning, outcome.trial.remedy, outcome.trial.source):
        assert text in card.static_text()
    assert [b for b, button in card._buttons.items() if "Tried last" in button.tooltip] == [name]
    assert sandbox.policy(MSA).certificate == "good", "the host shows its own again"
    assert card._alert.value == ""


def test_a_refused_certificate_is_shown_all_the_same(sandbox):
    card = CertificateCard(MSA, sandbox)
    card.attempt("expired")
    assert "2001-01-01 (real time)" in card._card.value
    assert "refused; looked at once more without a check" in card._card.value
    card.attempt("wrong name")
    assert "elsewhere.example" in card._card.value
    card.attempt("not checked")
    assert "no: anybody could have shown it" in card._card.value
    assert "certificate NOT checked" in card._bar.value


def test_a_lesson_that_left_a_bad_certificate_sees_why_its_client_is_refused(sandbox):
    sandbox.policy(MSA).certificate = "expired"
    card = CertificateCard(MSA, sandbox)
    assert "has expired" in page(card) and "connection refused by the client" in page(card)
    card.attempt("good")
    assert sandbox.policy(MSA).certificate == "expired"


def test_every_kind_of_host_has_its_door(sandbox):
    assert CertificateCard("mx.example.net", sandbox).model.port == 25
    assert CertificateCard(MSA, sandbox).model.port == 587
    with pytest.raises(ValueError, match="there are smtp.example.org, mx.example.net"):
        CertificateCard("nobody.example", sandbox)
    with pytest.raises(ValueError, match="not int"):
        CertificateCard(7)


def test_a_session_of_the_learners_own_shows_its_chain(sandbox):
    with sandbox.connect() as client:
        assert NO_TLS in CertificateCard(client).static_text()
        client.ehlo()
        client.starttls()
        of_client, of_report = CertificateCard(client), CertificateCard(client.tls_report, sandbox)
    assert "Certificate 1 of 1" in of_client._card.value
    assert "pass sandbox=" in of_client._legend.value
    with pytest.raises(ValueError, match="pass sandbox="):
        of_client.attempt("good")
    assert is_verified(of_report)
    with pytest.raises(ValueError, match="try one of good, expired"):
        of_report.attempt("golden")


def test_implicit_tls_is_tried_from_the_first_octet(sandbox):
    with sandbox.connect(MSA, 465) as client:
        card = CertificateCard(client, sandbox)
    assert "has expired" in card.attempt("expired").error
    assert is_verified(card)


def test_a_stopped_sandbox_is_told_on_the_page(sandbox):
    card = CertificateCard(MSA, sandbox)
    sandbox.stop()
    card._buttons["good"].click()
    assert "the sandbox is stopped" in card._alert.value
    with pytest.raises(ConnectionLost):
        card.attempt("good")


# Without TLS.


def test_where_this_python_has_no_tls_the_card_says_so(monkeypatch):
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox("memory") as sandbox:
        card = CertificateCard(MSA, sandbox)
        assert NO_TLS in card._card.value and "not encrypted" in card._bar.value
        for trial in TRIALS:
            card._buttons[trial.name].click()
            assert card._alert.value == "" and NO_TLS in page(card)
        assert NO_TLS in card.static_text() and "There is no TLS here" in card.static_html()


def test_a_stub_of_ssl_is_no_tls_either(monkeypatch):
    """A browser's Python has a module ssl with nothing in it."""
    with Sandbox("memory") as sandbox:
        card = CertificateCard(MSA, sandbox)
        monkeypatch.delattr(ssl, "PROTOCOL_TLS_CLIENT")
        assert not card.attempt("old protocol").is_tls


# Stored and hostile.


def test_both_transports_store_the_same_page():
    stored = []
    for transport in ("memory", "tcp"):
        with Sandbox(transport) as sandbox:
            card = CertificateCard(MSA, sandbox)
            for trial in TRIALS:
                card.attempt(trial.name)
                stored.append((trial.name, card.static_html(), card.static_text()))
    half = len(TRIALS)
    assert stored[:half] == stored[half:]


def test_a_name_in_a_certificate_cannot_write_on_the_page():
    evil = "<img src=x onerror=alert(1)>\u202e"
    leaf = trustme.CA(organization_name=evil).issue_cert(
        HOST, *(f"n{number}.example" for number in range(50)), organization_name=evil
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with Peer(with_certificate(leaf), b"220 smtp.example.org\r\n") as peer:
        report = peer.connect(port=465, settings=Settings(tls_context=context)).tls_report
    card = CertificateCard(report)
    whole = page(card) + card.static_html()
    assert "&lt;img" in whole and "43 more" in whole
    assert not {"img", "onerror"} & Tags(whole).seen and "\u202e" not in whole
