"""DKIM: did the domain that signed a content see it as it is now (RFC 6376, 6.1)?

dkimpy brings content into canonical form and verifies the signature. Tags, dates and keys are
judged here: dkimpy compares dates with the machine's clock, and the world has a clock of its own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dkim

from smtplab.mail_object import header_section
from smtplab.sandbox.verdict.dkim_content import canonical_body, split
from smtplab.sandbox.verdict.dkim_key import (
    KeyFault,
    OwnKey,
    PublicKey,
    from_base64,
    listed,
    parse_key,
    tags,
)
from smtplab.sandbox.verdict.lookups import (
    LookUp,
    Step,
    Steps,
    TemporaryFailure,
    ascii_domain,
    is_at_or_below,
    is_domain_name,
    normal,
    shown,
    texts,
)

ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
KINDS = {"rsa": "RSA", "ed25519": "Ed25519"}
SKEW = timedelta(minutes=5)  # how far a signer's clock may be ahead

# Our own limits: what a hostile content may cost.
MOST_SIGNATURES = 5
MOST_SIGNED_FIELDS = 200
LONGEST_SIGNATURE = 8_192  # octets of one DKIM-Signature header field
_LONG_WHITE_SPACE = re.compile(rb"[ \t\r\n]{129}")

RESULTS = {  # RFC 8601, 2.7.1
    "none": "nobody signed this content",
    "pass": "the signature fits: what it covers is as the signer saw it",
    "fail": "the signature does not fit: something it covers has changed, or it is a forgery",
    "policy": "the signature is of a kind that this server does not accept",
    "neutral": "this server could not process the signature",
    "temperror": "the key could not be looked up; a later try may work",
    "permerror": "the signature or the key record is broken or missing",
}


@dataclass(frozen=True)
class Signature:
    """What became of one DKIM-Signature header field."""

    result: str
    reason: str
    domain: str = ""  # d=
    selector: str = ""  # s=
    algorithm: str = ""  # a=
    identity: str = ""  # i=
    start: str = ""  # of b=, which tells two signatures apart (RFC 6008)
    signed_fields: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Dkim:
    """All signatures of a content, from the top; none if there is none."""

    signatures: tuple[Signature, ...]
    steps: tuple[Step, ...]

    @property
    def result(self) -> str:
        """pass if any signature passes, else the first one's result, else none (6.1)."""
        results = [signature.result for signature in self.signatures]
        return "pass" if "pass" in results else next(iter(results), "none")


class _Fault(Exception):
    def __init__(self, result: str, reason: str, section: str, rfc: int = 6376) -> None:
        super().__init__(reason)
        self.result, self.reason, self.section, self.rfc = result, reason, section, rfc


UNSIGNED = Dkim(
    (), (Step("The header section holds 0 DKIM-Signature header fields.", "RFC 6376, 6.1"),)
)


def is_signed(content: bytes) -> bool:
    """Whether there is a signature to look for: the header section names one."""
    return b"dkim-signature" in header_section(content).lower()


def check(content: bytes, look_up: LookUp, now: datetime) -> Dkim:
    """Check every signature of a content at `now`, the world's time."""
    if not is_signed(content):
        return UNSIGNED
    steps = Steps(6376)
    try:
        message, body = split(content)
    except ValueError as error:
        steps.add(f"The header section cannot be read: {error}.", "3.8")
        broken = Signature("permerror", "header section is malformed")
        return Dkim((broken,) if b"dkim-signature:" in content.lower() else (), steps.all())
    fields = [item for item in message.headers if item[0].lower() == b"dkim-signature"]
    steps.add(f"The header section holds {len(fields)} DKIM-Signature header fields.", "6.1")
    if len(fields) > MOST_SIGNATURES:
        steps.add(f"Only the first {MOST_SIGNATURES} are checked here.", "6.1")
    checked = _Content(message, body, look_up, now)
    return Dkim(tuple(checked.judge(item) for item in fields[:MOST_SIGNATURES]), steps.all())


