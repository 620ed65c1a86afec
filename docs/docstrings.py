"""A Sphinx extension: our docstrings as they are meant, without a rule for whoever writes them.

In a docstring, `name` is a name and everything else is prose: a star, a bar or an underscore marks
up nothing. A section of an RFC becomes a link, and a type in a signature leads to the public name.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import smtplab
from smtplab import errors

if TYPE_CHECKING:  # so that the tests can import this without Sphinx
    from docutils import nodes
    from sphinx import addnodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_CODE = re.compile(r"(`[^`]+`)")
_MARKS = re.compile(r"([\\*|]|_(?=\W|$))")
_BESIDE_A_FIELD = re.compile(r"^    ([a-z]\w*): .*  # (.+)$", re.MULTILINE)
_ERROR = re.compile(rf"\b({'|'.join(set(vars(errors)) & set(smtplab.__all__))})\b")
_SECTION = re.compile(r"\bRFC (\d+), (\d+(?:\.\d+)*)")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", process)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Rewrite the lines in place, as autodoc wants it; an example is left alone."""
    if what == "class":
        lines += ["", *(f"- `{field}`: {says}." for field, says in comments_beside_fields(obj))]
    in_example = False
    for number, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if not in_example:
            lines[number] = as_rst(line)


def comments_beside_fields(owner: type) -> list[tuple[str, str]]:
    """What stands beside the fields of a class, such as their units.

    >>> comments_beside_fields(smtplab.Settings)[-1]
    ('ip_version', '4 or 6, for real servers; None: whichever answers first')
    """
    return _BESIDE_A_FIELD.findall(inspect.getsource(owner))


def as_rst(line: str) -> str:
    """One line of prose in the markup of Sphinx.

    >>> as_rst("The `reply` to *all* (RFC 5321, 4.2).")
    'The `reply` to \\\\*all\\\\* (`RFC 5321, 4.2 <https://www.rfc-editor.org/rfc/rfc5321#section-4.2>`__).'
    """
    parts = _CODE.split(line)
    parts[::2] = [as_prose(text) for text in parts[::2]]
    parts[1::2] = [as_literal(code) for code in parts[1::2]]
    return "".join(parts)


def as_prose(text: str) -> str:
    """What stands between the names; our errors are names even so."""
    return _ERROR.sub(r"`\1`", _SECTION.sub(_link, _MARKS.sub(r"\\\1", text)))


def as_literal(code: str) -> str:
    """A name stays a name, to become a link; what is no name is shown as it is."""
    return code if re.fullmatch(r"`[\w.]+(\(\))?`", code) else f"`{code}`"


def _link(match: re.Match[str]) -> str:
    address = f"https://www.rfc-editor.org/rfc/rfc{match[1]}#section-{match[2]}"
    return f"`{match[0]} <{address}>`__"


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Node
) -> nodes.Node | None:
    """A link to the public name for a type that a signature names by its home."""
    name = str(node.get("reftarget", "")).removesuffix("()").rpartition(".")[2]
    if node.get("refdomain") != "py" or name not in smtplab.__all__:
        return None
    python = env.domains.python_domain
    return python.resolve_xref(
        env, node["refdoc"], app.builder, "obj", f"smtplab.{name}", node, content
    )
