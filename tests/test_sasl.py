"""SASL mechanisms from the client's side, against the vectors of their RFCs and hostile servers."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.errors import LocalProtocolError, RemoteProtocolError
from smtplab.sasl import (
    MECHANISMS,
    Binding,
    CramMD5,
    Credentials,
    Login,
    Mechanism,
    OAuthBearer,
    Plain,
    Scram,
    Surroundings,
    XOAuth2,
    choose,
    make,
)
from smtplab.sasl.bearer import pairs_of
from smtplab.sasl.channel_binding import server_end_point
from smtplab.sasl.saslname import escape, prepare, prepared, unescape
from smtplab.sasl.scram import explain
from smtplab.sasl.scram_keys import attributes, hi, hi_by_hand

WHO = Credentials("user", "pencil")


def with_nonce(nonce: str, binding: Binding | None = None, offered: bool = False) -> Surroundings:
    return Surroundings(lambda: nonce, "mx.example", 587, binding, offered)


HERE = with_nonce("abc")


# PLAIN and LOGIN.


def test_plain_sends_everything_at_once() -> None:
    method = Plain("alice@example.org", "grüße")
    octets = "\0alice@example.org\0grüße".encode()
    assert method.initial_response() == octets
    assert method.respond(b"") == octets


def test_plain_responds_to_one_challenge_only() -> None:
    """A server that goes on asking would otherwise keep the client for ever."""
    method = Plain("alice@example.org", "looking-glass")
    method.respond(b"")
    with pytest.raises(RemoteProtocolError, match="one challenge; a second came: b'again'"):
        method.respond(b"again")


@pytest.mark.parametrize(("username", "password"), [("a\0b", "c"), ("a", "b\0c")])
def test_plain_refuses_nul_which_separates_its_parts(username: str, password: str) -> None:
    with pytest.raises(LocalProtocolError, match="cannot hold NUL"):
        Plain(username, password)


def test_login_is_asked_for_the_username_then_the_password() -> None:
    method = Login("alice@example.org", "grüße")
    assert method.initial_response() is None
    assert method.respond(b"whatever it says") == b"alice@example.org"
    assert method.respond(b"whatever it says") == "grüße".encode()
    with pytest.raises(RemoteProtocolError, match="a third came: b'more'"):
        method.respond(b"more")


# CRAM-MD5.


def test_cram_md5_answers_as_in_rfc_2195() -> None:
    method = CramMD5("tim", "tanstaaftanstaaf")
    assert method.initial_response() is None
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    assert method.respond(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"
    with pytest.raises(RemoteProtocolError, match="a second came"):
        method.respond(challenge)


def test_cram_md5_digests_no_empty_challenge() -> None:
    """Its digest would be the same each time, so one recording would sign in for ever."""
    with pytest.raises(RemoteProtocolError, match="an empty one came"):
        CramMD5("tim", "secret").respond(b"")


# SCRAM.

VECTORS = {  # RFC 5802, 5 and RFC 7677, 3
    "SCRAM-SHA-1": (
        "fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    "SCRAM-SHA-256": (
        "rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_scram_says_what_its_rfc_prints(name: str) -> None:
    nonce, server_first, client_final, server_final = VECTORS[name]
    method = Scram(name, WHO, with_nonce(nonce))
    assert method.initial_response() == f"n,,n=user,r={nonce}".encode()
    assert method.respond(server_first.encode()) == client_final.encode()
    assert method.respond(server_final.encode()) == b""
    method.signed_in()
    with pytest.raises(RemoteProtocolError, match="a third came"):
        method.respond(b"")


@pytest.mark.parametrize(
    "final",
    ["v=", "v=AAAA", VECTORS["SCRAM-SHA-1"][3], VECTORS["SCRAM-SHA-256"][3][:-2] + "=", "x=1", ""],
)
def test_a_server_that_cannot_prove_itself_is_found_out(final: str) -> None:
    """It would otherwise be enough to record any exchange, or to know nothing at all."""
    nonce, server_first, _, _ = VECTORS["SCRAM-SHA-256"]
    method = Scram("SCRAM-SHA-256", WHO, with_nonce(nonce))
    method.respond(server_first.encode())
    with pytest.raises(RemoteProtocolError, match="could not prove that it holds the key"):
        method.respond(final.encode())
    with pytest.raises(RemoteProtocolError, match="235 without proving"):
        method.signed_in()


def test_a_server_that_names_an_error_is_let_finish() -> None:
    nonce, server_first, _, _ = VECTORS["SCRAM-SHA-256"]
    method = Scram("SCRAM-SHA-256", WHO, with_nonce(nonce))
    method.respond(server_first.encode())
    assert method.respond(b"e=invalid-proof") == b""
    with pytest.raises(RemoteProtocolError, match="235 without proving"):
        method.signed_in()


BAD_FIRSTS = {
    "another nonce": (b"r=xyz123,s=QUJD,i=4096", "does not begin with ours"),
    "our nonce and nothing more": (b"r=abc,s=QUJD,i=4096", "does not begin with ours"),
    "too few rounds": (b"r=abcd,s=QUJD,i=4095", "asks to hash 4095 times"),
    "no rounds": (b"r=abcd,s=QUJD,i=0", "asks to hash 0 times"),
    "rounds without end": (b"r=abcd,s=QUJD,i=1000001", "asks to hash 1000001 times"),
    "a number without end": (b"r=abcd,s=QUJD,i=" + b"9" * 5000, "asks to hash 9999"),
    "no number": (b"r=abcd,s=QUJD,i=many", "first challenge is"),
    "another script's number": ("r=abcd,s=QUJD,i=٤٠٩٦".encode(), "first challenge is"),
    "no base64": (b"r=abcd,s=!,i=4096", "first challenge is"),
    "another order": (b"s=QUJD,r=abcd,i=4096", "first challenge is"),
    "an extension that must be known": (b"m=1,r=abcd,s=QUJD,i=4096", "first challenge is"),
    "something missing": (b"r=abcd,s=QUJD", "first challenge is"),
    "nothing": (b"", "first challenge is"),
    "no UTF-8": (b"r=abc\xff,s=QUJD,i=4096", "messages are UTF-8"),
}


@pytest.mark.parametrize("case", BAD_FIRSTS)
def test_scram_refuses_a_first_challenge_that_is_wrong(case: str) -> None:
    challenge, why = BAD_FIRSTS[case]
    with pytest.raises(RemoteProtocolError, match=why):
        Scram("SCRAM-SHA-256", WHO, HERE).respond(challenge)


def test_scram_takes_extensions_that_it_need_not_know() -> None:
    method = Scram("SCRAM-SHA-256", WHO, HERE)
    assert method.respond(b"r=abcd,s=QUJD,i=4096,x=more").startswith(b"c=biws,r=abcd,p=")


def test_a_username_with_separators_and_wide_letters_is_written_so_that_it_can_be_read() -> None:
    method = Scram("SCRAM-SHA-256", Credentials("a=b,c\u2168", "x"), HERE)
    assert method.initial_response() == b"n,,n=a=3Db=2CcIX,r=abc"


BINDING = Binding("tls-server-end-point", b"the hash")


@pytest.mark.parametrize(
    ("name", "where", "header"),
    [
        ("SCRAM-SHA-256", with_nonce("abc"), b"n,,"),
        ("SCRAM-SHA-256", with_nonce("abc", BINDING), b"y,,"),
        ("SCRAM-SHA-256", with_nonce("abc", BINDING, True), b"n,,"),
        ("SCRAM-SHA-256-PLUS", with_nonce("abc", BINDING, True), b"p=tls-server-end-point,,"),
    ],
)
def test_the_header_says_what_the_client_can_bind(
    name: str, where: Surroundings, header: bytes
) -> None:
    method = Scram(name, WHO, where)
    assert method.initial_response() == header + b"n=user,r=abc"
    octets = b"the hash" if name.endswith("PLUS") else b""
    final = method.respond(b"r=abcd,s=QUJD,i=4096")
    assert final.startswith(b"c=" + b64encode(header + octets) + b",r=abcd,p=")


def test_plus_without_tls_says_what_to_do() -> None:
    with pytest.raises(LocalProtocolError, match="nothing to bind to here; use TLS first, or SCR"):
        make("SCRAM-SHA-256-PLUS", WHO, HERE)


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
@given(password=st.binary(max_size=100), salt=st.binary(max_size=40), rounds=st.integers(1, 60))
def test_the_ten_lines_agree_with_hashlib(
    hash_name: str, password: bytes, salt: bytes, rounds: int
) -> None:
    right = hashlib.pbkdf2_hmac(hash_name, password, salt, rounds)
    assert hi_by_hand(hash_name, password, salt, rounds) == right
    assert hi(hash_name, password, salt, rounds) == right


def test_the_messages_of_scram_are_explained_attribute_by_attribute() -> None:
    _, server_first, client_final, server_final = VECTORS["SCRAM-SHA-256"]
    for message in (server_first, client_final, server_final):
        parts = explain(message)
        assert ",".join(part.text for part in parts) == message
        assert not any(part.is_secret or part.meaning == "an extension" for part in parts)
    assert [part.meaning[:10] for part in explain("n,,n=user,r=x")] == [
        "the client", "whom to ac", "the userna", "the nonce:"
    ]  # fmt: skip
    assert explain("x=1")[0].meaning == "an extension"


# OAUTHBEARER and XOAUTH2.


def test_oauthbearer_says_what_rfc_7628_prints() -> None:
    """RFC 7628, 4.1: the SMTP example, with its base64 unfolded."""
    token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    method = OAuthBearer("user@example.com", token, "server.example.com", 587)
    assert b64encode(method.initial_response() or b"") == (
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVy"
        b"IHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )


FORMS: list[tuple[Mechanism, bytes]] = [
    (OAuthBearer("alice", "a-token", "mx.example", 25), b"\x01"),
    (XOAuth2("alice", "a-token"), b""),
]


@pytest.mark.parametrize(("method", "acknowledgement"), FORMS, ids=["OAUTHBEARER", "XOAUTH2"])
def test_a_refusal_in_json_is_acknowledged_once(method: Mechanism, acknowledgement: bytes) -> None:
    why = json.dumps({"status": "invalid_token"}).encode()
    assert method.respond(why) == acknowledgement
    with pytest.raises(RemoteProtocolError, match="a second came"):
        method.respond(why)
    assert method.explain(why)[0].meaning == "why the server refuses the token, in JSON"
    assert method.explain(acknowledgement)[0].meaning.startswith("the client has read why")


@pytest.mark.parametrize("bad", ["a\x01auth=Bearer x", "a\r\nb", "a\0b"])
def test_a_name_or_token_cannot_hold_what_separates(bad: str) -> None:
    """Else a username could bring a token of its own."""
    with pytest.raises(LocalProtocolError, match="cannot hold"):
        XOAuth2(bad, "token")
    with pytest.raises(LocalProtocolError, match="cannot hold"):
        OAuthBearer("alice", bad, "mx.example", 25)


@pytest.mark.parametrize(
    "text", ["", "\x01", "a=b\x01", "a\x01\x01", "1=b\x01\x01", "a=\x01a=\x01\x01"]
)
def test_pairs_that_are_malformed_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        pairs_of(text)


# What they share.


def test_each_mechanism_stands_under_its_own_name_and_the_strongest_first() -> None:
    where = with_nonce("abc", BINDING, True)
    for name in MECHANISMS:
        has_token = name in ("OAUTHBEARER", "XOAUTH2")
        who = Credentials("a", token="t") if has_token else Credentials("a", "b")
        assert make(name.lower(), who, where).name == name
    assert list(MECHANISMS) == [
        "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN",
        "OAUTHBEARER", "XOAUTH2",
    ]  # fmt: skip


UNIQUE = Binding("tls-unique", b"x")
ALL = list(reversed(MECHANISMS))


@pytest.mark.parametrize(
    ("offered", "binding", "chosen"),
    [
        (ALL, None, "SCRAM-SHA-256"),
        (ALL, BINDING, "SCRAM-SHA-256"),
        (ALL, UNIQUE, "SCRAM-SHA-256-PLUS"),
        (["LOGIN", "PLAIN", "CRAM-MD5"], None, "CRAM-MD5"),
        (["LOGIN", "PLAIN"], None, "PLAIN"),
        (["XOAUTH2"], None, "PLAIN"),
        ([], None, "PLAIN"),
    ],
)
def test_the_strongest_that_both_know_is_chosen(
    offered: list[str], binding: Binding | None, chosen: str
) -> None:
    assert choose(offered, WHO, binding) == chosen


def test_a_token_is_never_sent_as_a_password_nor_a_password_as_a_token() -> None:
    token = Credentials("a", token="t")
    assert choose(ALL, token, None) == "OAUTHBEARER"
    assert choose(["PLAIN", "LOGIN"], token, None) == "OAUTHBEARER"
    with pytest.raises(LocalProtocolError, match="by a password; the token was not sent"):
        make("PLAIN", token, HERE)
    with pytest.raises(LocalProtocolError, match="by an access token; pass token="):
        make("XOAUTH2", WHO, HERE)


def test_secrets_are_in_no_repr() -> None:
    assert "pencil" not in repr(WHO) and "t-o-k" not in repr(Credentials("a", token="t-o-k"))


@pytest.mark.parametrize("name", [name for name in MECHANISMS if name != "SCRAM-SHA-256-PLUS"])
@given(challenges=st.lists(st.binary(max_size=60), max_size=6))
def test_any_challenges_get_responses_or_one_kind_of_error(
    name: str, challenges: list[bytes]
) -> None:
    has_token = name in ("OAUTHBEARER", "XOAUTH2")
    who = Credentials("a", token="t") if has_token else Credentials("a", "b")
    method = make(name, who, HERE)
    method.explain(method.initial_response() or b"")
    try:
        for challenge in challenges:
            method.explain(challenge)
            method.explain(method.respond(challenge))
    except RemoteProtocolError:
        pass


# SASLprep and saslname.


@pytest.mark.parametrize(
    "text",
    ["\u0007", "a\u0627", "\u0627 1", "\u0627a\u0627", "a\ufffdb", "a\u0221", "\ue000", "\x7f"],
    ids=ascii,
)
def test_what_saslprep_prohibits_is_refused(text: str) -> None:
    """RFC 4013, 3 has the first one; RFC 3454, 6 the right-to-left ones."""
    with pytest.raises(ValueError):
        prepare(text)
    assert prepared(text) == text


@pytest.mark.parametrize(
    ("text", "result"),
    [("user", "user"), ("USER", "USER"), ("a\u00a0b", "a b"), ("\u0627\u0628", "\u0627\u0628")],
    ids=ascii,
)
def test_saslprep_keeps_or_maps_the_rest(text: str, result: str) -> None:
    assert prepare(text) == result


@given(st.text(st.characters(exclude_characters="\0")))
def test_a_saslname_comes_back(name: str) -> None:
    written = escape(name)
    assert "," not in written and unescape(written) == name


@pytest.mark.parametrize("text", ["=", "a=2c", "=3d", "a=20", "=2", "a\0b"])
def test_an_equals_sign_that_begins_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unescape(text)


@pytest.mark.parametrize("message", ["", "r", "r=", "=x", "rr=x", "r=x,", "1=x", "é=x"])
def test_an_attribute_that_is_none_is_refused(message: str) -> None:
    with pytest.raises(ValueError):
        attributes(message)


# Channel binding.


def certificate(hash_of: Callable[[], object]) -> bytes:
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day)
    made = builder.sign(key, hash_of())  # type: ignore[arg-type]
    return made.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("name", ["SHA256", "SHA384", "SHA512"])
def test_the_end_point_is_hashed_as_its_signature_was(name: str) -> None:
    from cryptography.hazmat.primitives import hashes

    der = certificate(getattr(hashes, name))
    assert server_end_point(der) == hashlib.new(name.lower(), der).digest()


@given(st.binary(max_size=80))
def test_any_octets_are_a_certificate_or_none(octets: bytes) -> None:
    assert server_end_point(octets) is None or len(octets) > 8


def test_the_fall_back_costs_what_its_rounds_cost() -> None:
    """One round is one HMAC: the first block of PBKDF2."""
    assert hi_by_hand("sha256", b"p", b"s", 1) == hmac.digest(b"p", b"s\0\0\0\1", "sha256")
