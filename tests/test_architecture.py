"""What may import what, how long a file may be, and what an import costs (design.md's layers)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import smtplab

PACKAGE = Path(smtplab.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "notebooks" not in path.parts)
MAX_LINES = 320

LAYERS = (
    "errors", "grammar", "replies", "commands", "extensions", "parameters", "line_rules",
    "mail_object", "mbox", "sasl", "session", "transcript", "reference", "step_reply", "replay",
    "tokens", "explained", "translating", "importing", "comparing", "timeouts", "transport",
    "guard", "group", "dialogue", "pipelining", "auth_exchange", "exchanges", "client",
    "mail_files", "sending", "rehearsal", "probing", "sandbox", "lessons", "widgets",
    "pytest_plugin", "cli",
)  # fmt: skip
"""Each may import only what stands before it; a new part of the package needs a place here."""

MAY_ONLY_IMPORT = {"reference": {"errors"}, "transcript": set(), "transport": {"errors"}}
"""Narrower than their place: what these may import of the package, besides themselves."""

NO_WORLD = LAYERS[: LAYERS.index("comparing") + 1]
"""The sans-I/O core: it knows no socket, thread or clock."""

WORLDLY = {"asyncio", "select", "selectors", "socket", "ssl", "subprocess", "threading", "time"}


def layer(path: Path) -> str:
    """The part of the package that a file belongs to; "" for its table of contents."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first in ("__init__", "__main__") else first


class Imports(ast.NodeVisitor):
    """The modules that a file imports when it runs, also inside functions."""

    def __init__(self, path: Path) -> None:
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return  # read by type checkers only
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, ()) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "relative imports hide the layer"
        self.found.append((node.module or "", tuple(alias.name for alias in node.names)))


def imported_layers(path: Path) -> set[str]:
    """The parts of the package that a file imports."""

    def of_one(module: str, names: tuple[str, ...]) -> Iterator[str]:
        head, *rest = module.split(".")
        if head == "smtplab":
            yield from rest[:1] or (name if name in LAYERS else "" for name in names)

    return {part for one in Imports(path).found for part in of_one(*one)}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_layers_above_its_own(path: Path) -> None:
    here = layer(path)
    if not here:
        return
    assert here in LAYERS, f"{here} needs a place in LAYERS"
    others = imported_layers(path) - {here, ""}
    below = {other for other in others if LAYERS.index(other) > LAYERS.index(here)}
    assert not below, f"{here} may not import {below}"
    assert others <= MAY_ONLY_IMPORT.get(here, set(LAYERS))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nobody_imports_the_widgets_but_the_table_of_contents(path: Path) -> None:
    if layer(path) != "widgets":
        assert "widgets" not in imported_layers(path)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_core_knows_no_socket_thread_or_clock(path: Path) -> None:
    if layer(path) not in NO_WORLD:
        return
    for module, names in Imports(path).found:
        if layer(path) == "transcript" and (module, names) == ("threading", ("Lock",)):
            continue  # one lock keeps two recorders apart; it starts no thread
        assert module.split(".")[0] not in WORLDLY, f"{module} talks to the world"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_every_public_name_is_where_the_table_of_contents_says() -> None:
    names = [name for name in smtplab.__all__ if "widgets" not in smtplab._HOME.get(name, "")]
    assert all(getattr(smtplab, name) is not None for name in names)
    assert set(names) < set(dir(smtplab))
    with pytest.raises(AttributeError, match="smtplab has no 'Clyent'"):
        smtplab.Clyent  # noqa: B018


def run_python(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=180)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import smtplab", "ipywidgets aiosmtpd trustme dns ssl socket asyncio"),
        ("from smtplab import Client, Reply", "ipywidgets aiosmtpd trustme dns ssl asyncio"),
        ("import smtplab.cli", "ipywidgets aiosmtpd trustme dns ssl asyncio"),
    ],
)
def test_an_import_loads_no_more_than_it_needs(statement: str, unwanted: str) -> None:
    run_python(
        f"import sys\n{statement}\n"
        f"loaded = sorted(set({unwanted.split()!r}) & set(sys.modules))\n"
        "assert not loaded, loaded"
    )


def test_the_client_and_the_memory_pair_load_where_there_is_no_tls() -> None:
    """A browser's Python has no ssl; an import at the top of a file would stop the course there."""
    run_python(
        "import sys\n"
        "for name in ('ssl', '_ssl', 'trustme', 'cryptography'): sys.modules[name] = None\n"
        "import smtplab.client, smtplab.transport.memory"
    )
