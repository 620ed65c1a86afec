"""SPF beside the suite: the RFC's own examples, steps to read, and records that mean harm."""

import ipaddress
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from smtplab.sandbox.dns import Zones
from smtplab.sandbox.verdict.lookups import MOST_STEPS, NoSuchName, TemporaryFailure
from smtplab.sandbox.verdict.spf import Spf, SpfFacts, check, check_helo
from smtplab.sandbox.verdict.spf_macros import Values, as_name, expand

Records = Mapping[str, Mapping[str, tuple[str, ...]]]


def zone(records: Records, failing: str = "") -> Callable[[str, str], tuple[str, ...]]:
    """A look_up function; one name may be out of order."""

    def look_up(name: str, type_: str) -> tuple[str, ...]:
        name = name.lower().removesuffix(".")
        if name == failing:
            raise TemporaryFailure(name)
        if name in records:
            return records[name].get(type_, ())
        if any(other.endswith(f".{name}") for other in records):
            return ()
        raise NoSuchName(name)

    return look_up


def txt(text: str) -> dict[str, tuple[str, ...]]:
    """One TXT record, in strings of 200 characters as a zone file needs them."""
    parts = [text[i : i + 200] for i in range(0, len(text), 200)] or [""]
    return {"TXT": (" ".join(f'"{part}"' for part in parts),)}


def spf(record: str, address: str = "192.0.2.10", **more: Mapping[str, tuple[str, ...]]) -> Spf:
    """The result for alice@example.org, who has this record."""
    names = {name.replace("_", "."): value for name, value in more.items()}
    look_up = zone({"example.org": txt(record), **names})
    return check(SpfFacts(address, "smtp.example.org", "alice@example.org"), look_up)


def told(result: Spf) -> str:
    return "\n".join(map(str, result.steps))


# RFC 7208, 7.4. Its IPv6 example is written in lower case; a domain name's case means nothing.
EXPANSIONS = [
    ("%{s}", "strong-bad@email.example.com"),
    ("%{o}", "email.example.com"),
    ("%{d}", "email.example.com"),
    ("%{d4}", "email.example.com"),
    ("%{d3}", "email.example.com"),
    ("%{d2}", "example.com"),
    ("%{d1}", "com"),
    ("%{dr}", "com.example.email"),
    ("%{d2r}", "example.email"),
    ("%{l}", "strong-bad"),
    ("%{l-}", "strong.bad"),
    ("%{lr}", "strong-bad"),
    ("%{lr-}", "bad.strong"),
    ("%{l1r-}", "strong"),
    ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
    ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
    ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
    ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
    ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
    ("%%%_%-", "% %20"),
    ("%{S}", "strong-bad%40email.example.com"),
    ("%{t} %{r} %{c} %{h}", "60 mx.example.net 192.0.2.3 host.example"),
]


@pytest.mark.parametrize(("text", "expected"), EXPANSIONS, ids=[text for text, _ in EXPANSIONS])
def test_macros_expand_as_the_rfc_shows(text: str, expected: str) -> None:
    values = Values(
        ipaddress.ip_address("192.0.2.3"), "strong-bad@email.example.com", "host.example",
        "email.example.com", "mx.example.net", 60, lambda: "unknown",
    )  # fmt: skip
    assert expand(text, values) == expected


def test_an_ipv6_address_expands_as_the_rfc_shows_but_for_the_case() -> None:
    values = Values(
        ipaddress.ip_address("2001:db8::cb01"), "a@example.com", "h", "email.example.com", "r", 0,
        lambda: "unknown",
    )  # fmt: skip
    expected = f"1.0.b.c.{'0.' * 20}8.b.d.0.1.0.0.2.ip6._spf.example.com"
    assert expand("%{ir}.%{v}._spf.%{d2}", values).lower() == expected


