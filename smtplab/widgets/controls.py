"""The controls of ipywidgets as cards use them: each one message to the page, and that when shown.

Left to itself a button is three models there (its layout and its style too), and each thing that
is set before it is shown is a message more: together most of what a first render takes.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
from ipywidgets import DOMWidget, Layout, Widget
from traitlets import default

_kept: dict[type[Widget], Widget] = {}


class _Control(DOMWidget):
    """Shares its looks, which are a matter of the style sheets, and keeps to itself until named."""

    _was_closed = False

    @default("layout")
    def _layout_of_all(self) -> Layout:
        return _one(Layout)

    @default("style")
    def _style_of_its_kind(self) -> Widget:
        return _one(self.traits()["style"].klass)

    def open(self) -> None:
        """Not yet: a constructor calls this, and there is more to be set."""

    @property
    def model_id(self) -> str:
        """Its name on the page, "" once closed. Whoever asks first is about to show it there."""
        if self.comm is None and not self._was_closed:
            super().open()
        return "" if self.comm is None else str(self.comm.comm_id)

    def close(self) -> None:
        self._was_closed = True
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, object] | None:
        if not self.model_id:  # it must be there before it is named
            return None
        bundle: dict[str, object] = super()._repr_mimebundle_(**kwargs)
        return bundle


def _one(kind: type[Widget]) -> Widget:
    """The one of this kind; a new one if that was closed, as `Widget.close_all()` does."""
    kept = _kept.get(kind)
    if kept is None or kept.comm is None:
        kept = _kept[kind] = kind()
    return kept


def shown(widget: DOMWidget, is_shown: bool) -> None:
    """Put a control on the page or take it off; its layout is its own from the first change on."""
    display = None if is_shown else "none"
    if widget.layout.display != display:
        if widget.layout is _kept.get(Layout):
            widget.layout = Layout(display=display)
        else:
            widget.layout.display = display


class HTML(_Control, widgets.HTML): ...


class Button(_Control, widgets.Button): ...


class ToggleButton(_Control, widgets.ToggleButton): ...


class Checkbox(_Control, widgets.Checkbox): ...


class Dropdown(_Control, widgets.Dropdown): ...


class Select(_Control, widgets.Select): ...


class Text(_Control, widgets.Text): ...


class Textarea(_Control, widgets.Textarea): ...


class IntText(_Control, widgets.IntText): ...


class BoundedIntText(_Control, widgets.BoundedIntText): ...


class FileUpload(_Control, widgets.FileUpload): ...


class HBox(_Control, widgets.HBox): ...


class VBox(_Control, widgets.VBox): ...
