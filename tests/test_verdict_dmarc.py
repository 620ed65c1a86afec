"""DMARC by RFC 9989: the tree walk, alignment and policy."""

from collections.abc import Callable, Mapping

import pytest

from smtplab.sandbox.verdict.dkim_check import Dkim, Signature
from smtplab.sandbox.verdict.dmarc import Dmarc, DmarcFacts, evaluate
from smtplab.sandbox.verdict.dmarc_tree import names
from smtplab.sandbox.verdict.lookups import NoSuchName, TemporaryFailure
from smtplab.sandbox.verdict.spf_facts import Spf


class Zone:
    """DMARC records by domain, and which other names exist; remembers what was asked."""

    def __init__(self, records: Mapping[str, str | list[str]], *existing: str) -> None:
        self.records = {f"_dmarc.{name}": value for name, value in records.items()}
        self.existing, self.failing = existing, ""
        self.asked: list[str] = []

    def __call__(self, name: str, type_: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name == self.failing:
            raise TemporaryFailure(name)
        if name in self.records and type_ == "TXT":
            value = self.records[name]
            return tuple(f'"{text}"' for text in ([value] if isinstance(value, str) else value))
        if any(known == name or known.endswith(f".{name}") for known in self.existing):
            return ()
        raise NoSuchName(name)


def spf(domain: str, result: str = "pass", identity: str = "mailfrom") -> Spf:
    return Spf(result, identity, f"bounce@{domain}", domain, ())


def dkim(*domains: str, result: str = "pass") -> Dkim:
    return Dkim(tuple(Signature(result, "", domain) for domain in domains), ())


NO_SPF = spf("example.org", "fail")
UNSIGNED = Dkim((), ())


def verdict(
    author: str,
    records: Mapping[str, str | list[str]] | Zone,
    by_spf: Spf = NO_SPF,
    by_dkim: Dkim = UNSIGNED,
    suffixes: frozenset[str] = frozenset(),
) -> Dmarc:
    look_up: Callable[[str, str], tuple[str, ...]]
    look_up = records if isinstance(records, Zone) else Zone(records, author)
    return evaluate(DmarcFacts((author,), by_spf, by_dkim, suffixes), look_up)


def told(result: Dmarc) -> str:
    return "\n".join(map(str, result.steps))


# The tree walk (RFC 9989, 4.10).

WALKS = [
    ("com", "com"),
    ("example.com", "example.com com"),
    ("a.mail.example.com", "a.mail.example.com mail.example.com example.com com"),
    ("a.b.c.d.e.f.example.com",  # eight labels
     "a.b.c.d.e.f.example.com b.c.d.e.f.example.com c.d.e.f.example.com d.e.f.example.com "
     "e.f.example.com f.example.com example.com com"),
    ("mail.a.b.c.d.e.f.g.example.com",
     "mail.a.b.c.d.e.f.g.example.com c.d.e.f.g.example.com d.e.f.g.example.com "
     "e.f.g.example.com f.g.example.com g.example.com example.com com"),
    ("a.b.c.d.e.f.g.h.i.j.mail.example.com",
     "a.b.c.d.e.f.g.h.i.j.mail.example.com g.h.i.j.mail.example.com h.i.j.mail.example.com "
     "i.j.mail.example.com j.mail.example.com mail.example.com example.com com"),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "expected"), WALKS, ids=[d for d, _ in WALKS])
def test_a_walk_asks_each_name_on_the_way_up_and_eight_at_most(domain: str, expected: str) -> None:
    walked = expected.split()
    assert len(walked) <= 8
    zone = Zone({}, domain)
    assert verdict(domain, zone).result == "none"
    assert zone.asked[: len(walked)] == [f"_dmarc.{name}" for name in walked]
    assert names(domain) == walked


