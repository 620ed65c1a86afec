"""What is taken: SPF, DKIM, DMARC and the content score decide about Inbox, Junk or a refusal."""

import sys
from collections.abc import Iterator

import pytest

from smtplab import Sandbox
from smtplab.sandbox.clock import START
from smtplab.sandbox.neighbours import TOY_KEY
from smtplab.sandbox.reception.content_facts import facts_of
from smtplab.sandbox.reception.score import RULES, score_of
from smtplab.sandbox.reception.score_pairs import pairs
from smtplab.sandbox.signing import SELECTOR, signature
from smtplab.sandbox.verdict import dkim_sign
from smtplab.sandbox.verdict.dkim_sign import toy_keys
from smtplab.sandbox.verdict.lookups import joined
from smtplab.sandbox.verdict.results import first
from tests.reception import ALICE, BOB, MSA, MX, bring, content, submit, switches

SHOP, CODES, BANK, SPAM = "shop.example", "codes.example", "bank.example", "spam.example"
LAPTOP, WEB = "laptop.example.org", "www.example.org"
DAVE = "dave@shop.example"  # who wrote the pairs


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def verdict_of(sandbox, octets, source, sender):
    bring(sandbox, octets, source=source, sender=sender)
    return sandbox.verdicts[-1]


# SPF, by the host that sends.


@pytest.mark.parametrize(
    ("source", "sender", "result"),
    [
        (MSA, ALICE, "pass"),
        (LAPTOP, ALICE, "softfail"),
        (WEB, ALICE, "softfail"),
        (SHOP, "a@shop.example", "pass"),
        (SHOP, "bounce@news.shop.example", "pass"),
        (SPAM, "a@shop.example", "fail"),
        (LAPTOP, "a@nowhere.example", "none"),
        (SPAM, "a@spam.example", "pass"),
        (SHOP, "", "pass"),
    ],
)
def test_spf_asks_whether_the_address_may_send_for_the_reverse_path(
    sandbox, source, sender, result
):
    assert verdict_of(sandbox, content(), source, sender).checks.spf.result == result
    (stored,) = sandbox.inbox(BOB)
    field = first(stored.content, MX)
    assert field is not None and field.results[0].result == result


def test_the_look_ups_of_a_verdict_are_logged_each_time(sandbox):
    """A conclusion that is remembered must not hide what a server asks the DNS."""
    bring(sandbox, content(), source=SHOP, sender="a@shop.example")
    asked = sandbox.look_ups
    assert ("shop.example", "TXT") in [(query.name, query.type) for query in asked]
    bring(sandbox, content(), source=SHOP, sender="a@shop.example")
    assert sandbox.look_ups == asked * 2


def test_a_changed_zone_counts_at_once(sandbox):
    assert verdict_of(sandbox, content(), LAPTOP, ALICE).checks.spf.result == "softfail"
    zone = sandbox.zones.text("example.org")
    sandbox.zones.set("example.org", zone.replace("~all", "ip4:198.51.100.10 -all"))
    assert verdict_of(sandbox, content(), LAPTOP, ALICE).checks.spf.result == "pass"
    with pytest.raises(ValueError, match="no zone file for example.org"):
        sandbox.zones.set("example.org", "@ IN A four.three.two.one\n")
    assert verdict_of(sandbox, content(), LAPTOP, ALICE).checks.spf.result == "pass"
    with pytest.raises(KeyError, match=r"no zone 'example.com'; there are example.org, "):
        sandbox.zones.text("example.com")


# DKIM.


def test_what_a_user_submits_is_signed_and_one_octet_more_breaks_it(sandbox):
    submit(sandbox, content(), BOB)
    (stored,) = sandbox.inbox(BOB)
    assert stored.verdict.checks.dkim.result == "pass"
    at = stored.content.index(b"DKIM-Signature: ")
    forwarded, tampered = stored.content[at:], stored.content[at:].replace(b"Hello", b"Hallo")
    assert verdict_of(sandbox, forwarded, LAPTOP, ALICE).checks.dkim.result == "pass"
    checks = verdict_of(sandbox, tampered, LAPTOP, ALICE).checks
    assert checks.dkim.result == "fail"
    assert checks.dkim.signatures[0].reason == "body hash mismatch: the body has changed"


def test_a_signature_has_the_same_octets_where_there_is_no_cryptography(monkeypatch):
    """Else what is stored in a browser tab would differ from what the notebooks show."""
    fast = signature(content(), "example.org", START)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
        dkim_sign._dkimpy_key.cache_clear()
        slow = signature(content(), "example.org", START)
        assert isinstance(dkim_sign._dkimpy_key(toy_keys()["rsa"].private), dict)
    dkim_sign._dkimpy_key.cache_clear()
    assert fast == slow and b"d=example.org" in fast


