"""DKIM: every way to fail has its name, and a hostile content or key costs little."""

import base64
import hashlib
import re
import time

import pytest

from smtplab.sandbox.clock import START
from smtplab.sandbox.verdict.dkim_check import MOST_SIGNATURES, check
from smtplab.sandbox.verdict.dkim_sign import PrivateKey, sign, toy_keys
from smtplab.sandbox.verdict.lookups import TemporaryFailure
from tests.test_verdict_dkim import MAIL, RFC_KEYS, only, publishing, signer

KEY = toy_keys()["rsa"].record
ED_KEY = toy_keys()["ed25519"].record
SIGNED = sign(MAIL, signer(), START)
SHORT_KEY = (  # 512 bits
    "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMJV7VgnFAZ5L5Z0gJ2Wq3yVJ1fN3x0r0u1kq6mM0V9n"
    "0b8p7F6m3JgkqHq1d3Jw9X2b5m1o0b8sR8e5mC0u3zUCAwEAAQ=="
)

KEY_FAULTS = [
    ("p= empty", "v=DKIM1; p=", "permerror", "the key is revoked"),
    ("no p=", "v=DKIM1; k=rsa", "permerror", "the key record has no p="),
    ("broken base64", "v=DKIM1; p=!!!", "permerror", "the key's p= is broken"),
    ("no key", "v=DKIM1; p=AAAA", "permerror", "the key's p= holds no RSA"),
    ("version", KEY.replace("DKIM1", "DKIM2"), "permerror", "the key record's v="),
    ("version last", KEY[len("v=DKIM1; ") :] + "; v=DKIM1", "permerror", "the key record's v="),
    ("other kind", ED_KEY, "permerror", "the key is for ed25519"),
    ("other hash", KEY + "; h=sha1", "permerror", "the key record's h="),
    ("other service", KEY + "; s=tlsrpt", "permerror", "the key record's s="),
    ("too short", SHORT_KEY, "policy", "an RSA key of 512 bits is too short"),
    ("no tags", "hello", "permerror", "the key record is broken"),
    ("doubled tag", KEY + "; k=rsa", "permerror", "the key record is broken"),
    ("another key", RFC_KEYS["test._domainkey.football.example.com"].replace('" "', "").strip('"'),
     "fail", "signature mismatch"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("record", "result", "reason"), [row[1:] for row in KEY_FAULTS], ids=[r[0] for r in KEY_FAULTS]
)
def test_a_bad_key_record_is_named(record: str, result: str, reason: str) -> None:
    found = only(SIGNED, publishing(record))
    assert (found.result, found.reason[: len(reason)]) == (result, reason)
    assert str(found.steps[-1]).startswith(found.reason)


def test_a_key_that_is_missing_or_out_of_reach_is_named() -> None:
    assert only(SIGNED, lambda name, type_: ()).reason == "no key at toy._domainkey.example.org"

    def down(name: str, type_: str) -> tuple[str, ...]:
        raise TemporaryFailure(name)

    assert only(SIGNED, down).result == "temperror"


def test_an_ed25519_key_of_the_wrong_length_is_named() -> None:
    signed = sign(MAIL, signer("ed25519"), START)
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(b'x' * 31).decode()}"
    assert only(signed, publishing(record)).reason == "an Ed25519 key has 32 octets, not 31"


def test_flags_in_the_key_record_count() -> None:
    assert "only testing" in str(only(SIGNED, publishing(KEY + "; t=y")).steps[-1])
    below = SIGNED.replace(b"s=toy;", b"s=toy; i=@news.example.org;")
    assert only(below, publishing(KEY + "; t=s")).reason.startswith("t=s: ")


TAG_FAULTS = [
    ("no selector", b" s=toy;", b"", "permerror", "signature has no s="),
    ("version", b"v=1;", b"v=2;", "permerror", "v= is not 1"),
    ("rsa-sha1", b"a=rsa-sha256", b"a=rsa-sha1", "policy", "rsa-sha1 is retired"),
    ("algorithm", b"a=rsa-sha256", b"a=rsa-md5", "permerror", "unknown algorithm rsa-md5"),
    (
        "From unsigned",
        b"h=from : to : subject : message-id : from",
        b"h=to",
        "permerror",
        "From is not signed",
    ),
    ("identity", b"s=toy;", b"s=toy; i=@example.net;", "permerror", "i= is not below d="),
    ("query", b"s=toy;", b"s=toy; q=dns/srv;", "permerror", "q= is not dns/txt"),
    ("form", b"c=relaxed/relaxed", b"c=relaxed/loose", "permerror", "unknown c="),
    ("date", b"t=1772442000", b"t=soon", "permerror", "t= is no number"),
    ("dates", b"t=1772442000", b"t=1772442000; x=1", "permerror", "x= is not later"),
    ("too long l=", b"s=toy;", b"s=toy; l=999;", "fail", "l=999, and the body has"),
    ("l= not a number", b"s=toy;", b"s=toy; l=-1;", "permerror", "l= is no number"),
    ("domain", b"d=example.org", b"d=a..org", "permerror", "d= or s= is no domain name"),
    ("twice", b"s=toy;", b"s=toy; s=toy;", "permerror", "signature is malformed: the tag s"),
    ("no pair", b"s=toy;", b"s=toy; hello;", "permerror", "signature is malformed: 'hello'"),
    ("base64", b"bh=", b"bh=?", "permerror", "bh= is no base64"),
    ("too long", b"s=toy;", b"s=toy; z=" + b"x" * 9000 + b";", "permerror", "signature header"),
]
UNFOLDED = SIGNED[: -len(MAIL)].replace(b"\r\n ", b" ") + MAIL