class _Content:
    """One content, whose body is hashed once for each canonical form."""

    def __init__(self, message: Any, body: bytes, look_up: LookUp, now: datetime) -> None:
        self._message, self._body, self._look_up, self._now = message, body, look_up, now
        self._canonical: dict[str, bytes] = {}

    def judge(self, field: tuple[bytes, bytes]) -> Signature:
        steps = Steps(6376)
        found: dict[str, str] = {}
        try:
            found = _tags(field[1])
            names = _judged_tags(found, steps)
            self._judge_dates(found, steps)
            key = self._key(found, steps)
            self._judge_body(found, steps)
            self._verify(found, names, key, field)
            steps.add("The signature fits the header fields and the key: pass.", "6.1.3")
            if key.testing:
                steps.add("t=y in the key record: the domain is only testing DKIM.", "3.6.1")
            result, reason = "pass", f"{key.bits}-bit {KINDS[key.kind]} key"
        except _Fault as fault:
            steps.add(f"{fault.reason}: {fault.result}.", fault.section, fault.rfc)
            result, reason = fault.result, fault.reason
        return Signature(
            result,
            reason,
            shown(normal(found.get("d", ""))),
            shown(found.get("s", "")),
            shown(found.get("a", "")),
            shown(found.get("i", "")),
            shown(re.sub(r"[ \t\r\n]", "", found.get("b", ""))[:8]),
            tuple(listed(found["h"])[:MOST_SIGNED_FIELDS]) if "h" in found else (),
            steps.all(),
        )

    def _judge_dates(self, found: dict[str, str], steps: Steps) -> None:
        """t= and x=, by the world's clock (RFC 6376, 3.5)."""
        now = int(self._now.timestamp())
        for tag in "tx":
            if tag in found and not re.fullmatch("[0-9]{1,12}", found[tag]):
                raise _Fault("permerror", f"{tag}= is no number of seconds", "3.5")
        signed = int(found["t"]) if "t" in found else None
        expires = int(found["x"]) if "x" in found else None
        if signed is not None:
            steps.add(f"Dated {_distance(now - signed)} (t=).", "3.5")
            if signed > now + SKEW.total_seconds():
                raise _Fault("policy", "signature date is in the future", "3.5")
        if expires is not None:
            if signed is not None and expires <= signed:
                raise _Fault("permerror", "x= is not later than t=", "3.5")
            if expires < now:
                raise _Fault("policy", f"signature expired {_distance(now - expires)}", "3.5")
            steps.add(f"Expires {_distance(now - expires)} (x=).", "3.5")

    def _key(self, found: dict[str, str], steps: Steps) -> PublicKey:
        name = f"{found['s']}._domainkey.{found['d']}"
        try:
            records = texts(self._look_up, name)
        except TemporaryFailure:
            raise _Fault(
                "temperror", f"no DNS server could say for {shown(name)}", "6.1.2"
            ) from None
        if not records:
            raise _Fault("permerror", f"no key at {shown(name)}", "6.1.2")
        steps.add(f"TXT at {shown(name)}: {shown(records[0])}", "3.6.2")
        if len(records) > 1:
            steps.add(f"There are {len(records)} records; the first is used.", "3.6.2.2")
        try:
            key = parse_key(records[0], found["a"])
        except KeyFault as fault:
            raise _Fault(fault.result, str(fault), fault.section, fault.rfc) from None
        if key.strict and normal(found["i"].rpartition("@")[2]) != normal(found["d"]):
            raise _Fault("permerror", "t=s: i= must have exactly the domain of d=", "3.6.1")
        steps.add(
            f"An {KINDS[key.kind]} key of {key.bits} bits, SHA-256 {key.fingerprint}….", "3.6.1"
        )
        return key

    def _judge_body(self, found: dict[str, str], steps: Steps) -> None:
        """Compare the body's hash with bh= (RFC 6376, 3.7)."""
        form = found["c"].partition("/")[2]
        if form not in self._canonical:
            self._canonical[form] = canonical_body(self._body, form)
        body, length = self._canonical[form], found.get("l")
        if length is not None:
            if int(length) > len(body):
                raise _Fault("fail", f"l={int(length)}, and the body has {len(body)} octets", "3.5")
            if rest := len(body) - int(length):
                steps.add(f"l=: the last {rest} octets of the body are not signed.", "8.2")
            body = body[: int(length)]
        computed = base64.b64encode(hashlib.sha256(body).digest()).decode()
        published = base64.b64encode(from_base64(found["bh"])).decode()
        if computed != published:
            steps.add(f"bh= is {shown(published)}, and this body gives {computed}.", "3.7")
            raise _Fault("fail", "body hash mismatch: the body has changed", "6.1.3")
        steps.add(f"The {form} form of the body has the hash that bh= names.", "3.7")

    def _verify(
        self, found: dict[str, str], names: list[str], key: PublicKey, field: tuple[bytes, bytes]
    ) -> None:
        """Let dkimpy verify b=, with our key and without bh=, which is judged already."""
        message = self._message
        by_us = isinstance(key.material, OwnKey)  # dkimpy calls it under the name of Ed25519
        kind = b"ed25519" if by_us else key.kind.encode()
        message.pk, message.keysize, message.ktag = key.material, key.bits, kind
        given = {tag.encode(): found[tag].encode() for tag in "acb"}
        signed = [name.encode() for name in names]
        try:
            fits = message.verify_sig_process(given, signed, field, None)
        except dkim.DKIMException:
            raise _Fault("fail", "the signature cannot be decoded", "6.1.3") from None
        if by_us:
            fits = key.material.verified
        if not fits:
            raise _Fault("fail", "signature mismatch: a signed header field has changed", "6.1.3")


