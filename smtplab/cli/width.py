"""How wide our own words may be in the terminal."""

import shutil
import sys

WIDTH = 88  # columns, as in a notebook; a narrow terminal has fewer
NARROWEST = 40  # ours to choose: below it only words would stand in a line


def columns(most: int = WIDTH) -> int:
    """As many as the terminal has: it would tear longer lines inside of a word."""
    if not sys.stdout.isatty():
        return most
    return min(most, max(NARROWEST, shutil.get_terminal_size((most, 0)).columns))