def test_signing_is_a_switch(sandbox):
    switches(sandbox, MSA).signing = False
    submit(sandbox, content(), BOB)
    (stored,) = sandbox.inbox(BOB)
    assert stored.verdict.checks.dkim.result == "none"
    assert b"DKIM-Signature" not in stored.content


def test_the_zones_publish_the_key_that_signs():
    published = joined(TOY_KEY.partition("(")[2].partition(")")[0])
    assert published == toy_keys()["rsa"].record
    assert TOY_KEY.strip().startswith(f"{SELECTOR}._domainkey IN TXT")


def test_nothing_can_be_signed_without_an_author(sandbox):
    with pytest.raises(ValueError, match="without a From"):
        sandbox.dkim_signed(b"Subject: x\r\n\r\n", "example.org")


# DMARC: policy and alignment.


@pytest.mark.parametrize(
    ("author", "outcome", "reply"),
    [
        ("a@example.org", "Inbox", ""),
        ("a@shop.example", "Junk", ""),
        ("a@bank.example", "refused", "550 5.7.1 Refused by the DMARC policy of bank.example"),
        ("a@mail.bank.example", "refused", "550 5.7.1 Refused by the DMARC policy of mail."),
    ],
)
def test_the_authors_domain_says_what_becomes_of_mail_that_is_not_its_own(
    sandbox, author, outcome, reply
):
    got = bring(sandbox, content(author), source=SPAM, sender="x@spam.example")
    assert got.code == (550 if reply else 250)
    verdict = sandbox.verdicts[-1]
    assert verdict.checks.dmarc.result == "fail" and verdict.checks.spf.result == "pass"
    assert verdict.outcome == outcome and verdict.reply.startswith(reply)
    assert str(got).startswith(reply)
    folders = {name: len(sandbox.mailbox(BOB).folder(name)) for name in ("Inbox", "Junk")}
    assert folders == {"Inbox": int(outcome == "Inbox"), "Junk": int(outcome == "Junk")}


def test_a_host_may_note_the_policy_and_not_follow_it(sandbox):
    switches(sandbox).dmarc = "note"
    assert bring(sandbox, content("a@bank.example"), source=SPAM, sender="x@spam.example").code
    (stored,) = sandbox.inbox(BOB)
    assert b"dmarc=fail header.from=bank.example policy.dmarc=reject" in stored.content


@pytest.mark.parametrize(
    ("author", "sender", "signer", "result"),
    [
        ("a@shop.example", "bounce@news.shop.example", "", "pass"),
        ("a@news.shop.example", "a@shop.example", "", "pass"),
        ("a@codes.example", "a@shop.example", "codes.example", "pass"),
        ("a@login.codes.example", "a@shop.example", "codes.example", "fail"),
        ("a@shop.example", "a@spam.example", "spam.example", "fail"),
    ],
    ids=["relaxed spf", "relaxed upwards", "strict dkim", "strict dkim below", "other domain"],
)
def test_alignment_is_relaxed_or_strict_as_the_domain_says(sandbox, author, sender, signer, result):
    octets = content(author)
    octets = sandbox.dkim_signed(octets, signer) if signer else octets
    source = SPAM if sender.endswith(SPAM) else SHOP
    verdict = verdict_of(sandbox, octets, source, sender)
    assert "pass" in (verdict.checks.spf.result, verdict.checks.dkim.result)
    assert verdict.checks.dmarc.result == result


def test_where_rfc_7489_would_decide_otherwise_the_verdict_shows_both(sandbox):
    octets = content("a@club.co.example")
    assert bring(sandbox, octets, source=SPAM, sender="x@spam.example").code == 550
    checks = sandbox.verdicts[-1].checks
    assert checks.dmarc.rfc7489.result == "none"
    assert "By RFC 7489 the result would be none, not fail." in checks.dmarc.differences
    assert "By RFC 7489" in str(sandbox.verdicts[-1])


# SPF and DKIM by themselves (RFC 7372).


