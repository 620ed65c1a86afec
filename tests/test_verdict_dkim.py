"""DKIM: the examples of RFC 6376 and RFC 8463, every way to fail, and the sandbox's own signer."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from smtplab.sandbox.clock import START
from smtplab.sandbox.verdict.dkim_check import Signature, check
from smtplab.sandbox.verdict.dkim_sign import Signer, sign, toy_keys
from smtplab.sandbox.verdict.lookups import NoSuchName

LookUp = Callable[[str, str], tuple[str, ...]]

# RFC 8463, A.3, one line a line; the two signatures are independent of each other.
RFC8463 = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")

# RFC 6376, A.2. Two things are as they were signed and not as they are printed: the folded lines
# begin with six spaces, and one space stands after "game.". The hashes show that it was so.
RFC6376 = b"""\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")

RFC_KEYS = {
    # RFC 8463, A.2
    "brisbane._domainkey.football.example.com": (
        '"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="'
    ),
    "test._domainkey.football.example.com": (
        '"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"'
        ' "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"'
        ' "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"'
        ' "Ip3G+2kryOTIKT+l/K4w3QIDAQAB"'
    ),
    # RFC 6376, C
    "brisbane._domainkey.example.com": (
        '"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"'
        ' "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"'
        ' "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v"'
        ' "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"'
        ' "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"'
    ),
}
LATER = datetime(2018, 6, 11, tzinfo=UTC)  # after the t= of RFC 8463's example

MAIL = (
    b"From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: Lunch?\r\n"
    b"Message-ID: <1@example.org>\r\n\r\nAt noon,  under the clock.\r\n"
)


def rfc_keys(name: str, type_: str) -> tuple[str, ...]:
    if name not in RFC_KEYS:
        raise NoSuchName(name)
    return (RFC_KEYS[name],)


def publishing(record: str) -> LookUp:
    """A DNS in which every selector of every domain has this key record."""
    parts = [record[i : i + 200] for i in range(0, len(record), 200)]
    text = " ".join(f'"{part}"' for part in parts)
    return lambda name, type_: (text,)


def signer(name: str = "rsa", form: str = "relaxed/relaxed") -> Signer:
    return Signer("example.org", "toy", toy_keys()[name].private, form)


def only(content: bytes, look_up: LookUp, now: datetime = START) -> Signature:
    (signature,) = check(content, look_up, now).signatures
    return signature


# The published examples.


def test_both_signatures_of_rfc_8463_pass() -> None:
    found = check(RFC8463, rfc_keys, LATER)
    assert [(s.result, s.algorithm, s.selector) for s in found.signatures] == [
        ("pass", "ed25519-sha256", "brisbane"),
        ("pass", "rsa-sha256", "test"),
    ]
    assert found.result == "pass"


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Is dinner ready?", b"Is dinner burnt?", "signature mismatch"),
        (b"We lost", b"We won", "body hash mismatch"),
        (b"From: Joe", b"From: mal@example.net\r\nFrom: Joe", "signature mismatch"),
    ],
    ids=["subject", "body", "a second From"],
)
def test_a_change_to_rfc_8463s_example_is_found(
    number: int, old: bytes, new: bytes, reason: str
) -> None:
    signature = check(RFC8463.replace(old, new), rfc_keys, LATER).signatures[number]
    assert signature.result == "fail"
    assert signature.reason.startswith(reason)


def test_the_example_of_rfc_6376_passes_as_it_was_signed() -> None:
    signature = only(RFC6376, rfc_keys)
    assert (signature.result, signature.domain) == ("pass", "example.com")
    assert signature.signed_fields == ("received", "from", "to", "subject", "date", "message-id")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"game. Are", b"game.  Are", "body hash mismatch"),
        (b"\r\n      by submitserver", b"\r\n     by submitserver", "signature mismatch"),
    ],
)
def test_the_simple_form_forgives_no_space_in_rfc_6376s_example(
    old: bytes, new: bytes, reason: str
) -> None:
    signature = only(RFC6376.replace(old, new), rfc_keys)
    assert (signature.result, signature.reason[: len(reason)]) == ("fail", reason)


# Dates, by the world's clock.

EXPIRING = sign(
    MAIL, Signer("example.org", "toy", toy_keys()["rsa"].private, lifetime=timedelta(days=7)), START
)


@pytest.mark.parametrize(
    ("moment", "result", "reason"),
    [
        (START, "pass", "2048-bit RSA key"),
        (START + timedelta(days=7), "pass", "2048-bit RSA key"),
        (START + timedelta(days=7, seconds=1), "policy", "signature expired 1 second ago"),
        (START - timedelta(minutes=4), "pass", "2048-bit RSA key"),
        (START - timedelta(minutes=6), "policy", "signature date is in the future"),
        (datetime(1999, 1, 1, tzinfo=UTC), "policy", "signature date is in the future"),
        (datetime(2099, 1, 1, tzinfo=UTC), "policy", "signature expired 26595 days ago"),
    ],
    ids=["at once", "on the last second", "expired", "skew", "future", "long before", "long after"],
)
def test_dates_are_judged_by_the_time_that_is_given(
    moment: datetime, result: str, reason: str
) -> None:
    found = only(EXPIRING, publishing(toy_keys()["rsa"].record), moment)
    assert (found.result, found.reason) == (result, reason)


# Signing.


@pytest.mark.parametrize("name", ["rsa", "ed25519"])
@pytest.mark.parametrize("form", ["relaxed/relaxed", "simple/simple", "relaxed/simple"])
def test_what_the_sandbox_signs_it_can_verify(name: str, form: str) -> None:
    signed = sign(MAIL, signer(name, form), START)
    assert signed == sign(MAIL, signer(name, form), START)
    assert signed.endswith(MAIL)
    assert only(signed, publishing(toy_keys()[name].record)).result == "pass"
    assert only(signed, publishing(toy_keys()[name].record)).signed_fields.count("from") == 2
    assert all(len(line) <= 78 for line in signed.splitlines())


def test_the_forms_differ_in_what_they_forgive() -> None:
    look_up = publishing(toy_keys()["rsa"].record)

    def respaced(form: str) -> str:
        signed = sign(MAIL, signer("rsa", form), START)
        return only(signed.replace(b"noon,  under", b"noon, under"), look_up).result

    assert respaced("relaxed/relaxed") == "pass"
    assert respaced("relaxed/simple") == "fail"


def test_the_toy_keys_are_marked_and_their_records_fit_a_zone_file() -> None:
    line = toy_keys()["rsa"].zone_line("toy")
    assert line.startswith('toy._domainkey IN TXT "v=DKIM1; k=rsa; p=')
    assert all(len(string) <= 255 for string in re.findall('"([^"]*)"', line))
    assert "PRIVATE" not in repr(toy_keys()["rsa"])


def test_a_content_without_from_is_not_signed() -> None:
    with pytest.raises(ValueError, match="From"):
        sign(b"Subject: x\r\n\r\nHi\r\n", signer(), START)