# (author, records, policy domain, organizational domain, tag, policy)
DISCOVERY = [
    ("example.org", {"example.org": "v=DMARC1; p=reject"},
     "example.org", "example.org", "p", "reject"),
    ("a.example.org", {"example.org": "v=DMARC1; p=reject"},
     "example.org", "example.org", "p", "reject"),
    ("a.example.org", {"example.org": "v=DMARC1; p=reject; sp=none"},
     "example.org", "example.org", "sp", "none"),
    ("a.example.org", {"example.org": "v=DMARC1; p=none", "a.example.org": "v=DMARC1; p=reject"},
     "a.example.org", "example.org", "p", "reject"),
    ("a.example.org", {"a.example.org": "v=DMARC1; p=reject; sp=none"},
     "a.example.org", "a.example.org", "p", "reject"),
    # a record between: the one with the fewest labels is the organization's
    ("x.a.example.org", {"a.example.org": "v=DMARC1; p=none", "example.org": "v=DMARC1; p=reject"},
     "example.org", "example.org", "p", "reject"),
    # psd=n says where an organization begins
    ("x.a.example.org",
     {"a.example.org": "v=DMARC1; p=quarantine; psd=n", "example.org": "v=DMARC1; p=reject"},
     "a.example.org", "a.example.org", "p", "quarantine"),
    # psd=y: the organization begins one label below, and this is the last policy to use
    ("x.shop.co.example", {"co.example": "v=DMARC1; p=reject; sp=quarantine; psd=y"},
     "co.example", "shop.co.example", "sp", "quarantine"),
    ("shop.co.example",
     {"co.example": "v=DMARC1; p=reject; psd=y", "shop.co.example": "v=DMARC1; p=none"},
     "shop.co.example", "shop.co.example", "p", "none"),
    ("co.example", {"co.example": "v=DMARC1; p=reject; sp=none; psd=y"},
     "co.example", "co.example", "p", "reject"),
    # several records at one name count as none, and the walk goes on
    ("a.example.org",
     {"a.example.org": ["v=DMARC1; p=reject", "v=DMARC1; p=none"],
      "example.org": "v=DMARC1; p=none; sp=quarantine"},
     "example.org", "example.org", "sp", "quarantine"),
    # other TXT records are none of our business
    ("example.org", {"example.org": ["hello", "v=spf1 -all", "v=DMARC1;p=reject;"]},
     "example.org", "example.org", "p", "reject"),
    # tags: unknown ones and broken values are ignored, names and values in any case
    ("example.org", {"example.org": "V = DMARC1 ; P = Reject ; x=y; adkim=z; =; t"},
     "example.org", "example.org", "p", "reject"),
    ("example.org", {"example.org": "v=dmarc1; p=reject"}, "", "", "", ""),
    ("example.org", {"example.org": "p=reject; v=DMARC1"}, "", "", "", ""),
    ("example.org", {"example.org": "v=DMARC12; p=reject"}, "", "", "", ""),
    # without a policy that can be read, a report address makes it none; else there is no DMARC
    ("example.org", {"example.org": "v=DMARC1; rua=mailto:r@example.org"},
     "example.org", "example.org", "p", "none"),
    ("example.org", {"example.org": "v=DMARC1; p=reject; sp=nay; rua=mailto:r@example.org!10m"},
     "example.org", "example.org", "p", "none"),
    ("example.org", {"example.org": "v=DMARC1; p=nay; rua=r@example.org"}, "", "", "", ""),
    ("example.org", {"example.org": "v=DMARC1; adkim=s"}, "", "", "", ""),
    ("a.example.org", {"a.example.org": "v=DMARC1", "example.org": "v=DMARC1; p=reject"},
     "", "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("author", "records", "where", "top", "tag", "policy"), DISCOVERY)
def test_the_policy_is_found_where_the_rfc_says(
    author: str, records: dict[str, str], where: str, top: str, tag: str, policy: str
) -> None:
    found = verdict(author, records)
    assert found.result == ("fail" if where else "none")
    assert (found.policy_domain, found.organizational_domain) == (where, top)
    assert (found.tag, found.policy) == (tag, policy)
    assert found.disposition == (policy or "none")


# (author, records, SPF's domain, DKIM's domain, aligned)
ORG = {"example.org": "v=DMARC1; p=reject"}
PSD = {"co.example": "v=DMARC1; p=reject; psd=y"}
ALIGNMENT = [
    ("example.org", ORG, "example.org", "", "spf example.org"),
    ("example.org", ORG, "", "example.org", "dkim example.org"),
    ("example.org", ORG, "example.org", "example.org", "spf example.org, dkim example.org"),
    ("example.org", ORG, "bounce.example.org", "", "spf bounce.example.org"),
    ("news.example.org", ORG, "", "mail.example.org", "dkim mail.example.org"),
    ("news.example.org", ORG, "", "EXAMPLE.org.", "dkim example.org"),
    ("example.org", ORG, "example.net", "example.net", ""),
    ("example.org", ORG, "badexample.org", "", ""),
    ("example.org", {"example.org": "v=DMARC1; p=reject; aspf=s"}, "b.example.org", "", ""),
    ("example.org", {"example.org": "v=DMARC1; p=reject; adkim=s"}, "", "b.example.org", ""),
    ("example.org", {"example.org": "v=DMARC1; p=reject; adkim=s"}, "b.example.org", "",
     "spf b.example.org"),
    # two that registered below the same public suffix are strangers
    ("giant.co.example", PSD, "", "mega.co.example", ""),
    ("giant.co.example", PSD, "co.example", "", ""),
    ("giant.co.example", PSD, "mail.giant.co.example", "", "spf mail.giant.co.example"),
    ("co.example", PSD, "", "mail.co.example", ""),
    # psd=n cuts a department off
    ("dept.example.org", {**ORG, "dept.example.org": "v=DMARC1; p=reject; psd=n"},
     "example.org", "", ""),
    ("example.org", {**ORG, "dept.example.org": "v=DMARC1; p=reject; psd=n"},
     "", "x.dept.example.org", ""),
    # without a record above it, a domain is an organization of its own
    ("mail.example.org", {"mail.example.org": "v=DMARC1; p=reject"}, "example.org", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("author", "records", "by_spf", "by_dkim", "aligned"), ALIGNMENT)
def test_alignment_is_as_the_rfc_says(
    author: str, records: dict[str, str], by_spf: str, by_dkim: str, aligned: str
) -> None:
    found = verdict(
        author, records, spf(by_spf) if by_spf else NO_SPF, dkim(by_dkim) if by_dkim else UNSIGNED
    )
    assert ", ".join(found.aligned) == aligned
    assert found.result == ("pass" if aligned else "fail")
    assert found.disposition == ("none" if aligned else "reject")


def test_the_ehlo_name_alone_authenticates_nobody() -> None:
    assert verdict("example.org", ORG, spf("example.org", identity="helo")).result == "fail"


def test_a_result_that_is_not_pass_authenticates_nobody() -> None:
    for result in ("fail", "softfail", "neutral", "none", "permerror"):
        found = verdict("example.org", ORG, spf("example.org", result))
        assert found.result == "fail", result
    for result in ("fail", "policy", "neutral", "permerror"):
        assert verdict("example.org", ORG, NO_SPF, dkim("example.org", result=result)).aligned == ()


# np= and t=

NP = {"example.org": "v=DMARC1; p=reject; sp=none; np=quarantine"}


@pytest.mark.parametrize(
    ("author", "existing", "tag"),
    [
        ("ghost.example.org", (), "np"),
        ("news.example.org", ("news.example.org",), "sp"),
        ("empty.example.org", ("host.empty.example.org",), "sp"),
        ("example.org", ("example.org",), "p"),
    ],
    ids=["no such name", "a name", "a name with names below", "the organization itself"],
)
def test_np_is_for_names_that_do_not_exist(
    author: str, existing: tuple[str, ...], tag: str
) -> None:
    found = verdict(author, Zone(NP, *existing))
    assert (found.tag, found.policy) == (
        tag,
        {"np": "quarantine", "sp": "none", "p": "reject"}[tag],
    )


def test_existence_is_asked_for_only_where_it_matters() -> None:
    zone = Zone({"example.org": "v=DMARC1; p=reject"})
    verdict("ghost.example.org", zone)
    assert "ghost.example.org" not in zone.asked


@pytest.mark.parametrize(
    ("policy", "t", "disposition"),
    [
        ("reject", "y", "quarantine"),
        ("quarantine", "Y", "none"),
        ("none", "y", "none"),
        ("reject", "n", "reject"),
        ("reject", "yes", "reject"),
    ],
)
def test_a_testing_domain_gets_one_level_less(policy: str, t: str, disposition: str) -> None:
    found = verdict("example.org", {"example.org": f"v=DMARC1; p={policy}; t={t}"})
    assert (found.policy, found.disposition) == (policy, disposition)


# Look-ups that fail for now (RFC 9989, 5.3.6).


def failing(name: str, records: Mapping[str, str | list[str]]) -> Zone:
    zone = Zone(records, "mail.example.org")
    zone.failing = name
    return zone


@pytest.mark.parametrize(
    ("author", "out_of_order", "by_spf", "by_dkim", "result"),
    [
        ("mail.example.org", "_dmarc.example.org", NO_SPF, dkim("example.org"), "temperror"),
        ("example.org", "_dmarc.org", NO_SPF, dkim("example.org"), "pass"),
        ("example.org", "_dmarc.org", NO_SPF, dkim("mail.example.org"), "temperror"),
        ("example.org", "_dmarc.mail.example.org", NO_SPF, dkim("mail.example.org"), "temperror"),
        ("example.org", "_dmarc.mail.example.org", spf("example.org"), dkim("mail.example.org"),
         "pass"),
        ("example.org", "", spf("example.org", "temperror"), UNSIGNED, "temperror"),
        ("example.org", "", spf("example.net", "temperror"), UNSIGNED, "fail"),
        ("example.org", "", NO_SPF, dkim("example.org", result="temperror"), "temperror"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_now_neither_passes_nor_fails(
    author: str, out_of_order: str, by_spf: Spf, by_dkim: Dkim, result: str
) -> None:
    found = verdict(author, failing(out_of_order, ORG), by_spf, by_dkim)
    assert found.result == result
    assert found.disposition == "none" if result != "fail" else found.disposition == "reject"


def test_without_knowing_whether_a_name_exists_there_is_no_policy() -> None:
    zone = Zone(NP)
    zone.failing = "ghost.example.org"
    assert verdict("ghost.example.org", zone).result == "temperror"
    assert verdict("ghost.example.org", zone, spf("example.org")).result == "pass"


def test_without_exactly_one_author_domain_no_policy_applies() -> None:
    for domains in ((), ("example.org", "example.net"), ("[192.0.2.1]",), ("a..org",)):
        zone = Zone(ORG)
        found = evaluate(DmarcFacts(domains, spf("example.org"), UNSIGNED), zone)
        assert (found.result, zone.asked) == ("none", [])


def test_the_steps_tell_the_whole_story() -> None:
    found = verdict(
        "news.example.org",
        {"example.org": "v=DMARC1; p=none; sp=reject"},
        spf("bounce.shop.example"),
        dkim("mail.example.org"),
    )
    for sentence in (
        "The author's domain, from the header field From, is news.example.org. (RFC 9989, 5.3.1)",
        "TXT at _dmarc.news.example.org: no policy record. (RFC 9989, 4.10)",
        "TXT at _dmarc.example.org: v=DMARC1; p=none; sp=reject. (RFC 9989, 4.10)",
        "The record at example.org counts; the Organizational Domain is example.org.",
        "SPF's bounce.shop.example is not below example.org: not aligned. (RFC 9989, 4.10.2)",
        "DKIM's mail.example.org belongs to example.org, the author's too: aligned.",
        "Result pass: an authenticated domain belongs to the author's domain. (RFC 9989, 5.3.5)",
    ):
        assert sentence in told(found)


def test_a_hostile_domain_and_record_stay_cheap() -> None:
    zone = Zone({"example.org": "v=DMARC1; p=reject; " + "x=y;" * 15_000})
    found = verdict("x." * 120 + "example.org", zone)
    assert len([name for name in zone.asked if name.startswith("_dmarc")]) <= 9
    assert found.disposition == "reject"
    assert all(len(step.text) < 700 for step in found.steps)


def test_each_domain_that_was_compared_says_its_mode_and_its_organization():
    zone = Zone({"shop.example": "v=DMARC1; p=none; adkim=s"}, "shop.example", "spam.example")
    facts = DmarcFacts(("shop.example",), spf("news.shop.example"), dkim("mail.shop.example"))
    by_spf, by_dkim = evaluate(facts, zone).alignments
    assert (by_spf.mode, by_spf.aligned) == ("relaxed", True)
    assert by_spf.organizational_domain == "shop.example"
    assert (by_dkim.mode, by_dkim.aligned) == ("strict", False)
    assert by_dkim.organizational_domain == "", "strict alignment asks for no tree walk"
