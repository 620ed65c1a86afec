"""Where mechanisms ask who somebody is: the directory of a host, and one desk a connection."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime

from smtplab.sandbox.chance import Chance
from smtplab.sandbox.little_internet import Account
from smtplab.sandbox.tokens import TokenIssuer
from smtplab.sasl.saslname import prepare, prepared
from smtplab.sasl.scram_keys import MIN_ITERATIONS, ScramKeys

SALT = 16  # octets
MAX_KEPT_KEYS = 256  # of accounts and of names that nobody has; then the oldest are forgotten

# Challenges go out, responses come in, and at the end stands who has signed in.
Exchange = Generator[bytes, bytes, Account]


class Refused(Exception):
    """An exchange ends with a negative reply."""

    @property
    def reply(self) -> str:
        return str(self.args[0])


def malformed(why: str) -> Refused:
    """What came cannot be read; nobody was tried, so it counts as no attempt."""
    return Refused(f"501 5.5.2 {why}")


@dataclass
class Directory:
    """Who may sign in at one host, and the keys that follow from each password."""

    by_username: dict[str, Account]
    chance: Chance
    tokens: TokenIssuer
    _keys: dict[tuple[str, str], ScramKeys] = field(default_factory=dict)

    def find(self, username: str) -> Account | None:
        try:
            return self.by_username.get(prepare(username))
        except ValueError:
            return None

    def with_password(self, username: str, password: str) -> Account | None:
        """The account, if the password is its own."""
        account = self.find(username)
        # A name that nobody has costs a comparison too: else the time would tell.
        kept = account.password if account else self._nobodys(username)
        is_right = hmac.compare_digest(_octets(prepared(kept)), _octets(prepared(password)))
        return account if is_right else None

    def salt(self, username: str) -> bytes:
        """One for each name, also for those that nobody has (RFC 5802, 9)."""
        return self.chance.octets(f"SCRAM salt of {username}", SALT)

    def scram_keys(self, hash_name: str, username: str) -> ScramKeys:
        """The keys of an account; for a name that nobody has, keys that fit no password."""
        key = hash_name, username
        if key not in self._keys:
            account = self.find(username)
            password = account.password if account else self._nobodys(username)
            while len(self._keys) >= MAX_KEPT_KEYS:
                del self._keys[next(iter(self._keys))]
            self._keys[key] = ScramKeys.derive(
                hash_name, prepared(password), self.salt(username), MIN_ITERATIONS
            )
        return self._keys[key]

    def _nobodys(self, username: str) -> str:
        return self.chance.octets(f"password of nobody named {username}", 32).hex()


@dataclass
class Desk:
    """One connection's: what a mechanism may know, and how often it failed."""

    directory: Directory
    host: str
    ports: tuple[int, ...]  # under which a client may have reached this listener
    now: Callable[[], datetime]
    nonce: Callable[[], str]
    bindings: dict[str, bytes] = field(default_factory=dict)  # type -> octets (RFC 5929)
    plus_offered: bool = False
    mechanism: str = ""  # of the exchange that is under way
    # By mechanism: some programs try one password by each in turn, which is one wrong password.
    failures: Counter[str] = field(default_factory=Counter)

    def refused(self) -> Refused:
        """One more attempt failed. The reply never says which half was wrong."""
        self.failures[self.mechanism] += 1
        return Refused("535 5.7.8 Authentication credentials invalid")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
