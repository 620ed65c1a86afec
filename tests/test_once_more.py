"""Which tests are run a second time when they fail: those with a browser, and no others."""

import pytest

pytest_plugins = ("pytester",)

FAILS_ONCE = """
import pytest

ran = {}

def fails_once(name):
    ran[name] = ran.get(name, 0) + 1
    assert ran[name] == 2

@pytest.mark.browser
def test_in_a_browser():
    fails_once("browser")

def test_without_one():
    fails_once("none")
"""


def test_only_a_test_with_a_browser_is_run_once_more(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import pytest_collection_modifyitems")
    pytester.makeini("[pytest]\nmarkers = browser")
    pytester.makepyfile(FAILS_ONCE)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"], outcomes["rerun"]) == (1, 1, 1)