@pytest.mark.parametrize(
    ("old", "new", "result", "reason"), [r[1:] for r in TAG_FAULTS], ids=[r[0] for r in TAG_FAULTS]
)
def test_a_bad_signature_header_field_is_named(
    old: bytes, new: bytes, result: str, reason: str
) -> None:
    assert old in UNFOLDED
    found = only(UNFOLDED.replace(old, new, 1), publishing(KEY))
    assert (found.result, found.reason[: len(reason)]) == (result, reason)


def test_octets_after_l_are_said_to_be_unsigned() -> None:
    content = re.sub(rb"s=toy;", b"s=toy; l=3;", SIGNED)
    steps = " ".join(map(str, only(content, publishing(KEY)).steps))
    assert "octets of the body are not signed. (RFC 6376, 8.2)" in steps


def test_an_unsigned_content_has_the_result_none() -> None:
    assert check(MAIL, publishing(KEY), START).result == "none"
    assert check(b"\r\n" + SIGNED, publishing(KEY), START).result == "none"


def test_a_header_section_that_cannot_be_read_is_no_pass() -> None:
    assert check(b"no colon\r\n" + MAIL, publishing(KEY), START).signatures == ()
    assert only(b"no colon\r\n" + SIGNED, publishing(KEY)).result == "permerror"


def test_one_good_signature_among_bad_ones_is_enough() -> None:
    """A mailing list breaks the author's signature and adds its own: both are reported."""
    broken = SIGNED.replace(b"Lunch?", b"[list] Lunch?")
    both = sign(broken, signer("ed25519"), START)

    def look_up(name: str, type_: str) -> tuple[str, ...]:
        return publishing(ED_KEY if look_up_count() == 0 else KEY)(name, type_)

    counter = iter(range(9))
    look_up_count = counter.__next__
    found = check(both, look_up, START)
    assert [s.result for s in found.signatures] == ["pass", "fail"]
    assert found.result == "pass"


def test_l_may_cover_the_whole_body_or_part_of_it() -> None:
    """With l=0 nothing of the body is signed: bh= is then the hash of no octets."""
    nothing = base64.b64encode(hashlib.sha256(b"").digest())
    length = len(MAIL.partition(b"\r\n\r\n")[2]) - 1  # two spaces become one
    for covered, digest in ((0, nothing), (length, None), (length + 1, None)):
        content = UNFOLDED.replace(b"s=toy;", b"s=toy; l=%d;" % covered)
        if digest:
            content = re.sub(rb"bh=[^;]+", b"bh=" + digest, content)
        reason = only(content, publishing(KEY)).reason
        assert reason.startswith("l=" if covered > length else "signature mismatch")


# Contents and records that mean harm.


def test_only_the_first_few_signatures_cost_anything() -> None:
    asked: list[str] = []

    def look_up(name: str, type_: str) -> tuple[str, ...]:
        asked.append(name)
        return publishing(KEY)(name, type_)

    field = SIGNED[: -len(MAIL)]
    assert len(check(field * 50 + MAIL, look_up, START).signatures) == MOST_SIGNATURES
    assert len(asked) == MOST_SIGNATURES


@pytest.mark.parametrize(
    "content",
    [
        b"DKIM-Signature: v=1; b=" + b"\r\n " * 2_700 + b"\r\n" + MAIL,
        b"A:\r\n" * 100_000 + SIGNED,
        SIGNED + (b" " * 997 + b"x\r\n") * 5_000,
        SIGNED + b" " * 1_000_000 + b"x",
        SIGNED + b"\r\n" * 500_000,
        b" folded before any header field\r\n" + SIGNED,
        b"no colon here\r\n" + SIGNED,
        b"DKIM-Signature: \xff\xfe=1; \x00\r\n" + MAIL,
        SIGNED.replace(b"h=from", b"h=" + b":".join(b"x%d" % n for n in range(999)) + b":from"),
    ],
    ids=["white space", "header bomb", "long blanks", "one blank line", "blank lines", "folded",
         "no colon", "octets", "names"],
)  # fmt: skip
def test_a_hostile_content_ends_soon_and_does_not_pass_by_accident(content: bytes) -> None:
    """Danger: a regular expression that looks for the end of white space again and again."""
    begin = time.process_time()
    found = check(content, publishing(KEY), START)
    assert time.process_time() - begin < 4
    if not content.startswith(SIGNED):
        assert found.result in ("permerror", "none")


def der(*numbers: int) -> str:
    """An RSA public key of these numbers, as p= holds it."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return base64.b64encode(encode_dss_signature(*numbers)).decode()  # the same SEQUENCE


@pytest.mark.parametrize(
    "numbers",
    [(2**20_000 + 1, 65537), (2**4_000 + 1, 2**3_999 + 1), (2**2_047, 65537), (2**2_047 + 1, 1)],
    ids=["huge modulus", "huge exponent", "even modulus", "exponent 1"],
)
def test_a_key_that_would_cost_minutes_is_not_tried(numbers: tuple[int, int]) -> None:
    found = only(SIGNED, publishing(f"v=DKIM1; p={der(*numbers)}"))
    assert found.result == "permerror"
    assert "is not tried here" in found.reason


def test_a_private_key_does_not_show_itself() -> None:
    assert repr(PrivateKey("rsa-sha256", "secret")) == "PrivateKey('rsa-sha256')"
