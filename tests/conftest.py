"""What every test may ask for: the programs that stand outside Python."""

from collections.abc import Callable

import pytest

from tests import tools
from tests.lab_pages import axe, kept_in, lab_page, lab_server, pictures

__all__ = ["axe", "kept_in", "lab_page", "lab_server", "pictures"]  # fixtures


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """`tool("swaks")` is the program's path, or skips the test and names what is missing."""
    return tools.tool


@pytest.fixture(scope="session")
def node_module() -> Callable[[str], str]:
    """`node_module("nodemailer")` is a folder for NODE_PATH, or skips like `tool`."""
    return tools.node_module
