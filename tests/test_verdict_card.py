"""The verdict card without a browser: records, message, tampering, alignment, comparison."""

import re
from time import process_time

import pytest

from smtplab import Sandbox, VerdictCard
from smtplab.widgets.verdict_card import trial as verdict_trial
from tests.reception import ALICE, BOB, content, submit

HOSTILE = "<script>alert(1)</script><img onerror=x>\u202e"


@pytest.fixture
def card(sandbox):
    return VerdictCard(sandbox)


def results(card):
    checks = card.verdict.checks
    return checks.spf.result, checks.dkim.result, checks.dmarc.result, card.verdict.outcome


def shown(card):
    parts = card._bar, card._alert, card._outcome, card._alignment, card._steps, card._comparison
    return "".join(one.value for one in (*parts, card._note, card._names))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("own provider", ("pass", "pass", "pass", "Inbox")),
        ("spammer", ("pass", "pass", "fail", "refused")),
        ("shop", ("pass", "pass", "pass", "Inbox")),
        ("forwarder", ("softfail", "pass", "pass", "Inbox")),
    ],
)
def test_each_sender_gets_its_own_verdict(card, host, expected):
    card._host.value = host
    card._send.click()
    assert not card._alert.value
    assert results(card) == expected


def test_a_refusal_names_its_reply_and_the_spammer_passes_for_its_own_domain(card):
    card.send("spammer")
    assert "550 5.7.1 Refused by the DMARC policy of bank.example" in card._outcome.value
    assert card._alignment.value.count("<b>not aligned</b>") == 2
    assert "another Organizational Domain (relaxed, aspf=r)" in card._alignment.value
    assert "p=reject, so for this content it asks for reject" in card._alignment.value


def test_relaxed_alignment_is_drawn_and_strict_breaks_it(card):
    card.send("shop")
    drawn = card._alignment.value
    assert "the same Organizational Domain, shop.example (relaxed, aspf=r)" in drawn
    assert "the same name (relaxed, adkim=r)" in drawn
    card._areas["DMARC"].value = "v=DMARC1; p=quarantine; aspf=s"
    card._send.click()
    assert "another name (strict, aspf=s)" in card._alignment.value
    assert results(card)[2] == "pass", "DKIM is aligned still"
    assert "DKIM d= shop.example" in card._comparison.value
    assert card._comparison.value.count(">changed</td>") == 2, "the DMARC record, and who aligns"


@pytest.mark.parametrize(
    ("place", "result", "reason"),
    [
        ("nowhere", "pass", "2048-bit RSA key"),
        ("body", "fail", "body hash mismatch"),
        ("signed header field", "fail", "signature mismatch"),
        ("unsigned header field", "pass", "2048-bit RSA key"),
    ],
)
def test_one_octet_breaks_what_the_signature_covers_and_nothing_else(card, place, result, reason):
    card._tamper.value = place
    card._send.click()
    (signature,) = card.verdict.checks.dkim.signatures
    assert signature.result == result and reason in signature.reason
    assert ("One octet was changed" in card._outcome.value) is (place != "nowhere")


def test_the_changed_octet_is_shown_before_and_after(card, sandbox):
    card.send(tamper="body")
    change = card.model.shown.trial.change
    assert (chr(change.before), chr(change.after), change.line) == ("W", "V", "Vill you come?")
    (stored,) = sandbox.inbox(BOB)
    assert b"\r\n\r\nVill you come?\r\n" in stored.content
    octets = content(body=b"Hi\r\n").replace(b"To: ", b"X-Mailer: smtplab\r\nTo: ")
    before = sandbox.dkim_signed(octets, "example.org")
    for place in verdict_trial.PLACES[1:]:
        after, _ = verdict_trial.tampered(before, place)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_editing_the_zone_changes_the_verdict_and_put_it_back_restores_it(card, sandbox):
    before = sandbox.zones.text("example.org")
    card._areas["SPF"].value = "v=spf1 -all"
    card._areas["DKIM"].value = ""
    card._areas["DMARC"].value = "v=DMARC1; p=reject"
    card._publish.click()
    assert "Published: example.org, toy._domainkey.example.org, _dmarc.example.org" in shown(card)
    assert card.send() is not None
    assert results(card) == ("fail", "permerror", "fail", "refused")
    assert "no key at toy._domainkey.example.org" in card._steps.value
    card._put_back.click()
    assert sandbox.zones.text("example.org") == before
    assert card._areas["SPF"].value == "v=spf1 mx ~all"
    card.send()
    assert results(card)[3] == "Inbox"
    rows = card._comparison.value
    assert "refused: 550 5.7.1" in rows and "<b>Inbox</b>" in rows


def test_of_two_keys_only_the_place_where_they_differ_is_shown_at_once(card):
    """A key is 400 characters; side by side two of them were a wall in which nobody saw a thing."""
    card.send()
    before = card.model.drafts["DKIM"]
    at = before.index("p=") + 60
    after = f"{before[:at]}{'B' if before[at] == 'A' else 'A'}{before[at + 1 :]}"
    card.publish(DKIM=after)
    card.send()
    name = "DKIM at toy._domainkey.example.org: "
    shorts = [f"{name}p= …{key[at - 16 : at + 16]}…" for key in (before, after)]
    for page in (card._comparison.value, card.static_html()):
        [row] = re.findall(r"<tr><td[^>]*>DKIM record</td>.*?</tr>", page)
        folds = re.findall(r"<details><summary>(.*?)</summary>(.*?)</details>", row)
        assert [short for short, _ in folds] == shorts
        for (_, whole), key in zip(folds, (before, after), strict=True):
            assert whole.replace("<wbr>", "").startswith(name + key[:200])
    assert f"DKIM record: {shorts[0]} -> {shorts[1]}" in card.static_text()