# RFC 7208, A: the zone of its example, and what the records of A.1 let pass.
EXAMPLE_COM: Records = {
    "example.com": {
        "A": ("192.0.2.10", "192.0.2.11"),
        "MX": ("10 mail-a.example.com.", "20 mail-b.example.com."),
    },
    "mail-a.example.com": {"A": ("192.0.2.129",)},
    "mail-b.example.com": {"A": ("192.0.2.130",)},
    "amy.example.com": {"A": ("192.0.2.65",)},
    "bob.example.com": {"A": ("192.0.2.66",)},
    "www.example.com": {"A": ("192.0.2.10", "192.0.2.11")},
    "mail-c.example.org": {"A": ("192.0.2.140",)},
    "example.org": {"MX": ("10 mail-c.example.org.",)},
    "10.2.0.192.in-addr.arpa": {"PTR": ("example.com.",)},
    "65.2.0.192.in-addr.arpa": {"PTR": ("amy.example.com.",)},
    "140.2.0.192.in-addr.arpa": {"PTR": ("mail-c.example.org.",)},
    "4.0.0.10.in-addr.arpa": {"PTR": ("bob.example.com.",)},
}
SIMPLE = [
    ("v=spf1 +all", "192.0.2.1", "pass"),
    ("v=spf1 a -all", "192.0.2.10", "pass"),
    ("v=spf1 a -all", "192.0.2.129", "fail"),
    ("v=spf1 a:example.org -all", "192.0.2.10", "fail"),
    ("v=spf1 mx -all", "192.0.2.129", "pass"),
    ("v=spf1 mx:example.org -all", "192.0.2.140", "pass"),
    ("v=spf1 mx mx:example.org -all", "192.0.2.130", "pass"),
    ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", "pass"),
    ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", "pass"),
    ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.144", "fail"),
    ("v=spf1 ptr -all", "192.0.2.10", "pass"),
    ("v=spf1 ptr -all", "192.0.2.65", "pass"),
    ("v=spf1 ptr -all", "192.0.2.140", "fail"),
    ("v=spf1 ptr -all", "10.0.0.4", "fail"),
    ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.143", "pass"),
    ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", "fail"),
    ("v=spf1 redirect=_spf.example.com", "192.0.2.1", "permerror"),
]


@pytest.mark.parametrize(
    ("record", "address", "expected"), SIMPLE, ids=[f"{r} {a}" for r, a, _ in SIMPLE]
)
def test_the_examples_of_the_appendix_hold(record: str, address: str, expected: str) -> None:
    data = {**EXAMPLE_COM, "example.com": {**EXAMPLE_COM["example.com"], **txt(record)}}
    facts = SpfFacts(address, "mail-a.example.com", "strong-bad@example.com")
    assert check(facts, zone(data)).result == expected


def test_the_steps_tell_what_was_looked_up_what_matched_and_why() -> None:
    result = spf(
        "v=spf1 mx include:news.example ~all",
        "198.51.100.7",
        news_example=txt("v=spf1 ip4:198.51.100.0/28 -all"),
    )
    assert (result.result, result.mechanism) == ("pass", "include:news.example")
    steps = told(result)
    for sentence in (
        "TXT at example.org: v=spf1 mx include:news.example ~all (RFC 7208, 4.4)",
        "MX at example.org: nothing. (RFC 7208, 5.4)",
        "TXT at news.example: v=spf1 ip4:198.51.100.0/28 -all (RFC 7208, 4.4)",
        "The included record says pass: a match. (RFC 7208, 5.2)",
        "include:news.example matches: pass. (RFC 7208, 4.6.2)",
    ):
        assert sentence in steps


def test_the_steps_also_tell_what_did_not_match() -> None:
    result = spf("v=spf1 ip4:203.0.113.0/24 a/30 -all")
    steps = told(result)
    assert "192.0.2.10 is not in 203.0.113.0/24. (RFC 7208, 5.6)" in steps
    assert "A at example.org: nothing, compared in the first 30 bits. (RFC 7208, 5.3)" in steps


@pytest.mark.parametrize(
    ("length", "kept"),
    [(253, "x" * 10), (254, "")],
    ids=["just short enough", "one too long"],
)
def test_a_name_that_is_too_long_loses_labels_on_the_left(length: int, kept: str) -> None:
    labels = ["x" * 10] + ["y" * 61] * 3 + ["z" * (length - 3 * 62 - 11)]
    name = as_name(".".join(labels))
    assert name == ".".join(labels if kept else labels[1:])


def test_the_null_reverse_path_is_judged_by_the_ehlo_name() -> None:
    look_up = zone({"smtp.example.org": txt("v=spf1 ip4:192.0.2.10 -all")})
    facts = SpfFacts("192.0.2.10", "smtp.example.org", "")
    result = check(facts, look_up)
    assert (result.result, result.sender) == ("pass", "postmaster@smtp.example.org")
    assert (result.identity, result.null_reverse_path) == ("mailfrom", True)
    assert check_helo(SpfFacts("192.0.2.11", "smtp.example.org", "x@y"), look_up).result == "fail"