def test_each_check_that_refuses_by_itself_has_its_own_status_code(sandbox):
    asked = switches(sandbox)

    def reply(source: str, sender: str, octets: bytes) -> str:
        return str(bring(sandbox, octets, source=source, sender=sender))[:10]

    signed = sandbox.dkim_signed(content(), "example.org")
    assert reply(SPAM, "a@shop.example", content()) == "250 2.0.0 "
    asked.spf_fail = "refuse"
    assert reply(SPAM, "a@shop.example", content()) == "550 5.7.23"
    assert reply(LAPTOP, ALICE, content()) == "250 2.0.0 ", "softfail is no fail"
    asked.dkim_missing = "refuse"
    assert reply(SPAM, "a@shop.example", content()) == "550 5.7.26"
    assert reply(SPAM, "a@shop.example", signed) == "550 5.7.23"
    assert reply(LAPTOP, ALICE, content()) == "550 5.7.20"
    assert reply(LAPTOP, ALICE, signed) == "250 2.0.0 "
    zone = sandbox.zones.text("shop.example")
    sandbox.zones.set("shop.example", zone.replace('"v=spf1 a -all"', '"v=spf1 oops"'))
    assert reply(SHOP, "a@shop.example", signed) == "550 5.7.24"
    sandbox.zones.fail("shop.example")
    assert reply(SHOP, "a@shop.example", signed) == "451 4.7.24"
    sandbox.zones.fail("example.org")
    assert reply(SHOP, "a@codes.example", signed) == "451 4.7.5 "


# The author.

AUTHORLESS = {
    "none": b"Subject: x\r\n\r\n",
    "two": b"From: a@example.org\r\nFrom: b@example.org\r\n\r\n",
    "unreadable": b"From: nobody in particular\r\n\r\n",
    "no header section": b"\r\nFrom: a@example.org\r\n",
}


@pytest.mark.parametrize("octets", AUTHORLESS.values(), ids=AUTHORLESS)
def test_a_content_without_one_readable_author_goes_where_the_host_says(sandbox, octets):
    for choice, outcome, code in (
        ("accept", "Inbox", "250 2.0.0"),
        ("junk", "Junk", "250 2.0.0"),
        ("refuse", "refused", "550 5.6.0"),
    ):
        switches(sandbox).no_author = choice
        assert str(bring(sandbox, octets, source=LAPTOP, sender=ALICE)).startswith(code)
        assert sandbox.verdicts[-1].outcome == outcome


# Authentication-Results.