def _tags(value: bytes) -> dict[str, str]:
    if len(value) > LONGEST_SIGNATURE or _LONG_WHITE_SPACE.search(value):
        raise _Fault("permerror", "signature header field is too long", "6.1.1")
    try:
        return tags(value.decode("utf-8"))
    except ValueError as error:
        raise _Fault("permerror", f"signature is malformed: {error}", "6.1.1") from None


def _judged_tags(found: dict[str, str], steps: Steps) -> list[str]:
    """The names in h=, after all that can be judged without a look-up (RFC 6376, 6.1.1)."""

    def demand(good: bool, reason: str, section: str = "6.1.1") -> None:
        if not good:
            raise _Fault("permerror", reason, section)

    for tag in ("v", "a", "b", "bh", "d", "h", "s"):
        demand(tag in found, f"signature has no {tag}=")
    demand(found["v"] == "1", "v= is not 1")
    found["a"] = found["a"].lower()
    if found["a"] == "rsa-sha1":
        raise _Fault("policy", "rsa-sha1 is retired", "3.1", 8301)
    demand(found["a"] in ALGORITHMS, f"unknown algorithm {shown(found['a'])}", "3.3")
    found["d"] = ascii_domain(found["d"]) or ""
    found["s"] = ascii_domain(found["s"]) or ""
    found.setdefault("i", f"@{found['d']}")
    found["c"] = found.get("c", "simple").lower()
    found["c"] += "" if "/" in found["c"] else "/simple"
    names = listed(found["h"])
    demand(all(is_domain_name(found[tag]) for tag in "ds"), "d= or s= is no domain name", "3.5")
    demand(is_at_or_below(found["i"].rpartition("@")[2], found["d"]), "i= is not below d=")
    demand("from" in names, "From is not signed")
    demand(len(names) <= MOST_SIGNED_FIELDS, "too many names in h=")
    demand("dns/txt" in listed(found.get("q", "dns/txt")), "q= is not dns/txt", "3.5")
    forms = found["c"].split("/")
    demand(len(forms) == 2 and {*forms} <= {"simple", "relaxed"}, "unknown c=", "3.4")
    demand(bool(re.fullmatch("[0-9]{1,76}", found.get("l", "0"))), "l= is no number", "3.5")
    for tag in ("b", "bh"):
        try:
            from_base64(found[tag])
        except ValueError:
            demand(False, f"{tag}= is no base64", "3.5")
    steps.add(
        f"{shown(found['d'])} signed with {found['a']}, selector {shown(found['s'])}, "
        f"form {found['c']}, the header fields {shown(', '.join(names))}.",
        "3.5",
    )
    return names


def _distance(seconds: int) -> str:
    """How long ago a moment was.

    >>> _distance(90), _distance(-7200), _distance(5 * 86400)
    ('90 seconds ago', 'in 2 hours', '5 days ago')
    """
    count, unit = abs(seconds), "second"
    for size, name in ((86_400, "day"), (3_600, "hour")):
        if count >= 2 * size:
            count, unit = count // size, name
            break
    told = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"in {told}" if seconds < 0 else f"{told} ago"
