"""The author's domain, out of every form that From may have (RFC 5322, 3.6.2; RFC 9989, 5.3.1)."""

import pytest

from smtplab.sandbox.verdict.author import author_domains

FROM = [
    ("From: alice@example.org", ("example.org",)),
    ("FROM : Alice <alice@Example.ORG>", ("example.org",)),
    ('From: "bob@example.net" <alice@example.org>', ("example.org",)),
    ("From: bob@example.net <alice@example.org>", ("example.org",)),
    ("From: (bob@example.net) alice@example.org (x)", ("example.org",)),
    ('From: "a, b <c@example.com>" <alice@example.org>', ("example.org",)),
    ("From: alice@example.org, bob@example.net", ("example.org", "example.net")),
    ("From: alice@example.org,\r\n carol@example.org", ("example.org",)),
    ("From: Team: alice@example.org, carol@example.org;", ("example.org",)),
    ("From: <alice@bücher.example>", ("xn--bcher-kva.example",)),
    ("From: alice@[192.0.2.1]", ("[192.0.2.1]",)),
    ('From: "alice@home"@example.org', ("example.org",)),
    ("From: alice@example.org\r\nFrom: mallory@example.net", ()),
    ("Subject: From: alice@example.org", ()),
    ("From: Alice", ()),
    ("From:", ()),
    ("From: <alice@example.org> <mallory@example.net>", ()),
    ("From: <alice@example.org", ()),
    ("From: (alice@example.org", ()),
    ("From: alice@example.org (no end", ()),
    ('From: alice@example.org "no end', ()),
    ('From: "alice@example.org', ()),
    ("From: alice@example.org)", ()),
    ("From: <alice@example.org> mallory@example.net", ()),
    ("From: alice@exam ple.org", ("example.org",)),
    ("From: alice@ex\x01ample.org", ()),
    ("From: " + "a@example.org," * 2_000, ()),
]


@pytest.mark.parametrize(("field", "expected"), FROM, ids=[field[:50] for field, _ in FROM])
def test_the_authors_domain_is_read_as_a_mailbox_list(
    field: str, expected: tuple[str, ...]
) -> None:
    content = f"{field}\r\nTo: x@example.com\r\n\r\nFrom: body@example.com\r\n".encode()
    assert author_domains(content) == expected
