"""The exercises of lesson 10: what Bob's server must have decided, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.permitted import SHOP, lets_in_others, spf_now
from smtplab.lessons.steps import BOB, EXCHANGE
from smtplab.lessons.task import Exercise, Step
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.sandbox.verdict.judge import Verdict as Checks

GREY = "grey@example.net"
NEW_SERVER, SHOP_SERVER = "192.0.2.80", "203.0.113.80"

Judged = tuple[DeliveryVerdict, Checks]


def _judged(evidence: Evidence) -> Iterator[Judged]:
    """Each content that Bob's server has judged."""
    for verdict in evidence.sandbox.verdicts:
        if verdict.host == EXCHANGE and verdict.checks is not None:
            yield verdict, verdict.checks


def _some(
    holds: Callable[[Evidence, DeliveryVerdict, Checks], bool],
) -> Callable[[Evidence, Conversation], bool]:
    """Whether something that was judged is such a one."""
    return lambda evidence, _: any(holds(evidence, *one) for one in _judged(evidence))


def _in_inbox(evidence: Evidence, verdict: DeliveryVerdict, mailbox: str = BOB) -> bool:
    return any(stored.verdict is verdict for stored in evidence.inbox(mailbox))


# 10.1


def _by_new_server(_: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    return verdict.address == NEW_SERVER and checks.spf.domain == SHOP


def _is_permitted(evidence: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    return _by_new_server(evidence, verdict, checks) and checks.spf.result == "pass"


def _only_its_own(evidence: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    """No other host is let in, and the old server is still."""
    if not _is_permitted(evidence, verdict, checks):
        return False
    if checks.spf.mechanism.lstrip("+").lower() == "all":
        return False
    old = spf_now(evidence, [SHOP_SERVER])[SHOP_SERVER]
    return old == "pass" and not lets_in_others(evidence, NEW_SERVER, SHOP_SERVER)


# 10.2


def _fails_spf(_: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    return checks.dmarc.domain == SHOP and checks.spf.result == "fail"


def _is_signed(evidence: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    return _fails_spf(evidence, verdict, checks) and any(
        (one.domain, one.result) == (SHOP, "pass") for one in checks.dkim.signatures
    )


def _passes_by_dkim(evidence: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    return (
        _is_signed(evidence, verdict, checks)
        and checks.dmarc.result == "pass"
        and _in_inbox(evidence, verdict)
    )


# 10.3


def _greylisted(evidence: Evidence, _: Conversation) -> bool:
    return bool(_put_off(evidence))


def _put_off(evidence: Evidence) -> set[tuple[str, str]]:
    """Who was put off: address and reverse-path."""
    return {
        (verdict.address, verdict.reverse_path.lower())
        for verdict in evidence.sandbox.verdicts
        if verdict.rule == "greylisting" and GREY in map(str.lower, verdict.forward_paths)
    }


def _came_back(evidence: Evidence, _: Conversation) -> bool:
    put_off = _put_off(evidence)
    return evidence.sandbox.mailbox(GREY).terms.greylisted and any(
        stored.verdict is not None
        and (stored.verdict.address, stored.verdict.reverse_path.lower()) in put_off
        for stored in evidence.inbox(GREY)
    )


# 10.4


def _forged_is_refused(_: Evidence, verdict: DeliveryVerdict, checks: Checks) -> bool:
    return (
        checks.dmarc.domain == SHOP
        and verdict.is_refused
        and verdict.rule == "DMARC policy"
        and verdict.address != SHOP_SERVER
    )


def _genuine_arrives(evidence: Evidence, _: Conversation) -> bool:
    """After the refusal, under the same policy, from the shop's own server."""
    refused = False
    for verdict, checks in _judged(evidence):
        refused = refused or _forged_is_refused(evidence, verdict, checks)
        if (
            refused
            and verdict.address == SHOP_SERVER
            and (checks.dmarc.domain, checks.dmarc.result) == (SHOP, "pass")
            and checks.dmarc.policy == "reject"
            and _in_inbox(evidence, verdict)
        ):
            return True
    return False


EXERCISES = (
    Exercise(
        "10.1",
        "a record for the new server",
        (
            Step(
                "a mail from www.example.org with a reverse-path at shop.example",
                "a content from www.example.org, with a reverse-path at shop.example, that "
                "mx.example.net has judged.",
                _some(_by_new_server),
                1,
            ),
            Step(
                "for which SPF says pass",
                "SPF pass for such a mail. The record of shop.example does not name 192.0.2.80 "
                "yet; a verdict is never changed later, so send again after you have published.",
                _some(_is_permitted),
                2,
            ),
            Step(
                "while the record still names the shop's old server, and lets in nobody else",
                "a record that is not open to all: it must still name 203.0.113.80 (that is what "
                "a does), must end in -all or ~all, and no other host may pass, also no neighbour "
                "of the new one: a range such as /24 lets in too many.",
                _some(_only_its_own),
                3,
            ),
        ),
        (
            'bring("www.example.org", "news@shop.example", write("news@shop.example")).',
            "sandbox.zones.replace changes the TXT record at @ of shop.example. ip4: names an "
            "address.",
            'sandbox.zones.replace("shop.example", \'@ IN TXT "v=spf1 a ip4:192.0.2.80 -all"\'), '
            "then bring again.",
        ),
        "Whoever sends in your name has to be in your SPF record. Nobody else should be.",
    ),
    Exercise(
        "10.2",
        "DKIM carries it",
        (
            Step(
                "a mail with From at shop.example for which SPF says fail",
                "a content whose From is at shop.example and for which SPF says fail: the "
                "reverse-path at shop.example too, and a host that its record does not name.",
                _some(_fails_spf),
                1,
            ),
            Step(
                "with a signature of shop.example that passes",
                "a DKIM signature with d=shop.example that passes. Another domain's does not "
                "help, and nothing may change after signing.",
                _some(_is_signed),
                2,
            ),
            Step(
                "so that DMARC says pass, in Bob's Inbox",
                "DMARC pass, and the mail in Bob's Inbox.",
                _some(_passes_by_dkim),
                3,
            ),
        ),
        (
            'bring("codes.example", "news@shop.example", write("news@shop.example")) fails SPF.',
            'sandbox.dkim_signed(content, "shop.example") puts the signature in front.',
            'bring("codes.example", "news@shop.example", '
            'sandbox.dkim_signed(write("news@shop.example"), "shop.example")).',
        ),
        "One aligned pass is enough for DMARC. That is why DKIM survives where SPF breaks.",
    ),
    Exercise(
        "10.3",
        "past the grey list",
        (
            Step(
                "RCPT for grey@example.net put off with 451 4.7.1",
                "a first attempt for grey@example.net, which is put off with 451.",
                _greylisted,
                1,
            ),
            Step(
                "and the mail in that mailbox, after the same three came back",
                "the mail in the Inbox of grey@example.net: same address, same reverse-path, same "
                "forward-path, at least five minutes later on the world clock. The grey list stays "
                "on.",
                _came_back,
                2,
            ),
        ),
        (
            "Send to grey@example.net, from any host, or hand it in at your provider.",
            "sandbox.clock.advance(timedelta(minutes=5)), then the same once more. A provider's "
            "queue does the second part alone.",
        ),
        "Whoever keeps a queue gets through without doing anything. Whoever sends once and gives "
        "up loses the mail.",
    ),
    Exercise(
        "10.4",
        "close the door to forgers",
        (
            Step(
                "a forged mail with From at shop.example, refused because its policy asks for it",
                "a refusal by the DMARC policy of shop.example. Change p= in the record at "
                "_dmarc.shop.example, then let spam.example try.",
                _some(_forged_is_refused),
                1,
            ),
            Step(
                "and after it a mail of the shop's own server in Bob's Inbox",
                "a genuine mail, from shop.example itself, sent after the refusal and under the "
                "same policy, in Bob's Inbox.",
                _genuine_arrives,
                2,
            ),
        ),
        (
            'sandbox.zones.replace("shop.example", \'_dmarc IN TXT "v=DMARC1; p=..."\'). Which '
            "word asks for a refusal?",
            'bring("spam.example", "x@spam.example", write("news@shop.example")) is the forgery; '
            'bring("shop.example", "news@shop.example", write("news@shop.example")) is genuine.',
        ),
        "p=reject protects the name. Publish it only when all of your own mail passes.",
    ),
)
