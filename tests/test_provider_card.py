"""The provider card without a browser: settings, keywords, limits, each refusal live, sources."""

import pytest

from smtplab import LocalProtocolError, ProviderCard, Sandbox
from smtplab.reference.profiles import NAMES, profile
from smtplab.transcript import Kind
from smtplab.widgets.provider_card.provocations import PROVOKED_BY, Attempt
from tests.hostile import html_of, judge

REFUSALS = [(name, fact) for name in NAMES for fact in profile(name).about("refusal")]


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request):
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def test_the_settings_are_said_in_the_words_of_three_programs(sandbox):
    card = ProviderCard(sandbox)
    html = card._facts.value
    for expected in (
        "Connection security", "Encryption method", "Use TLS/SSL", "smtp.gmail.com",
        "<b>465</b>", "<b>SSL/TLS</b>", "Normal password or OAuth2", "app password of 16",
        "587 (STARTTLS)", "RFC 8314, 3.3",
    ):  # fmt: skip
        assert expected in html
    card.choose("outlook")
    assert "<b>STARTTLS</b>" in card._facts.value and "No other port" in card._facts.value


def test_the_keywords_are_asked_live_before_and_inside_tls(sandbox):
    card = ProviderCard(sandbox)
    offered = card.model.keywords
    assert "STARTTLS" in offered.before and "STARTTLS" not in offered.inside
    assert any(line.startswith("AUTH ") for line in offered.inside)
    sandbox.policy("gmail.profile.example").switched_off.add("CHUNKING")
    card._look.click()
    assert "CHUNKING" not in card._facts.value


def test_limits_say_which_of_them_are_illustrative(sandbox):
    html = ProviderCard(sandbox)._facts.value
    assert ">500</td>" in html and "read 2026-11-24" in html and "illustrative" in html


@pytest.mark.parametrize("name", NAMES)
def test_each_provider_can_be_chosen_and_every_fact_has_its_source(sandbox, name):
    card = ProviderCard(sandbox)
    card._provider.value = name
    service = profile(name)
    assert service.title in card._bar.value
    assert len(card._refusal.options) == len(service.about("refusal"))
    assert card._sources.value.count("<tr>") == len(service.facts) + 1
    assert card._sources.value.count("no page was found") == sum(
        fact.is_illustrative for fact in service.facts
    )
    judge(html_of(card.view))


def test_a_provider_or_refusal_that_is_none_is_told(sandbox):
    card = ProviderCard(sandbox)
    with pytest.raises(LocalProtocolError, match="there are gmail"):
        card.choose("hotmail")
    with pytest.raises(KeyError, match="Gmail has no refusal 'x'"):
        card.produce("x")


@pytest.mark.parametrize(
    ("name", "fact"), REFUSALS, ids=[f"{name}-{fact.name}" for name, fact in REFUSALS]
)
def test_each_refusal_is_produced_by_its_button_word_for_word(sandbox, name, fact):
    card = ProviderCard(sandbox, name)
    card._refusal.value = fact.name
    assert not card.model.met
    card._produce.click()
    assert card._alert.value == ""
    assert card._refusals.value.count("<b>") == 1
    replies = [event.octets for event in card.model.met if event.kind is Kind.REPLY]
    assert replies[-1] == fact.text.replace("\n", "\r\n").encode() + b"\r\n"
    assert PROVOKED_BY[fact.name][0].replace("'", "&#x27;") in card._met.value


def test_the_first_refusal_is_chosen_until_another_is(sandbox):
    card = ProviderCard(sandbox)
    card._produce.click()
    assert card._alert.value == ""
    assert card.model.refusal == profile("gmail").find("refusal", "needs-tls")
    card.choose("outlook")
    assert card._refusal.value == profile("outlook").about("refusal")[0].name


def test_limits_and_counts_are_afterwards_as_they_were(sandbox):
    card = ProviderCard(sandbox)
    policy = Attempt(sandbox, profile("gmail")).policy
    before = dict(policy.limits), policy.max_recipients, policy.is_busy
    for refusal in ("messages_a_day", "recipients", "busy"):
        card.produce(refusal)
        card.produce(refusal)
    assert (dict(policy.limits), policy.max_recipients, policy.is_busy) == before
    assert policy.usage == {}


def test_no_password_is_shown(sandbox):
    card = ProviderCard(sandbox)
    card.produce("account-password")
    page = html_of(card.view) + card.static_html()
    assert "YWNjb3VudC1wYXNzd29yZA" not in page and "********" in page


def test_static_forms_hold_the_whole_card(sandbox):
    card = ProviderCard(sandbox, "sendgrid")
    card.produce("wrong-password")
    text = card.static_text()
    for expected in (
        "really smtp.sendgrid.net · here sendgrid.profile.example",
        "User Name | User Name | User Name | the word apikey, exactly",
        "AUTH with a wrong password | 535 Authentication failed",
        "S | 535 Authentication failed: Bad username / password",
        "illustrative: likely",
    ):
        assert expected in text
    judge(card.static_html())


def test_static_forms_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            card = ProviderCard(sandbox, "yahoo")
            card.produce("messages_a_connection")
            stored.append(card._repr_mimebundle_())
    assert stored[0] == stored[1]
