"""The sandbox's DNS: what is asked, what comes back, and zones that change while it runs."""

import pytest

from smtplab import Sandbox
from smtplab.sandbox.dns import Exchange, Zones
from smtplab.sandbox.verdict.lookups import NoSuchName, TemporaryFailure

ZONE = """\
$TTL 3600
@    IN MX 20 second
@    IN MX 10 mx
@    IN MX 10 a
mx   IN A 192.0.2.2
mx   IN A 192.0.2.1
mx   IN AAAA 2001:db8::1
www  IN CNAME mx
far  IN CNAME www.example.com.
one  IN CNAME other
other IN CNAME one
deep.down IN A 192.0.2.9
"""
ZONES = {"example.net": ZONE, "example.com": "www 3600 IN A 203.0.113.1\n"}


@pytest.fixture
def zones() -> Zones:
    return Zones(ZONES)


def test_no_such_name_and_no_such_record_are_told_apart(zones: Zones) -> None:
    assert zones.ask("mx.example.net", "TXT") == ()
    assert zones.ask("down.example.net", "A") == (), "RFC 8020: a name below it exists"
    for name in ("nothing.example.net", "nowhere.example", "x" * 64 + ".example", "a..example.net"):
        with pytest.raises(NoSuchName):
            zones.ask(name, "A")
        assert zones.look_up(name, "A") == ()
        assert zones.log[-1].failure == "no such name"
        assert not zones.exists(name)
    assert zones.exists("down.example.net")


def test_an_alias_is_followed_into_another_zone(zones: Zones) -> None:
    assert zones.addresses("www.example.net") == ("192.0.2.1", "192.0.2.2")
    assert zones.addresses("far.example.net") == ("203.0.113.1",)


def test_aliases_in_a_circle_are_a_temporary_failure(zones: Zones) -> None:
    with pytest.raises(TemporaryFailure):
        zones.ask("one.example.net", "A")


def test_mail_hosts_stand_by_preference_and_then_by_name(zones: Zones) -> None:
    assert zones.mail_hosts("example.net") == (
        Exchange(10, "a.example.net"),
        Exchange(10, "mx.example.net"),
        Exchange(20, "second.example.net"),
    )
    assert zones.mail_hosts("mx.example.net") == (Exchange(0, "mx.example.net"),)
    assert zones.mail_hosts("down.example.net") == ()


def test_a_zone_that_fails_says_so_until_it_is_mended(zones: Zones) -> None:
    zones.ask("mx.example.net", "A")
    zones.fail("example.net")
    with pytest.raises(TemporaryFailure):
        zones.ask("mx.example.net", "A")
    assert zones.look_up("mx.example.net", "A") == ()
    assert repr(zones.log[-1]).endswith("records=(), failure='temporary failure')")
    assert zones.addresses("www.example.com"), "another zone is not concerned"
    zones.mend("example.net")
    assert zones.addresses("mx.example.net")


def test_records_are_added_replaced_and_removed_while_it_runs(zones: Zones) -> None:
    zones.add("example.net", "new IN A 192.0.2.50")
    assert zones.addresses("new.example.net") == ("192.0.2.50",)
    zones.replace("example.net", "new IN A 192.0.2.51\nnew IN A 192.0.2.52")
    assert zones.addresses("new.example.net") == ("192.0.2.51", "192.0.2.52")
    zones.remove("example.net", "new", "A")
    with pytest.raises(NoSuchName):
        zones.addresses("new.example.net")
    with pytest.raises(KeyError, match="has no A records in the zone example.net"):
        zones.remove("example.net", "new", "A")
    zones.set("shop.example.net", "@ 60 IN A 192.0.2.60\n")
    assert zones.addresses("shop.example.net") == ("192.0.2.60",), "the nearest zone answers"


@pytest.mark.parametrize(
    "records", ["x IN FOO y", "x IN A 300.1.1.1", "@ IN MX", "x IN A", "\x00", "$INCLUDE /etc/x"]
)
def test_what_is_no_zone_file_changes_nothing(zones: Zones, records: str) -> None:
    before = zones.text("example.net")
    for change in (zones.add, zones.set, zones.replace):
        with pytest.raises(ValueError, match=r"\Athis is no zone file for example.net: "):
            change("example.net", records)
    assert zones.text("example.net") == before
    assert zones.mail_hosts("example.net")


def test_a_domain_without_a_zone_is_told_which_there_are(zones: Zones) -> None:
    with pytest.raises(KeyError, match="no zone 'example.org'; there are example.net, example.com"):
        zones.add("example.org", "x IN A 192.0.2.1")
    with pytest.raises(ValueError, match="is no domain name"):
        zones.set("a..b", "")


def test_the_mark_for_dnssec_counts_for_every_name_in_the_zone(zones: Zones) -> None:
    assert not zones.is_signed("mx.example.net")
    zones.sign("example.net")
    assert zones.is_signed("example.net") and zones.is_signed("_25._tcp.mx.example.net")
    assert not zones.is_signed("www.example.com") and not zones.is_signed("a..b")


def test_the_sandbox_shows_its_zones() -> None:
    with Sandbox("memory") as sandbox:
        sandbox.zones.replace("example.net", "@ IN MX 5 mx")
        assert sandbox.zones.mail_hosts("example.net") == (Exchange(5, "mx.example.net"),)
        assert sandbox.look_ups[-1].records == ("5 mx.example.net.",)
