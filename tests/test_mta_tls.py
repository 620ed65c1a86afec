"""TLS on the outgoing hop: opportunistic, or required by MTA-STS, DANE or REQUIRETLS."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from smtplab import RemoteProtocolError, Sandbox
from smtplab.sandbox.certificates import KINDS
from smtplab.sandbox.mta.mta_sts import read_policy
from tests.mta_world import ALICE, BOB, CONTENT, HOP, MX, TO_HOP, add_exchange, put, status
from tests.next_hop import NextHop


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def tcp() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


def how_it_came(sandbox: Sandbox) -> str:
    """The protocol in the Received field of Bob's last mail: ESMTPS is TLS (RFC 3848)."""
    received = sandbox.inbox(BOB)[-1].message["Received"]
    return str(received).partition(" with ")[2].partition(" ")[0]


def waits_because(sandbox: Sandbox) -> str:
    (item,) = sandbox.queue
    assert not sandbox.inbox(BOB)
    return item.last_reply


SENTENCES = {
    "expired": "has expired; the server needs a new one",
    "wrong host": "names another host; use the name that the certificate was issued for",
    "self-signed": "is signed by itself and not trusted here",
}


@pytest.mark.parametrize("transport", ["memory", "tcp"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_bad_certificate_is_an_error_of_its_own_at_our_client(
    kind: str, transport: str
) -> None:
    with Sandbox(transport) as sandbox:
        sandbox.policy(MX).certificate = kind
        client = sandbox.connect(MX, 25)
        client.ehlo()
        if kind == "good":
            assert client.starttls().code == 220
        else:
            with pytest.raises(RemoteProtocolError) as error:
                client.starttls()
            assert f"the certificate that {MX} showed {SENTENCES[kind]}" in str(error.value)
        client.close()


def test_a_certificate_of_no_known_kind_is_refused_where_it_is_set(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="a certificate is one of 'good', 'expired', "):
        sandbox.policy(MX).certificate = "shiny"
    assert sandbox.policy(MX).certificate == "good"


@pytest.mark.parametrize("kind", KINDS)
def test_opportunistic_tls_takes_any_certificate(sandbox: Sandbox, kind: str) -> None:
    """RFC 3207, 4.1: a sender that refused bad certificates would fall back to plaintext."""
    sandbox.policy(MX).certificate = kind
    put(sandbox)
    assert how_it_came(sandbox) == "ESMTPS"


@pytest.mark.parametrize(
    "answer", [b"454 4.7.0 not now", b"220 go and then nonsense"], ids=["refused", "no handshake"]
)
def test_without_a_rule_a_failed_starttls_is_followed_by_plaintext(
    tcp: Sandbox, answer: bytes
) -> None:
    with NextHop("STARTTLS", STARTTLS=answer) as hop:
        tcp.add_outside_host(HOP, hop.port)
        put(tcp, TO_HOP)
        assert hop.said("STARTTLS") and hop.contents == [CONTENT] and not tcp.queue


# MTA-STS (RFC 8461).


def test_an_enforced_policy_is_kept_where_the_host_can(sandbox: Sandbox) -> None:
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    put(sandbox)
    assert how_it_came(sandbox) == "ESMTPS"
    (fetch,) = sandbox.mta_sts.fetches
    assert fetch.url == "https://mta-sts.example.net/.well-known/mta-sts.txt"
    assert fetch.result == "fetched"
    tls = [e for e in sandbox.transcript.events if e.kind.value == "tls" and e.end == "client"]
    assert tls[-1].detail["verified"] == "yes"


@pytest.mark.parametrize("kind", ["expired", "wrong host", "self-signed"])
def test_an_enforced_policy_lets_mail_wait_for_a_good_certificate(
    sandbox: Sandbox, kind: str
) -> None:
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    sandbox.policy(MX).certificate = kind
    put(sandbox)
    why = waits_because(sandbox)
    assert why.startswith("451 4.7.5 ") and SENTENCES[kind] in why
    assert why.endswith("; TLS is required by the MTA-STS policy of example.net")
    sandbox.policy(MX).certificate = "good"
    sandbox.clock.advance(timedelta(minutes=30))
    assert how_it_came(sandbox) == "ESMTPS"


def test_an_enforced_policy_goes_round_a_host_that_it_does_not_name(sandbox: Sandbox) -> None:
    """Who can forge the MX records sends mail to a host of his own: that is what it prevents."""
    add_exchange(sandbox, "evil.example", "203.0.113.66", "example.net")
    sandbox.zones.add("example.net", "@ IN MX 1 evil.example.")
    sandbox.mta_sts.publish("example.net", "enforce", ["*.example.net"])
    put(sandbox)
    field = sandbox.inbox(BOB)[-1].message["Received"]
    assert f"by {MX} " in field and how_it_came(sandbox) == "ESMTPS"


def test_an_enforced_policy_is_not_talked_out_of_by_a_host_without_starttls(tcp: Sandbox) -> None:
    """A middle-box that strips STARTTLS would else read everything."""
    with NextHop() as hop:
        tcp.add_outside_host(HOP, hop.port)
        tcp.mta_sts.publish(HOP, "enforce", [HOP])
        put(tcp, TO_HOP)
        (item,) = tcp.queue
        assert item.last_reply.startswith(f"451 4.7.5 {HOP} does not offer STARTTLS; TLS is ")
        assert not hop.said("MAIL")


@pytest.mark.parametrize("mode", ["testing", "none"])
def test_a_policy_that_is_only_tested_stops_nothing(sandbox: Sandbox, mode: str) -> None:
    sandbox.mta_sts.publish("example.net", mode, ["other.example.net"])
    sandbox.policy(MX).certificate = "self-signed"
    put(sandbox)
    assert how_it_came(sandbox) == "ESMTPS"


def test_a_policy_is_remembered_as_long_as_it_says(sandbox: Sandbox) -> None:
    """RFC 8461, 10.2: who takes the DNS and the web server away does not undo it at once."""
    sandbox.mta_sts.publish("example.net", "enforce", [MX], max_age=86_400)
    put(sandbox)
    sandbox.mta_sts.remove("example.net")
    sandbox.zones.remove("example.net", "_mta-sts", "TXT")
    sandbox.policy(MX).certificate = "expired"
    sandbox.clock.advance(timedelta(hours=23))
    put(sandbox)
    assert len(sandbox.queue) == 1
    sandbox.clock.advance(timedelta(hours=3))
    assert len(sandbox.inbox(BOB)) == 2 and not sandbox.queue
    assert len(sandbox.mta_sts.fetches) == 1


def test_a_new_id_brings_a_new_policy(sandbox: Sandbox) -> None:
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    put(sandbox)
    put(sandbox)
    assert len(sandbox.mta_sts.fetches) == 1
    sandbox.mta_sts.publish("example.net", "none", [])
    sandbox.policy(MX).certificate = "expired"
    put(sandbox)
    assert len(sandbox.mta_sts.fetches) == 2 and len(sandbox.inbox(BOB)) == 3


@pytest.mark.parametrize("kind", ["expired", "wrong host", "self-signed"])
def test_a_policy_from_a_web_server_with_a_bad_certificate_counts_for_nothing(
    sandbox: Sandbox, kind: str
) -> None:
    sandbox.mta_sts.publish("example.net", "enforce", ["other.example.net"], certificate=kind)
    put(sandbox)
    assert len(sandbox.inbox(BOB)) == 1
    (fetch,) = sandbox.mta_sts.fetches
    assert SENTENCES[kind] in fetch.result


@pytest.mark.parametrize(
    "text",
    ["", "version: STSv1", "version: STSv2\nmode: none\nmax_age: 1", "mode: none\nmax_age: 1"]
    + [f"version: STSv1\nmode: {m}\nmax_age: {a}" for m, a in (("all", "1"), ("none", "x"))]
    + ["version: STSv1\nmode: enforce\nmax_age: 60"],
)
def test_a_file_that_is_no_policy_counts_for_nothing(sandbox: Sandbox, text: str) -> None:
    with pytest.raises(ValueError, match=r"\Athe policy"):
        read_policy(text)
    sandbox.mta_sts.publish("example.net", "enforce", ["other.example.net"])
    sandbox.mta_sts.set_text("example.net", text)
    put(sandbox)
    assert len(sandbox.inbox(BOB)) == 1


# DANE (RFC 7672).


@pytest.fixture
def pinned(sandbox: Sandbox) -> Sandbox:
    sandbox.publish_tlsa(MX)
    return sandbox


@pytest.mark.parametrize("kind", KINDS)
def test_dane_asks_for_the_key_and_not_for_names_or_dates(sandbox: Sandbox, kind: str) -> None:
    """RFC 7672, 3.1.1: with usage 3 a self-signed certificate is as good as any."""
    sandbox.policy(MX).certificate = kind
    sandbox.publish_tlsa(MX)
    put(sandbox)
    assert how_it_came(sandbox) == "ESMTPS"


def test_dane_lets_mail_wait_for_the_key_in_the_dns(pinned: Sandbox) -> None:
    pinned.policy(MX).certificate = "self-signed"  # what somebody in the middle would show
    put(pinned)
    assert "is not the one in the DNS; TLS is required by the TLSA records of" in waits_because(
        pinned
    )


def test_a_tlsa_record_without_dnssec_counts_for_nothing(pinned: Sandbox) -> None:
    record = pinned.zones.text("example.net")
    pinned.policy(MX).certificate = "self-signed"
    with Sandbox("memory") as other:
        other.zones.set("example.net", record)
        put(other)
        assert len(other.inbox(BOB)) == 1


@pytest.mark.parametrize(
    ("record", "waits"),
    [("3 1 1", True), ("2 0 1", True), ("1 1 1", False), ("3 1 9", False)],
)
def test_only_records_that_smtp_can_use_are_used(
    sandbox: Sandbox, record: str, waits: bool
) -> None:
    sandbox.zones.add("example.net", f"_25._tcp.mx IN TLSA {record} {'00' * 32}")
    sandbox.zones.sign("example.net")
    put(sandbox)
    assert bool(sandbox.queue) is waits


def test_a_trust_anchor_may_be_pinned_instead(sandbox: Sandbox) -> None:
    authority = sandbox._world.authority
    assert authority is not None
    sandbox.zones.add("example.net", f"_25._tcp.mx IN TLSA 2 0 0 {authority.own_certificate.hex()}")
    sandbox.zones.sign("example.net")
    put(sandbox)
    assert how_it_came(sandbox) == "ESMTPS"
    sandbox.policy(MX).certificate = "wrong host"  # with usage 2 the name counts
    put(sandbox)
    assert len(sandbox.queue) == 1


def test_dane_goes_before_mta_sts(pinned: Sandbox) -> None:
    """RFC 8461, 2: a policy must not overrule a TLSA record that fails."""
    pinned.mta_sts.publish("example.net", "none", [])
    pinned.policy(MX).certificate = "self-signed"
    put(pinned)
    assert "TLSA records" in waits_because(pinned)


# REQUIRETLS (RFC 8689).

REQUIRED = {"REQUIRETLS": None}


def test_required_tls_needs_somebody_who_vouches_for_the_mail_hosts(sandbox: Sandbox) -> None:
    put(sandbox, mail=REQUIRED)
    assert status(sandbox) == "5.7.10" and not sandbox.inbox(BOB)


@pytest.mark.parametrize("by", ["MTA-STS", "DANE", "DNSSEC"])
def test_required_tls_needs_a_host_that_offers_requiretls(sandbox: Sandbox, by: str) -> None:
    sandbox.policy(MX).switched_off.add("REQUIRETLS")
    if by == "MTA-STS":
        sandbox.mta_sts.publish("example.net", "enforce", [MX])
    elif by == "DANE":
        sandbox.publish_tlsa(MX)
    else:
        sandbox.zones.sign("example.net")
    put(sandbox, mail=REQUIRED)
    assert status(sandbox) == "5.7.30" and not sandbox.inbox(BOB)


@pytest.mark.parametrize("kind", ["expired", "wrong host", "self-signed"])
def test_required_tls_needs_a_good_certificate(sandbox: Sandbox, kind: str) -> None:
    sandbox.zones.sign("example.net")
    sandbox.policy(MX).certificate = kind
    put(sandbox, mail=REQUIRED)
    assert status(sandbox) == "5.7.10" and not sandbox.inbox(BOB)


def test_a_report_does_not_insist_on_what_its_mail_required(sandbox: Sandbox) -> None:
    """RFC 8689, 5: it asks for TLS, and is not lost where that cannot be had."""
    put(sandbox, "nobody@example.net", host=MX, mail=REQUIRED)
    assert status(sandbox) == "5.1.1" and not sandbox.queue
    assert [name for name in sandbox.transcript.connections if name[0] == "r"] == ["r1"]


def test_a_sender_may_want_his_mail_to_arrive_rather_than_be_safe(sandbox: Sandbox) -> None:
    """RFC 8689, 4.2.2: `TLS-Required: No`, as a report of a broken certificate would say."""
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    sandbox.policy(MX).certificate = "expired"
    put(sandbox, content=b"TLS-Required: No\r\n" + CONTENT)
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.inbox(ALICE)


@pytest.mark.parametrize("offers", [True, False], ids=["offered", "not offered"])
def test_required_tls_is_passed_on_to_a_host_that_can(tcp: Sandbox, offers: bool) -> None:
    authority = tcp._world.authority
    assert authority is not None
    with NextHop("STARTTLS", *(["REQUIRETLS"] if offers else [])) as hop:
        hop.context = authority.server_context(HOP)
        tcp.add_outside_host(HOP, hop.port)
        tcp.zones.sign(HOP)
        put(tcp, TO_HOP, mail=REQUIRED)
        if offers:
            assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org> REQUIRETLS"]
            assert hop.contents == [CONTENT] and not tcp.queue and not tcp.inbox(ALICE)
        else:
            assert status(tcp) == "5.7.30" and not hop.said("MAIL")