def test_a_look_up_that_fails_for_now_is_no_verdict() -> None:
    look_up = zone({"example.org": txt("v=spf1 a:down.example -all")}, failing="down.example")
    result = check(SpfFacts("192.0.2.10", "h", "alice@example.org"), look_up)
    assert result.result == "temperror"
    assert "No DNS server could say" in told(result)


def test_an_international_domain_is_asked_for_by_its_a_labels() -> None:
    look_up = zone({"xn--bcher-kva.example": txt("v=spf1 ip4:192.0.2.10 -all")})
    facts = SpfFacts("192.0.2.10", "h", "alice@bücher.example")
    assert check(facts, look_up).result == "pass"


def test_the_sandboxs_own_zones_can_be_asked() -> None:
    text = '$TTL 1\n@ IN SOA ns p 1 1 1 1 1\n@ IN NS ns\n@ IN TXT "v=spf1 a:" "smtp.example.org"\n'
    zones = Zones({"example.org": text + "smtp IN A 192.0.2.10\n"})
    facts = SpfFacts("192.0.2.10", "h", "alice@example.org")
    assert check(facts, zones.look_up).result == "pass"
    assert [(q.name, q.type) for q in zones.log] == [
        ("example.org", "TXT"),
        ("smtp.example.org", "A"),
    ]


def test_the_time_in_an_explanation_is_the_worlds() -> None:
    look_up = zone(
        {"example.org": txt("v=spf1 -all exp=why.example.org"), "why.example.org": txt("at %{t}")}
    )
    facts = SpfFacts("192.0.2.10", "h", "a@example.org", now=datetime(2026, 3, 2, tzinfo=UTC))
    assert check(facts, look_up).explanation == "at 1772409600"


def test_only_a_fail_is_explained() -> None:
    for record, words in (("-all", "Go away"), ("~all", ""), ("+all", ""), ("-all moo", "")):
        result = spf(f"v=spf1 exp=why.example {record}", why_example=txt("Go away"))
        assert result.explanation == words, record


# Records that mean harm.


def test_a_foreign_explanation_cannot_smuggle_a_line_or_fill_a_page() -> None:
    """Danger: the explanation of a fail goes into a reply line and a web page."""
    result = spf("v=spf1 -all exp=%{d}", example_org=txt("v=spf1 -all exp=why.example"))
    assert result.explanation == ""
    long = spf("v=spf1 -all exp=why.example", why_example=txt("x" * 5000))
    assert len(long.explanation) == 400
    broken = {"TXT": ('"one\\013\\010two"',)}
    assert spf("v=spf1 -all exp=why.example", why_example=broken).explanation == ""


def test_records_that_include_each_other_end_after_ten_look_ups() -> None:
    asked: list[str] = []
    records = {f"{a}.example": txt(f"v=spf1 include:{b}.example -all") for a, b in ("ab", "ba")}
    inner = zone(records)

    def look_up(name: str, type_: str) -> tuple[str, ...]:
        asked.append(name)
        return inner(name, type_)

    result = check(SpfFacts("192.0.2.10", "h", "x@a.example"), look_up)
    assert result.result == "permerror"
    assert len(asked) == 11  # the first record and ten more
    assert "would be look-up 11, after 10" in told(result)


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 " + "ip4:192.0.2.1 " * 4_600,
        "v=spf1 a:" + "1" * 65_000,
        "v=spf1 a:" + "%{d}." * 13_000 + "example",
        "v=spf1 exists:%{d" + "9" * 65_000 + "} -all",
        "v=spf1 a/" + "1" * 65_000,
        "v=spf1 a:" + "/" * 65_000 + "x",
        "v=spf1 x=" + "%" * 65_000,
        "v=spf1 " + "x" * 65_000,
    ],
    ids=lambda record: record[:20],
)
def test_a_huge_record_costs_little_and_its_steps_stay_few(record: str) -> None:
    """Danger: a stranger's record of 65,535 octets is read for every content."""
    begin = time.process_time()
    result = spf(record)
    assert time.process_time() - begin < 2
    assert len(result.steps) <= MOST_STEPS + 1
    assert all(len(step.text) < 700 for step in result.steps)


def test_eight_bit_records_are_refused_and_shown_as_numbers() -> None:
    record = {"TXT": ('"v=spf1 a:caf\\195\\169.example -all"',)}
    result = spf("", example_org=record)
    assert result.result == "permerror"
    assert "caf\\xc3\\xa9" in told(result)
    assert told(result).isascii()
