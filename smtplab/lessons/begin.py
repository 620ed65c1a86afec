"""The first cell of a lesson: does this notebook belong to this package?"""

from __future__ import annotations

import sys

import smtplab
from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import LESSONS


def begin(lesson: str, notebook: str) -> Card:
    """Compare the notebook's version with the package's, and say what to do if they differ.

    Where they match no number is shown, so that the stored output outlives a release. In a browser
    tab, what needs TLS shows its recorded evidence from here on.
    """
    if sys.platform == "emscripten":
        from smtplab.lessons.recorded import play_back

        play_back(lesson)
    known = LESSONS.get(lesson)
    title = f"Lesson {lesson}: {known.title}" if known else f"Appendix: {lesson}"
    if notebook == smtplab.__version__:
        return Card(title, ("This notebook and the smtplab package belong together. Go on.",))
    numbers = f"This notebook is of version {notebook}, the smtplab package of version "
    return Card(
        f"{title}. The versions differ.",
        (
            f"{numbers}{smtplab.__version__}. Most cells will work; some replies may read "
            "differently.",
            _older_package() if _key(smtplab.__version__) < _key(notebook) else _older_notebook(),
        ),
    )


def _older_package() -> str:
    return (
        "The package is the older one. In a terminal: python -m pip install --upgrade smtplab. "
        "Then choose Kernel, Restart Kernel in the menu and run this cell again."
    )


def _older_notebook() -> str:
    return (
        "The notebook is the older one. Save it and start smtplab again from a terminal. Where "
        "you changed a notebook, yours stays as it is, and the new copy is laid beside it with "
        ".new.ipynb at the end of its name. Where you changed nothing, it is updated in place."
    )


def _key(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing.

    >>> _key("0.10.0") > _key("0.9.1")
    True
    """
    parts = version.split(".")
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit())