FORGED = {
    "plain": b"Authentication-Results: mx.example.net; dmarc=pass header.from=bank.example\r\n",
    "upper case": b"AUTHENTICATION-RESULTS: MX.EXAMPLE.NET; dmarc=pass\r\n",
    "folded": b"Authentication-Results:\r\n mx.example.net;\r\n dmarc=pass\r\n",
    "quoted": b'Authentication-Results: "mx.example.net"; dmarc=pass\r\n',
    "quoted pair": b'Authentication-Results: "mx.example\\.net"; dmarc=pass\r\n',
    "behind a comment": b"Authentication-Results: (x (y)) mx.example.net 1; dmarc=pass\r\n",
    "behind a comment with a semicolon": b"Authentication-Results: (;) mx.example.net; a=b\r\n",
    "behind an escaped bracket": b"Authentication-Results: (\\() mx.example.net; a=b\r\n",
    "space before the colon": b"Authentication-Results : mx.example.net; dmarc=pass\r\n",
    "root dot": b"Authentication-Results: mx.example.net.; dmarc=pass\r\n",
    "unreadable": b"Authentication-Results: mx.example.net; =;;\r\n",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_result_does_not_reach_the_reader(sandbox, forged):
    """Who reads it would take the sender's word for the server's (RFC 8601, 5 and 7.1)."""
    before, after = b"X-Above: 1\r\n", content("a@example.org")
    bring(sandbox, before + forged + after, source=SPAM, sender="x@spam.example")
    (stored,) = sandbox.inbox(BOB)
    assert stored.content.endswith(before + after)
    fields = stored.message.get_all("Authentication-Results", [])
    assert len(fields) == 1 and "dmarc=fail" in fields[0]


def test_the_results_of_others_and_a_body_that_looks_like_one_stay(sandbox):
    others = b"Authentication-Results: mx.example.com; dmarc=pass\r\n"
    octets = others + content(body=FORGED["plain"])
    bring(sandbox, octets, source=LAPTOP, sender=ALICE)
    bring(sandbox, b"\r\n" + FORGED["plain"], source=LAPTOP, sender=ALICE)
    first_mail, second_mail = sandbox.inbox(BOB)
    assert first_mail.content.endswith(octets)
    assert second_mail.content.endswith(b"\r\n" + FORGED["plain"])


def test_removing_forged_results_is_a_switch(sandbox):
    switches(sandbox).remove_forged_results = False
    bring(sandbox, FORGED["plain"] + content(), source=LAPTOP, sender=ALICE)
    (stored,) = sandbox.inbox(BOB)
    assert stored.content.endswith(FORGED["plain"] + content())


def test_a_host_that_does_not_judge_says_nothing(sandbox):
    switches(sandbox).judging = False
    bring(sandbox, content("a@bank.example"), source=SPAM, sender="x@spam.example")
    (stored,) = sandbox.inbox(BOB)
    assert "Authentication-Results" not in stored.message
    assert stored.verdict.checks is None


# The content score.


def test_there_are_ten_rules_and_a_pair_for_each():
    assert len(RULES) == 10 and [rule.name for rule in RULES] == list(pairs())
    assert all(rule.explanation and rule.source and rule.points > 0 for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_alone_decides_its_pair(sandbox, rule):
    pair = pairs()[rule.name]
    without, with_it = (set(score_of(facts_of(octets)).matched) for octets in pair)
    assert with_it - without == {rule} and without < with_it
    for octets, folder in ((pair.inbox, "Inbox"), (pair.junk, "Junk")):
        bring(sandbox, octets, source=SHOP, sender=DAVE)
        assert sandbox.mailbox(BOB).folder(folder)[-1].content.endswith(octets), folder
    (junk,) = sandbox.mailbox(BOB).folder("Junk")
    assert f"{rule.name} {rule.points}" in junk.message["X-Content-Score"]
    assert "X-Content-Score" not in sandbox.inbox(BOB)[0].message


def test_a_host_chooses_the_points_for_junk_and_for_a_refusal(sandbox):
    octets = pairs()["MONEY"].junk  # 5 points
    asked = switches(sandbox)
    asked.refuse_from = 5
    reply = bring(sandbox, octets, source=SHOP, sender=DAVE)
    assert str(reply) == "550 5.7.1 The content scores 5, too much for this host"
    asked.refuse_from, asked.junk_from = None, 6
    assert verdict_of(sandbox, octets, SHOP, DAVE).outcome == "Inbox"
    asked.junk_from, asked.scoring = 0, False
    assert verdict_of(sandbox, octets, SHOP, DAVE).outcome == "Inbox"


def test_a_refusal_outranks_junk(sandbox):
    octets = pairs()["MONEY"].junk.replace(b"dave@shop.example", b"a@bank.example")
    assert bring(sandbox, octets, source=SPAM, sender="x@spam.example").code == 550
    verdict = sandbox.verdicts[-1]
    assert verdict.rule == "DMARC policy" and "content score:" in str(verdict)


@pytest.mark.parametrize(
    "octets",
    [b"\r\n" + b"<a " * 20000, b"\r\n" + b"name=" * 12000, b"a:\r\n " * 9000, b"<" * 70000],
    ids=["links", "names", "folds", "brackets"],
)
def test_a_hostile_content_is_scored_in_bounded_time(octets):
    """A pattern that goes back over what it read would keep the server for hours."""
    assert score_of(facts_of(octets + b"\r\n")).points <= 3


# The verdict as it is shown.


def test_the_verdict_tells_every_step_as_text_and_as_html(sandbox):
    bring(sandbox, content("a@shop.example"), source=SPAM, sender="<b>@spam.example"[1:])
    sender = '"<b>"@spam.example'
    bring(sandbox, content("a@shop.example"), source=SPAM, sender=sender)
    verdict = sandbox.mailbox(BOB).folder("Junk")[-1].verdict
    text, page = str(verdict), verdict._repr_html_()
    for told in (
        "Taken by mx.example.net into Junk",
        "Why: DMARC fails, and shop.example asks to treat such mail as suspicious.",
        "SPF: pass",
        "DKIM: none",
        "DMARC: fail",
        "TXT at _dmarc.shop.example: v=DMARC1; p=quarantine. (RFC 9989, 4.10)",
        "Decision: Junk",
    ):
        assert told in text
    assert repr(verdict).startswith("<DeliveryVerdict Junk at mx.example.net, end of data: DMARC ")
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert "_dmarc.shop.example" in page and page.count("<table") == page.count("</table>") == 1


def test_the_transcript_has_the_verdict_beside_the_delivery(sandbox):
    bring(sandbox, content(), source=LAPTOP, sender=ALICE)
    (event,) = [event for event in sandbox.transcript.events if event.kind == "delivered"]
    assert event.detail["verdict"]() == str(sandbox.inbox(BOB)[0].verdict)
