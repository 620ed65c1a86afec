"""What every test may ask for: a sandbox, a browser, the programs that stand outside Python."""

import gc
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, settings

from smtplab import Sandbox
from tests import tools
from tests.lab_pages import axe, kept_in, lab_page, lab_server, pictures

# A machine that is busy with other things is slow; that says nothing about what is tested.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

__all__ = ["axe", "kept_in", "lab_page", "lab_server", "pictures"]  # fixtures


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in memory, whose servers must not fail inside."""
    with Sandbox("memory") as running:
        yield running
        assert not running.errors


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """`tool("swaks")` is the program's path, or skips the test and names what is missing."""
    return tools.tool


@pytest.fixture(scope="session")
def node_module() -> Callable[[str], str]:
    """`node_module("nodemailer")` is a folder for NODE_PATH, or skips like `tool`."""
    return tools.node_module


def pytest_collection_finish() -> None:
    """Thousands of tests are no garbage: each watch over a sandbox would look through them."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """A browser, a Jupyter server, a kernel of other people have rare accidents on a busy machine.

    Such a test is run once more, and the summary names it. Every other test counts at once.
    """
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("kernel"):
            item.add_marker(pytest.mark.flaky(reruns=1))