def test_a_published_record_is_the_text_that_was_written(card, sandbox):
    for text in ("v=spf1 -all", 'v=spf1 exp=a"b\\c.example -all', "x" * 700, "a\nb"):
        card.publish(SPF=text)
        assert sorted(card.model.records.text("example.org").split("\n")) == text.split("\n")
    assert not sandbox.look_ups, "the log is for what the servers ask"
    card.publish(SPF="v=spf1 mx -all\nv=spf1 a -all")
    card.send()
    assert card.verdict.checks.spf.result == "permerror"


def test_records_that_cannot_be_are_refused_and_change_nothing(card, sandbox):
    before = sandbox.zones.text("example.org")
    for bad in ("caf\u00e9", "x" * 4_001):
        with pytest.raises(ValueError, match="ASCII, and at most"):
            card.publish(SPF=bad)
    with pytest.raises(ValueError, match="no record"):
        card.publish(MX="x")
    card.model.drafts["SPF"] = "v=spf1 mx ~all"
    card._author.value = "x@nobody.example"
    card._areas["DMARC"].value = "v=DMARC1; p=none"
    card._publish.click()
    assert "no zone holds the name" in card._alert.value
    assert sandbox.zones.text("example.org") == before


def test_where_rfc_7489_differs_both_results_stand_side_by_side(card):
    card._areas["DMARC"].value = "v=DMARC1; p=reject; pct=50"
    card._areas["SPF"].value = "v=spf1 -all"
    card._tamper.value = "body"
    card._send.click()
    assert "pct=50 asks for reject for 50 of 100 failures" in card._alignment.value
    assert "reject, pct=50" in card._alignment.value
    card.put_back()
    card.send(tamper="nowhere")
    assert "would decide alike here" in card._alignment.value


def test_greylisting_asks_for_a_second_attempt(card):
    card._to.value = "grey@example.net"
    card._send.click()
    assert "451 4.7.1 Greylisted; try again in 300 seconds" in card._outcome.value
    assert card.verdict.checks is None and card._alignment.value == ""
    card._wait.click()
    card._send.click()
    assert card.verdict.outcome == "Inbox" and "came back for grey@example.net" in shown(card)


def test_the_ten_rules_are_shown_with_their_points(card):
    card.send(subject="YOU HAVE WON", body="act now: the jackpot\n")
    assert "score 3" in card._bar.value
    assert card._steps.value.count("<b>yes</b>") == 2
    assert "BULK_WITHOUT_WAY_OUT" in card._steps.value


def test_it_shows_the_verdict_of_a_stored_message_or_connection(sandbox):
    submit(sandbox, content(), BOB)
    (stored,) = sandbox.inbox(BOB)
    for of in (stored, stored.verdict, "r1", None):
        assert VerdictCard(sandbox, of).verdict is stored.verdict
    with pytest.raises(LookupError, match="no verdict"):
        VerdictCard(sandbox, "r9")


def test_newest_shows_what_came_from_elsewhere(card, sandbox):
    assert "Nothing was decided yet" in card._outcome.value
    submit(sandbox, content(), BOB)
    card._newest.click()
    assert "Taken by mx.example.net into Inbox" in card._outcome.value
    assert ALICE in card.static_text()


def test_without_one_author_dmarc_cannot_say_and_the_card_says_so(card):
    card.send(author="a@example.org, b@shop.example")
    assert card.verdict.checks.dmarc.result == "none"
    assert "no single domain" in card._alignment.value
    assert card.model.names["DMARC"] == ""


def test_hostile_text_is_text(card):
    card.send(author=f'"{HOSTILE}" <a@example.org>', subject=HOSTILE, body=f"{HOSTILE}\n")
    card.publish(SPF="v=spf1 <script>alert(1)</script> -all")
    card.send(tamper="body")
    whole = shown(card) + card.static_html()
    assert "&lt;script&gt;" in whole
    assert "<script" not in whole and "<img" not in whole and "\u202e" not in whole
    with pytest.raises(ValueError, match="one line"):
        card.send(subject="a\r\nBcc: x@example.net")
    with pytest.raises(ValueError, match="20000 octets"):
        card.send(subject="a", body="x" * 20_001)


def test_the_first_page_is_quick(sandbox):
    VerdictCard(sandbox).send()
    took = []
    for _ in range(3):  # the garbage collector may come into one of them
        began = process_time()
        VerdictCard(sandbox)
        took.append(process_time() - began)
    assert min(took) < 0.1


def test_stored_forms_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            card = VerdictCard(sandbox)
            card.send("forwarder")
            card.send("spammer", tamper="body")
            stored.append(card._repr_mimebundle_())
    assert stored[0] == stored[1]
    text = str(stored[0]["text/plain"])
    assert "SPF domain spam.example: not aligned: another Organizational Domain" in text
    assert "outcome: Inbox -> refused: 550 5.7.1" in text


def test_what_could_not_be_looked_up_is_neither_aligned_nor_refused(card, sandbox):
    sandbox.zones.fail("example.org")
    card.send()
    assert results(card) == ("temperror", "temperror", "temperror", "Inbox")
    assert card._alignment.value.count("<b>not asked</b>") == 2


def test_a_world_that_judges_nothing_shows_what_happened_all_the_same():
    with Sandbox("memory", plain=True) as sandbox:
        card = VerdictCard(sandbox)
        card.send()
        card.send("spammer", tamper="body")
        assert card.verdict is not None and card.verdict.checks is None
        assert "Taken by mx.example.net into Inbox" in shown(card)
        assert "not asked" in card.static_html()
