"""Authentication-Results: what is written can be read back, and each part is explained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.sandbox.clock import START
from smtplab.sandbox.verdict.dkim_sign import Signer, sign, toy_keys
from smtplab.sandbox.verdict.judge import Arrival, Verdict, judge
from smtplab.sandbox.verdict.lookups import NoSuchName
from smtplab.sandbox.verdict.results import (
    METHODS,
    PROPERTIES,
    WIDTH,
    AuthenticationResults,
    Property,
    Result,
    explain,
    first,
    parse,
)

ALICE = (
    b"From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: Lunch?\r\n\r\nAt noon?\r\n"
)
TOY = toy_keys()["ed25519"]
RECORDS = {
    ("example.org", "TXT"): '"v=spf1 ip4:192.0.2.10 -all"',
    ("toy._domainkey.example.org", "TXT"): f'"{TOY.record}"',
    ("_dmarc.example.org", "TXT"): '"v=DMARC1; p=reject"',
}


def look_up(name: str, type_: str) -> tuple[str, ...]:
    if (name, type_) in RECORDS:
        return (RECORDS[name, type_],)
    raise NoSuchName(name)


def arrival(
    content: bytes, address: str = "192.0.2.10", reverse_path: str = "alice@example.org"
) -> Verdict:
    facts = Arrival(address, "smtp.example.org", reverse_path, content, "mx.example.net", START)
    return judge(facts, look_up)


SIGNED = sign(ALICE, Signer("example.org", "toy", TOY.private), START)


def test_a_good_content_from_the_right_host_passes_all_three() -> None:
    verdict = arrival(SIGNED)
    assert (verdict.spf.result, verdict.dkim.result, verdict.dmarc.result) == ("pass",) * 3
    start = verdict.dkim.signatures[0].start
    assert str(verdict.field) == (
        "Authentication-Results: mx.example.net;\r\n"
        " spf=pass smtp.mailfrom=alice@example.org;\r\n"
        ' dkim=pass reason="256-bit Ed25519 key" header.d=example.org header.s=toy\r\n'
        f" header.a=ed25519-sha256 header.b={start};\r\n"
        " dmarc=pass header.from=example.org policy.dmarc=none\r\n"
    )


def test_a_forged_content_fails_and_the_domain_asks_to_reject_it() -> None:
    verdict = arrival(ALICE, "203.0.113.66")
    assert (verdict.spf.result, verdict.dkim.result, verdict.dmarc.result) == (
        "fail", "none", "fail",
    )  # fmt: skip
    assert str(verdict.field).endswith(
        " dkim=none;\r\n dmarc=fail header.from=example.org policy.dmarc=reject\r\n"
    )


def test_a_forwarder_breaks_spf_but_not_dkim() -> None:
    verdict = arrival(SIGNED, "198.51.100.99")
    assert (verdict.spf.result, verdict.dmarc.result) == ("fail", "pass")
    assert verdict.dmarc.aligned == ("dkim example.org",)


def test_the_null_reverse_path_is_written_as_the_ehlo_name() -> None:
    assert " spf=none smtp.helo=smtp.example.org;" in str(arrival(SIGNED, reverse_path="").field)


def test_the_steps_of_all_checks_come_in_order() -> None:
    sections = [step.section.partition(",")[0] for step in arrival(SIGNED).steps]
    assert list(dict.fromkeys(sections)) == ["RFC 7208", "RFC 6376", "RFC 9989"]


# Reading.

WRITTEN = [
    # RFC 8601, B.1 to B.5, with this sandbox's hosts
    ("Authentication-Results: example.org 1; none", AuthenticationResults("example.org")),
    (
        "Authentication-Results: example.com;\r\n  spf=pass smtp.mailfrom=example.net\r\n",
        AuthenticationResults(
            "example.com",
            (Result("spf", "pass", "", (Property("smtp", "mailfrom", "example.net"),)),),
        ),
    ),
    (
        "Authentication-Results: example.com;\r\n auth=pass (cram-md5) "
        "smtp.auth=alice@example.net;\r\n spf=fail smtp.mailfrom=example.net",
        AuthenticationResults(
            "example.com",
            (
                Result("auth", "pass", "", (Property("smtp", "auth", "alice@example.net"),)),
                Result("spf", "fail", "", (Property("smtp", "mailfrom", "example.net"),)),
            ),
        ),
    ),
    (
        'Authentication-Results: foo.example (foobar) 1 (baz);\r\n dkim (Because) / 1 (One) = '
        '(or two) fail\r\n policy (A dot) . (Like that) expired (this surprised me) = (as I "did) '
        "1362471462",
        AuthenticationResults(
            "foo.example",
            (Result("dkim", "fail", "", (Property("policy", "expired", "1362471462"),)),),
        ),
    ),
    (
        'AUTHENTICATION-RESULTS: x.example; DKIM=Fail reason="not \\"good\\""\r\n'
        "\theader.i=@example.org;",
        AuthenticationResults(
            "x.example",
            (Result("dkim", "fail", 'not "good"', (Property("header", "i", "@example.org"),)),),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("field", "expected"), WRITTEN, ids=[str(n) for n in range(len(WRITTEN))])
def test_a_written_header_field_is_read(field: str, expected: AuthenticationResults) -> None:
    assert parse(field) == expected


@pytest.mark.parametrize(
    "field",
    [
        "Received: by mx.example.net",
        "Authentication-Results:",
        "Authentication-Results: mx.example.net; spf",
        "Authentication-Results: mx.example.net; spf=",
        "Authentication-Results: mx.example.net; spf=pass smtp",
        "Authentication-Results: mx.example.net; spf=pass smtp.mailfrom",
        "Authentication-Results: mx.example.net; none; spf=pass",
        "Authentication-Results: mx.example.net spf=pass",
        "Authentication-Results: mx.example.net; spf=pass (no end",
        'Authentication-Results: mx.example.net; spf=pass reason="no end',
        "Authentication-Results: mx.example.net; spf=pass \x00",
        "Authentication-Results: " + "(" * 70_000,
    ],
)
def test_a_broken_header_field_is_refused(field: str) -> None:
    with pytest.raises(ValueError):
        parse(field)


KEYWORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=120)
FIELDS = st.builds(
    AuthenticationResults,
    VALUES,
    st.lists(
        st.builds(
            Result,
            KEYWORDS.filter(lambda word: word != "none"),
            KEYWORDS,
            VALUES,
            st.lists(
                st.builds(
                    Property, KEYWORDS.filter(lambda word: word != "reason"), KEYWORDS, VALUES
                ),
                max_size=3,
            ).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
)


@given(FIELDS)
def test_what_is_written_is_read_back(field: AuthenticationResults) -> None:
    written = str(field)
    assert parse(written) == field
    assert written.endswith("\r\n")
    folded = written.split("\r\n")[1:-1]
    assert all(line.startswith(" ") for line in folded)
    parts = {f" {part}{end}" for r in field.results for part in r.parts() for end in ("", ";")}
    assert all(len(line) <= WIDTH or line in parts for line in folded)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_or_the_writer(text: str) -> None:
    try:
        parse(f"Authentication-Results: {text}")
    except ValueError:
        pass
    octets = AuthenticationResults(text, (Result("spf", "pass", text),)).octets()
    assert octets.count(b"\n") == octets.count(b"\r\n ") + 1


def test_a_hostile_name_cannot_add_a_header_field() -> None:
    """Danger: reverse-path, EHLO name and d= come from strangers and go into our header section."""
    facts = Arrival(
        "192.0.2.1", "x\r\nBcc: y", "a\r\nX: y@z\r\nQ: r", ALICE, "mx.example.net", START
    )
    written = str(judge(facts, look_up).field)
    assert all(line.startswith(" ") for line in written.split("\r\n")[1:-1])


def test_only_this_hosts_topmost_field_is_believed() -> None:
    forged = b"Authentication-Results: mx.example.net; spf=pass\r\n"
    other = b"Authentication-Results: other.example; spf=pass\r\n"
    content = other + arrival(ALICE, "203.0.113.66").field.octets() + forged + ALICE
    found = first(content, "MX.example.net")
    assert found is not None
    assert found.results[0].result == "fail"
    assert first(ALICE, "mx.example.net") is None
    assert first(b"\r\n\r\n" + forged, "mx.example.net") is None


# Explaining.


def test_each_part_is_explained() -> None:
    steps = [str(step) for step in explain(arrival(SIGNED).field)]
    assert steps[0].startswith("mx.example.net made these checks. Believe")
    assert (
        "spf=pass: SPF asks whether the connecting host may send for a domain; the domain names "
        "this address as one of its own. (RFC 8601, 2.7)" in steps
    )
    assert (
        "header.s=toy: the selector, which says where the key stands (s=). (RFC 8601, 2.3)" in steps
    )
    assert not any("not explained here" in step for step in steps)


def test_the_policy_that_came_out_is_not_mistaken_for_the_published_one() -> None:
    """The domain published p=reject; after a pass there is nothing to do because of it."""
    told = next(str(step) for step in explain(arrival(SIGNED).field) if "policy.dmarc" in str(step))
    assert told.startswith("policy.dmarc=none: what is to be done because of the domain's policy")
    assert "nothing after a pass, whatever its record says" in told


def test_what_is_unknown_is_said_to_be_unknown() -> None:
    field = parse("Authentication-Results: x.example; auth=pass smtp.auth=alice")
    assert sum("not explained here" in str(step) for step in explain(field)) == 2
    assert "nothing was checked" in str(explain(AuthenticationResults("x.example"))[1])


def test_every_result_and_property_has_its_sentence() -> None:
    assert set(METHODS) == {"spf", "dkim", "dmarc"}
    sentences = [text for _, results in METHODS.values() for text in results.values()]
    assert all(sentences + list(PROPERTIES.values()))
