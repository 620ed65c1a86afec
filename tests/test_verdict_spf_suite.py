"""SPF against the openspf.org test suite for RFC 7208, which pyspf's source distribution holds.

The file is not ours and is not kept here: SMTPLAB_SPF_SUITE names the folder that it lies in.
"""

import importlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from smtplab.sandbox.verdict.lookups import NoSuchName, TemporaryFailure
from smtplab.sandbox.verdict.spf import SpfFacts, check
from tests import tools

NAME = "rfc7208-tests.yml"
HINT = (
    "pip download --no-deps --no-binary :all: pyspf==2.0.14, unpack it, and name the folder "
    f"that holds {NAME} in SMTPLAB_SPF_SUITE"
)
VECTORS = 203  # in release 2014.04 of the suite: fewer would mean that some were not run


@cache
def scenarios() -> tuple[dict[str, Any], ...]:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        tools.missing("PyYAML", "pip install pyyaml")
    folder = os.environ.get("SMTPLAB_SPF_SUITE", "")
    path = Path(folder) / NAME
    if not folder or not path.is_file():
        tools.missing(NAME, HINT)
    return tuple(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def zone_text(value: str | list[str]) -> str:
    """A TXT record as a zone file writes it."""
    strings = [value] if isinstance(value, str) else value

    def escaped(octet: int) -> str:
        plain = 32 <= octet < 127 and octet not in b'"\\'
        return chr(octet) if plain else f"\\{octet:03d}"

    return " ".join(f'"{"".join(map(escaped, text.encode()))}"' for text in strings)


def zone(data: dict[str, list[Any]]) -> Callable[[str, str], tuple[str, ...]]:
    """The suite's zone data as a look_up function; CNAMEs are followed, as a resolver does."""
    names = {name.lower(): entries for name, entries in data.items()}

    def records(name: str, type_: str) -> Iterator[str]:
        entries = names[name]
        given = [next(iter(entry.items())) for entry in entries if isinstance(entry, dict)]
        if type_ == "TXT" and not any(kind == "TXT" for kind, _ in given):
            given = [("TXT" if kind == "SPF" else kind, value) for kind, value in given]
        for kind, value in given:
            if kind != type_ or value == "NONE":
                continue
            if kind == "TXT":
                yield zone_text(value)
            elif kind == "MX":
                yield f"{value[0]} {value[1]}."
            else:
                yield f"{value.removesuffix('.')}." if kind == "PTR" else value

    def look_up(name: str, type_: str, hops: int = 0) -> tuple[str, ...]:
        name = name.lower().removesuffix(".")
        if name not in names:
            raise NoSuchName(name)
        if found := tuple(records(name, type_)):
            return found
        if "TIMEOUT" in names[name] or hops > 8:
            raise TemporaryFailure(name)
        for entry in names[name]:
            if isinstance(entry, dict) and "CNAME" in entry:
                return look_up(entry["CNAME"], type_, hops + 1)
        return ()

    return lambda name, type_: look_up(name, type_)


def test_every_vector_of_the_suite_gives_its_result() -> None:
    count, wrong = 0, []
    for scenario in scenarios():
        look_up = zone(scenario["zonedata"])
        for name, vector in scenario["tests"].items():
            count += 1
            facts = SpfFacts(vector["host"], vector["helo"], vector["mailfrom"], "receiver.example")
            found = check(facts, look_up)
            expected = vector["result"]
            allowed = [expected] if isinstance(expected, str) else expected
            words = vector.get("explanation")
            good = found.result in allowed and (
                words is None or found.explanation == ("" if words == "DEFAULT" else words)
            )
            if not good:
                steps = "\n    ".join(map(str, found.steps))
                wrong.append(
                    f"{name}: {found.result} {found.explanation!r}, "
                    f"expected {expected} {words!r}\n    {steps}"
                )
    assert not wrong, "\n".join(wrong)
    assert count == VECTORS
