"""The second half of the tests that run with every route cut; see `tests/closed_world.py`."""

import pytest

from tests import closed_world


@pytest.mark.slow
@pytest.mark.parametrize("part", closed_world.SECOND_HALF)
def test_the_sandbox_works_with_every_route_cut_and_connects_to_loopback_only(part: int) -> None:
    closed_world.check_part(part)
