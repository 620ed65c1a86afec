"""What is wrong with lines, against the definition, octet by octet (RFC 5321, 2.3.8)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.line_rules import LARGE, MAX_TEXT_LINE, has_bare_line_end, has_long_line

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@given(
    st.integers(0, 80),
    st.lists(st.tuples(st.integers(0), st.sampled_from([b"\r", b"\n", b"x", b"\r\n"])), max_size=3),
    st.booleans(),
)
def test_a_bare_line_end_is_found_among_lines_of_one_length(
    length: int, odd: list[tuple[int, bytes]], in_place: bool
) -> None:
    """Large contents with lines of one length are looked at in another way than others."""
    lines = bytearray((b"x" * length + b"\r\n") * (2 * LARGE // (length + 2)))
    for place, octets in odd:
        at = place % len(lines)
        lines[at : at + (len(octets) if in_place else 0)] = octets
    for whole in (bytes(lines), memoryview(lines)):
        assert has_bare_line_end(whole) == bool(BARE.search(lines))


@pytest.mark.parametrize("end", [b"\r", b"\n", b"x\r", b"\nx", b"\n\r", b"\r\r", b"\n\n"])
def test_lines_of_one_length_that_end_badly_are_seen(end: bytes) -> None:
    assert has_bare_line_end((b"x" * 74 + end) * 1000)


@given(st.lists(st.sampled_from([0, 1, 500, 996, 997, 998, 999, 1000, 2000]), max_size=9))
def test_a_long_line_is_found_wherever_it_stands(lengths: list[int]) -> None:
    lines = b"".join(b"x" * length + b"\r\n" for length in lengths)
    assert has_long_line(b"." + lines, 1, len(lines) + 1) == any(
        length > MAX_TEXT_LINE for length in lengths
    )
