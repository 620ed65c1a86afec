"""AUTH at the server: each mechanism, what is refused and how, and that nothing is given away."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab import Client, LocalProtocolError, Reply, Sandbox, Settings
from smtplab.sandbox.auth import MECHANISMS
from smtplab.sandbox.certificates import Authority
from smtplab.sasl import Credentials, Surroundings, make
from smtplab.session import State

MSA = "smtp.example.org"
ALICE, PASSWORD = "alice@example.org", "looking-glass"
BEARER = ("OAUTHBEARER", "XOAUTH2")
EACH = pytest.mark.parametrize("mechanism", MECHANISMS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        running.policy(MSA).auth_mechanisms = tuple(MECHANISMS)
        yield running


def ready(sandbox: Sandbox) -> Client:
    client = sandbox.connect(MSA, 465)
    client.ehlo()
    return client


def secret(sandbox: Sandbox, mechanism: str, *, good: bool = True) -> dict[str, Any]:
    if mechanism in BEARER:
        return {"token": sandbox.issue_token(ALICE) + ("" if good else "x")}
    return {"password": PASSWORD if good else "wrong"}


def told(reply: Reply) -> str:
    return f"{reply.code} {reply.enhanced}"


@EACH
@pytest.mark.parametrize("initial_response", [True, False])
def test_each_mechanism_signs_in_with_and_without_initial_response(
    sandbox: Sandbox, mechanism: str, initial_response: bool
) -> None:
    with ready(sandbox) as client:
        reply = client.auth(
            ALICE,
            mechanism=mechanism,
            initial_response=initial_response,
            **secret(sandbox, mechanism),
        )
        assert told(reply) == "235 2.7.0"
        assert client.session.identity == ALICE
        assert client.mail(ALICE).code == 250
    assert not sandbox.errors


@EACH
def test_a_name_that_nobody_has_looks_like_a_wrong_secret(sandbox: Sandbox, mechanism: str) -> None:
    """What differed would tell a guesser which names exist."""
    seen = []
    for username in (ALICE, "nobody@example.org", "zo\u00eb@example.org", "\u0627a"):
        with ready(sandbox) as client:
            exchange = client.begin_auth(
                username, mechanism=mechanism, **secret(sandbox, mechanism, good=False)
            )
            replies = []
            while not exchange.done:
                exchange.step()
                shape = exchange.challenge or b""
                replies.append((told(exchange.reply), len(shape)) if exchange.reply else None)
        seen.append([pair and pair[0] for pair in replies])
        assert exchange.reply is not None
        assert exchange.reply.text == "Authentication credentials invalid"
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert not sandbox.errors


def salt_of(sandbox: Sandbox, username: str) -> str:
    with ready(sandbox) as client:
        exchange = client.begin_auth(username, "x", "SCRAM-SHA-256")
        exchange.step()
        assert exchange.challenge is not None
        return exchange.challenge.decode().split(",")[1]


def test_a_name_that_nobody_has_keeps_its_salt() -> None:
    """One that changed with each question would tell that it is made up (RFC 5802, 9)."""
    salts = []
    for seed in (0, 0, 1):
        with Sandbox("memory", seed=seed) as world:
            nobody = salt_of(world, "nobody@example.org")
            assert nobody == salt_of(world, "nobody@example.org")
            assert nobody != salt_of(world, "nobody2@example.org")
            salts.append((nobody, salt_of(world, ALICE)))
    assert salts[0] == salts[1]
    assert salts[0][0] != salts[2][0] and salts[0][1] != salts[2][1]


def test_no_password_signs_in_a_name_that_nobody_has(sandbox: Sandbox) -> None:
    """Not even the one that stands in for theirs, so that comparing takes as long."""
    directory = sandbox._world.hosts[MSA].directory
    name = "nobody@example.org"
    with ready(sandbox) as client:
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            assert client.auth(name, directory._nobodys(name), mechanism).code == 535


# Garbage at each step.

GARBAGE = {
    "cancelled": (b"*\r\n", "501 5.7.0"),
    "no base64": (b"!!!\r\n", "501 5.5.2"),
    "a pad inside": (b"AAA=BBB=\r\n", "501 5.5.2"),
    "a pad in front": (b"=AAA\r\n", "501 5.5.2"),
    "a space": (b"YWJj YWJj\r\n", "501 5.5.2"),
    "eight bits": (b"\xff\xfe\r\n", "501 5.5.2"),
    "too long": (b"A" * 12_288 + b"\r\n", "500 5.5.6"),
    "endless": (b"A" * 100_000 + b"\r\n", "500 5.5.6"),
}


@EACH
@pytest.mark.parametrize("case", GARBAGE)
def test_garbage_at_each_step_has_one_reply_and_the_session_goes_on(
    sandbox: Sandbox, mechanism: str, case: str
) -> None:
    octets, expected = GARBAGE[case]
    steps = 1
    while steps:
        with ready(sandbox) as client:
            exchange = client.begin_auth(
                ALICE, mechanism=mechanism, initial_response=False, **secret(sandbox, mechanism)
            )
            for _ in range(steps):
                exchange.step()
            if exchange.done:
                break
            assert told(client.send_raw(octets)) == expected
            assert client.state is State.READY
            assert client.noop().texts == (b"2.0.0 Nothing done",)
            assert client.auth(ALICE, PASSWORD, "PLAIN").code == 235
        steps += 1
    assert steps > 1
    assert not sandbox.errors


@EACH
@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(responses=st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_any_responses_end_in_one_refusal(
    sandbox: Sandbox, mechanism: str, responses: list[bytes]
) -> None:
    with ready(sandbox) as client:
        reply = client.send_raw(f"AUTH {mechanism}\r\n".encode())
        for response in (*responses, b"\0", b"\0"):
            if client.state is not State.AUTH:
                break
            assert reply.code == 334
            reply = client.respond(response)
        assert told(reply) in ("535 5.7.8", "501 5.5.2")
        assert client.state is State.READY
        assert client.auth(ALICE, PASSWORD, "PLAIN").code == 235
    assert not sandbox.errors


MALFORMED = {
    "PLAIN": [b"no NUL", b"a\0b", b"a\0b\0c\0d"],
    "CRAM-MD5": [b"nospace", b""],
    "SCRAM-SHA-256": [
        b"x", b"n,,", b"n,,n=a", b"n,,r=x,n=a", b"n,b=a,n=a,r=x", b"z,,n=a,r=x", b"n,,m=1,n=a,r=x",
        b"n,,n=a=,r=x", b"n,,n=a,r=", b"n,,n=a,r=\xc3\xa9", b"n,,n=\xff,r=x",
        b"p=tls-unique,,n=a,r=x", b"p=,,n=a,r=x",
    ],
    "SCRAM-SHA-256-PLUS": [b"n,,n=a,r=x", b"y,,n=a,r=x", b"p=tls-exporter,,n=a,r=x"],
    "OAUTHBEARER": [
        b"x", b"n,a=x,\x01", b"n,x,\x01auth=Bearer x\x01\x01", b"p=x,,\x01auth=Bearer x\x01\x01",
        b"n,a=x,\x01auth=a\x01auth=b\x01\x01", b"n,a==,\x01auth=Bearer x\x01\x01", b"\xff",
    ],
    "XOAUTH2": [b"x", b"user=a\x01", b"auth=Bearer x\x01\x01", b"\xff"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("mechanism", "message"), [(name, m) for name, all_ in MALFORMED.items() for m in all_]
)
def test_a_message_that_the_mechanism_cannot_read_is_501_and_no_attempt(
    sandbox: Sandbox, mechanism: str, message: bytes
) -> None:
    with ready(sandbox) as client:
        for _ in range(4):
            assert client.send_raw(f"AUTH {mechanism}\r\n".encode()).code == 334
            reply = client.respond(message)
            assert told(reply) == "501 5.5.2", str(reply)
        assert client.auth(ALICE, PASSWORD, "PLAIN").code == 235
    assert not sandbox.errors


def test_a_response_of_twelve_thousand_octets_is_taken(sandbox: Sandbox) -> None:
    """RFC 4954, 4: 12,288 octets are enough for every mechanism in use."""
    with ready(sandbox) as client:
        client.send_raw(b"AUTH PLAIN\r\n")
        line = b64encode(b"\0alice\0" + b"x" * 9206)
        assert len(line) == 12_284
        assert told(client.send_raw(line + b"\r\n")) == "535 5.7.8"


def test_a_long_token_goes_without_initial_response(sandbox: Sandbox) -> None:
    """RFC 4954, 4: a command line has 512 octets, and a response does not count as one."""
    with ready(sandbox) as client:
        long_scope = "smtp " + "x" * 600
        token = sandbox.issue_token(ALICE, scope=long_scope)
        assert client.auth(ALICE, token=token, mechanism="XOAUTH2").code == 235
    commands = [e.octets for e in client.transcript.events if e.octets.startswith(b"AUTH")]
    assert commands == [b"AUTH XOAUTH2\r\n"]


# SCRAM.


def scram(nonce: str = "abc") -> Callable[[], str]:
    return lambda: nonce


def test_a_recorded_exchange_cannot_be_played_again(sandbox: Sandbox) -> None:
    """Else whoever recorded one inside TLS that was broken later could sign in for ever."""
    method = make("SCRAM-SHA-256", Credentials(ALICE, PASSWORD), Surroundings(scram()))
    with ready(sandbox) as client:
        first = method.initial_response() or b""
        challenge = client.send_raw(b"AUTH SCRAM-SHA-256 " + b64encode(first) + b"\r\n")
        final = method.respond(decoded(challenge))
        assert client.respond(final).code == 334
        assert client.respond(b"").code == 235
    with ready(sandbox) as thief:
        again = thief.send_raw(b"AUTH SCRAM-SHA-256 " + b64encode(first) + b"\r\n")
        assert decoded(again) != decoded(challenge)
        assert told(thief.respond(final)) == "535 5.7.8"
        # With the new nonce put in, the proof does not fit.
        again = thief.send_raw(b"AUTH SCRAM-SHA-256 " + b64encode(first) + b"\r\n")
        nonce = decoded(again).split(b",")[0]
        forged = b",".join((b"c=biws", nonce, final.split(b",")[2]))
        assert told(thief.respond(forged)) == "535 5.7.8"


def decoded(reply: Reply) -> bytes:
    from base64 import b64decode

    return b64decode(reply.texts[0])


def test_a_binding_to_another_connection_is_refused(sandbox: Sandbox) -> None:
    """That is what -PLUS is for: somebody in the middle has a TLS connection of their own."""
    with ready(sandbox) as client:
        right = client._channel_binding()
        assert right is not None and right.type == "tls-server-end-point"
        for octets, code in ((b"another certificate", 535), (right.octets, 334)):
            where = Surroundings(scram(), binding=right._replace(octets=octets))
            method = make("SCRAM-SHA-256-PLUS", Credentials(ALICE, PASSWORD), where)
            client.send_raw(b"AUTH SCRAM-SHA-256-PLUS\r\n")
            challenge = client.respond(method.initial_response() or b"")
            assert client.respond(method.respond(decoded(challenge))).code == code


def test_a_client_that_was_kept_from_seeing_plus_is_refused() -> None:
    """RFC 5802, 6: the flag y says that the client could bind and did not see -PLUS offered."""
    with Sandbox("memory") as world:
        for offered, code in (
            (("SCRAM-SHA-256",), 334), (("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), 535)
        ):  # fmt: skip
            world.policy(MSA).auth_mechanisms = offered
            with ready(world) as client:
                client.send_raw(b"AUTH SCRAM-SHA-256\r\n")
                assert client.respond(f"y,,n={ALICE},r=abc".encode()).code == code


def test_tls_unique_binds_up_to_tls_1_2(sandbox: Sandbox) -> None:
    import ssl

    assert sandbox._world.authority is not None
    context = sandbox._world.authority.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with sandbox.connect(MSA, 465, settings=Settings(tls_context=context)) as client:
        client.ehlo()
        exchange = client.begin_auth(ALICE, PASSWORD)
        assert exchange.mechanism == "SCRAM-SHA-256-PLUS"
        assert (exchange.response or b"").startswith(b"p=tls-unique,,")
        assert exchange.run().code == 235


def test_plus_needs_tls_to_be_offered_or_tried() -> None:
    with Sandbox("memory") as world:
        world.policy(MSA).auth_mechanisms = ("SCRAM-SHA-256-PLUS",)
        with world.connect(MSA, 587) as client:
            client.ehlo()
            assert client.extensions is not None and "AUTH" not in client.extensions
            with pytest.raises(LocalProtocolError, match="nothing to bind to"):
                client.auth(ALICE, PASSWORD, "SCRAM-SHA-256-PLUS")


def test_salt_nonce_and_proof_are_the_same_in_each_run_and_over_tcp() -> None:
    said = []
    for transport in ("memory", "tcp", "memory"):
        with Sandbox(transport) as world, ready(world) as client:
            assert client.auth(ALICE, PASSWORD).code == 235
            said.append([event.octets for event in client.transcript.events])
    assert said[0] == said[1] == said[2]
    with Sandbox("memory", seed=1) as other, ready(other) as client:
        client.auth(ALICE, PASSWORD)
        assert [event.octets for event in client.transcript.events] != said[0]


def test_two_connections_draw_different_nonces(sandbox: Sandbox) -> None:
    nonces = set()
    for _ in range(2):
        with ready(sandbox) as client:
            for _ in range(2):
                exchange = client.begin_auth(ALICE, "x", "SCRAM-SHA-256")
                exchange.step()
                exchange.cancel()
                assert exchange.challenge is not None
                nonces.add(exchange.challenge.split(b",")[0])
    assert len(nonces) == 4


# Tokens.


def refusal(sandbox: Sandbox, mechanism: str, username: str, token: str) -> dict[str, str]:
    """The JSON that a token is refused with; 535 follows it."""
    with ready(sandbox) as client:
        exchange = client.begin_auth(username, token=token, mechanism=mechanism)
        exchange.step()
        assert exchange.challenge is not None
        why: dict[str, str] = json.loads(exchange.challenge)
        assert told(exchange.step()) == "535 5.7.8"
    return why


def test_a_token_expires_on_the_world_clock() -> None:
    with Sandbox("memory") as world:
        token = world.issue_token(ALICE, lifetime=timedelta(minutes=5))
        world.clock.advance(timedelta(minutes=5, seconds=-1))
        with ready(world) as client:
            assert client.auth(ALICE, token=token).code == 235
        world.clock.advance(timedelta(seconds=1))
        why = refusal(world, "OAUTHBEARER", ALICE, token)
        assert why == {
            "status": "invalid_token",
            "scope": "smtp",
            "openid-configuration": "https://issuer.example.org/.well-known/openid-configuration",
        }
        assert refusal(world, "XOAUTH2", ALICE, token) == {
            "status": "401", "schemes": "Bearer", "scope": "smtp"
        }  # fmt: skip


def test_a_token_for_something_else_lacks_the_scope(sandbox: Sandbox) -> None:
    token = sandbox.issue_token(ALICE, scope="imap pop")
    assert refusal(sandbox, "OAUTHBEARER", ALICE, token)["status"] == "insufficient_scope"
    assert refusal(sandbox, "XOAUTH2", ALICE, token)["status"] == "403"


def test_a_token_signs_in_nobody_but_its_holder(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("carol@example.org")
    for mechanism in BEARER:
        assert refusal(sandbox, mechanism, ALICE, token)["status"] in ("invalid_token", "401")
    nobody = sandbox.issue_token("nobody@example.org")
    assert refusal(sandbox, "XOAUTH2", "nobody@example.org", nobody)["status"] == "401"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(sandbox: Sandbox, part: int) -> None:
    """A token can be read by anybody; that nobody can write one is all that protects it."""
    pieces = sandbox.issue_token(ALICE).split(".")
    pieces[part] = ("A" if pieces[part][0] != "A" else "B") + pieces[part][1:]
    assert refusal(sandbox, "XOAUTH2", ALICE, ".".join(pieces))["status"] == "401"


@pytest.mark.parametrize("token", ["", "x", "..", "a.b.c", "\u20ac"])
def test_what_is_no_token_is_refused(sandbox: Sandbox, token: str) -> None:
    with ready(sandbox) as client:
        client.send_raw(b"AUTH XOAUTH2\r\n")
        assert client.respond(f"user={ALICE}\1auth=Bearer {token}\1\1".encode()).code == 334
        assert told(client.respond(b"")) == "535 5.7.8"


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ("host=smtp.example.org\1port=465\1", 235),
        ("host=SMTP.example.org\1", 235),
        ("", 235),
        ("x=unknown\1", 235),
        ("host=smtp.example.net\1", 334),
        ("port=587\1", 334),
    ],
)
def test_oauthbearer_names_the_server_that_is_spoken_to(
    sandbox: Sandbox, pairs: str, code: int
) -> None:
    """Else a token that was shown to one server could be shown to another (RFC 7628, 3.2)."""
    token = sandbox.issue_token(ALICE)
    with ready(sandbox) as client:
        client.send_raw(b"AUTH OAUTHBEARER\r\n")
        message = f"n,a={ALICE},\1{pairs}auth=Bearer {token}\1\1"
        assert client.respond(message.encode()).code == code


def test_a_cancelled_refusal_counts_as_an_attempt(sandbox: Sandbox) -> None:
    """Else a guesser would cancel instead of acknowledging, and never be closed."""
    with ready(sandbox) as client:
        for _ in range(3):
            client.send_raw(b"AUTH XOAUTH2\r\n")
            assert client.respond(f"user={ALICE}\1auth=Bearer x\1\1".encode()).code == 334
            assert client.send_raw(b"*\r\n").code == 501
        assert client.read_reply().code == 421


def test_a_token_is_in_no_rendering(sandbox: Sandbox) -> None:
    token = sandbox.issue_token(ALICE)
    with ready(sandbox) as client:
        exchange = client.begin_auth(ALICE, token=token)
        shown = repr(exchange) + exchange._repr_html_()
        exchange.run()
        client.send_raw(b"NOOP " + token.encode()[:400] + b"\r\n")
        client.send_raw(b"NOOP " + b64encode(token.encode())[:480] + b"\r\n")
    for view in (shown, client.transcript.to_text(), sandbox.transcript.to_text()):
        assert token not in view and token[30:60] not in view.replace(token[:400], "")
    assert token in "".join(
        part.text for part in exchange._explained(exchange._mechanism.initial_response())
    )


# Policy, limits, other ports.


def test_the_mechanisms_of_the_policy_are_offered_in_its_order_and_no_others_work() -> None:
    with Sandbox("memory") as world:
        world.policy(MSA).auth_mechanisms = ("LOGIN", "CRAM-MD5")
        with ready(world) as client:
            assert client.extensions is not None
            assert client.extensions.auth_mechanisms == ("LOGIN", "CRAM-MD5")
            for name in MECHANISMS:
                code = client.send_raw(f"AUTH {name}\r\n".encode())
                if name in ("LOGIN", "CRAM-MD5"):
                    assert code.code == 334
                    client.send_raw(b"*\r\n")
                else:
                    assert told(code) == "504 5.5.4"
            assert client.auth(ALICE, PASSWORD).code == 235


@pytest.mark.parametrize("off", ["mechanisms", "keyword"])
def test_auth_that_is_switched_off_is_not_offered_and_not_done(off: str) -> None:
    """Without the keyword the verb is not known; without a mechanism it is, and does nothing."""
    with Sandbox("memory") as world:
        if off == "keyword":
            world.policy(MSA).switched_off.add("AUTH")
        else:
            world.policy(MSA).auth_mechanisms = ()
        with ready(world) as client:
            assert client.extensions is not None and "AUTH" not in client.extensions
            expected = "500 5.5.2" if off == "keyword" else "502 5.5.1"
            assert told(client.auth(ALICE, PASSWORD, "PLAIN")) == expected


@EACH
def test_brute_force_ends_after_the_limit(sandbox: Sandbox, mechanism: str) -> None:
    with ready(sandbox) as client:
        for _ in range(3):
            wrong = secret(sandbox, mechanism, good=False)
            assert client.auth(ALICE, mechanism=mechanism, **wrong).code == 535
        assert client.read_reply().code == 421
        assert client.state is State.CLOSED


def test_one_wrong_password_by_each_mechanism_is_one_wrong_password(sandbox: Sandbox) -> None:
    """smtplib and others try all that they know; they would be cut off in the middle."""
    with ready(sandbox) as client:
        for mechanism in MECHANISMS:
            wrong = secret(sandbox, mechanism, good=False)
            assert client.auth(ALICE, mechanism=mechanism, **wrong).code == 535
        assert client.auth(ALICE, PASSWORD).code == 235


@EACH
def test_without_tls_no_mechanism_is_begun_on_587(sandbox: Sandbox, mechanism: str) -> None:
    with sandbox.connect(MSA, 587) as client:
        client.ehlo()
        assert told(client.send_raw(f"AUTH {mechanism}\r\n".encode())) == "530 5.7.0"


def test_cram_md5_takes_no_initial_response(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        for line in (b"AUTH CRAM-MD5 YWJj\r\n", b"AUTH CRAM-MD5 =\r\n"):
            assert told(client.send_raw(line)) == "501 5.7.0"


def test_login_asks_in_the_words_that_clients_wait_for(sandbox: Sandbox) -> None:
    """No RFC defines LOGIN. Stock aiosmtpd asks for "User Name" and a NUL."""
    with ready(sandbox) as client:
        asked = [client.send_raw(b"AUTH LOGIN\r\n"), client.send_raw(b64encode(b"x") + b"\r\n")]
        assert [b64decode(reply.text) for reply in asked] == [b"Username:", b"Password:"]
        assert client.send_raw(b64encode(b"x") + b"\r\n").code == 535


def test_login_takes_the_username_with_the_command(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        line = b"AUTH LOGIN " + b64encode(ALICE.encode()) + b"\r\n"
        assert client.send_raw(line).texts == (b"UGFzc3dvcmQ6",)
        assert client.respond(PASSWORD.encode()).code == 235


@pytest.mark.parametrize("username", [ALICE, "\uff41lice@example.org", "alice\u00ad@example.org"])
def test_a_name_that_looks_the_same_is_the_same(sandbox: Sandbox, username: str) -> None:
    """RFC 4954, 4 and RFC 4013: one keyboard writes it otherwise than another."""
    for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256", "CRAM-MD5"):
        with ready(sandbox) as client:
            assert client.auth(username, PASSWORD, mechanism).code == 235, mechanism


def test_nobody_acts_for_another(sandbox: Sandbox) -> None:
    """RFC 4616, 2: the first word of PLAIN asks for that."""
    with ready(sandbox) as client:
        for act_as, code in (("carol@example.org", 535), (ALICE, 235)):
            client.send_raw(b"AUTH PLAIN\r\n")
            assert client.respond(f"{act_as}\0{ALICE}\0{PASSWORD}".encode()).code == code
    with ready(sandbox) as client:
        client.send_raw(b"AUTH SCRAM-SHA-256\r\n")
        asked = f"n,a=carol@example.org,n={ALICE},r=abc"
        assert client.respond(asked.encode()).code == 535


def test_a_reader_takes_the_password_by_the_same_rule(sandbox: Sandbox) -> None:
    host = sandbox._world.hosts[MSA]
    assert host.knows(ALICE, PASSWORD) and not host.knows(ALICE, "wrong")
    assert not host.knows("nobody@example.org", PASSWORD) and not host.knows("", "")


def test_a_right_proof_for_another_nonce_is_refused(sandbox: Sandbox) -> None:
    """The proof covers whatever r= the client wrote; that it is ours is for us to look at."""
    keys = sandbox._world.hosts[MSA].directory.scram_keys("sha256", ALICE)
    with ready(sandbox) as client:
        bare = f"n={ALICE},r=abc"
        client.send_raw(b"AUTH SCRAM-SHA-256\r\n")
        challenge = decoded(client.respond(f"n,,{bare}".encode()))
        without_proof = "c=biws,r=abcdef"
        message = b",".join((bare.encode(), challenge, without_proof.encode()))
        proof = b64encode(keys.client_proof(message)).decode()
        assert told(client.respond(f"{without_proof},p={proof}".encode())) == "535 5.7.8"


def test_the_last_response_of_scram_is_empty(sandbox: Sandbox) -> None:
    method = make("SCRAM-SHA-256", Credentials(ALICE, PASSWORD), Surroundings(scram()))
    with ready(sandbox) as client:
        client.send_raw(b"AUTH SCRAM-SHA-256\r\n")
        challenge = client.respond(method.initial_response() or b"")
        assert client.respond(method.respond(decoded(challenge))).code == 334
        assert told(client.respond(b"more")) == "501 5.5.2"
        assert client.mail(ALICE).code == 530


def test_a_private_listener_without_tls_offers_all_but_plus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a browser tab there is no TLS, so there is nothing to bind to."""
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox("memory") as world, world.connect(MSA, 587) as client:
        world.policy(MSA).auth_mechanisms = tuple(MECHANISMS)
        client.ehlo()
        assert client.extensions is not None
        assert client.extensions.auth_mechanisms == tuple(MECHANISMS)[1:]
        assert client.auth(ALICE, PASSWORD).code == 235
