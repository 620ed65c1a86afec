"""The controls of a card: what the page is told, and when."""

import json

import comm
import pytest
from comm.base_comm import BaseComm
from ipywidgets import Layout

from smtplab import Console, Sandbox, StartOver
from smtplab.widgets.controls import HTML, Button, VBox, shown
from tests.every_card import CASES, SETUP

LIVE = "application/vnd.jupyter.widget-view+json"


class Told(BaseComm):
    """Stands for the page: keeps each message that would go there."""

    messages: list = []

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.messages.append((msg_type, data["state"]["_model_name"] if keys else data))


@pytest.fixture
def told(monkeypatch):
    Told.messages = []
    monkeypatch.setattr(comm, "create_comm", lambda **keys: Told(**keys))
    assert VBox([Button(), HTML()]).model_id  # the first of each brings what all share
    Told.messages.clear()
    return Told.messages


def test_nothing_is_told_before_a_control_is_named_and_then_it_is_one_message(told):
    button = Button(description="EHLO")
    button.tooltip, button.disabled = "greets", True
    button.add_class("smtplab-legal")
    assert not told
    assert button.model_id
    assert told == [("comm_open", "ButtonModel")]
    button.disabled = False
    assert [what for what, _ in told] == ["comm_open", "comm_msg"]


def test_a_box_brings_its_children_with_it_and_those_that_come_later(told):
    box = VBox([Button(), HTML("<b>250</b>")])
    bundle = box._repr_mimebundle_() or {}
    assert LIVE in bundle
    assert [name for _, name in told] == ["ButtonModel", "HTMLModel", "VBoxModel"]
    told.clear()
    box.children = (*box.children, Button())
    assert [what for what, _ in told] == ["comm_open", "comm_msg"]


def test_all_controls_share_one_layout_until_one_is_taken_off_the_page():
    first, second = Button(), HTML()
    assert first.layout is second.layout and isinstance(first.layout, Layout)
    assert first.style is Button().style
    shown(first, True)
    assert first.layout is second.layout
    shown(first, False)
    assert (first.layout.display, second.layout.display) == ("none", None)
    own = first.layout
    shown(first, True)
    assert first.layout is own and own.display is None


def test_what_was_shared_is_made_anew_when_it_was_closed():
    old = Button()
    old.style.close()
    old.layout.close()
    assert Button().style.comm is not None and Button().layout.comm is not None


def test_a_closed_control_is_not_opened_again(told):
    button, never_shown = Button(), Button()
    assert button.model_id
    button.close()
    never_shown.close()
    told.clear()
    assert (button.model_id, never_shown.model_id) == ("", "")
    assert button._repr_mimebundle_ is None and never_shown._repr_mimebundle_() is None
    assert not told


@pytest.mark.parametrize("card", [Console, StartOver])
def test_a_card_is_one_message_for_each_of_its_parts(told, card):
    with Sandbox("memory") as sandbox:
        first, second = card(sandbox), card(sandbox)
        assert LIVE in first._repr_mimebundle_()
        told.clear()
        assert LIVE in second._repr_mimebundle_()
        assert [what for what, _ in told] == ["comm_open"] * len(list(_parts(second.view)))
        first.close()
        second.close()


def test_a_folded_drawer_is_told_when_it_is_first_opened(told):
    with Sandbox("memory") as sandbox:
        console = Console(sandbox)
        assert LIVE in console._repr_mimebundle_()
        before = len(list(_parts(console.view)))
        told.clear()
        console._drawer.open.value = True
        opened = len(list(_parts(console.view))) - before
        assert opened > 10
        news = [what for what, _ in told].count("comm_open")
        assert opened <= news <= opened + 2  # a style and a layout that were not needed before
        told.clear()
        console._drawer.open.value = False
        console._drawer.open.value = True
        assert "comm_open" not in [what for what, _ in told]
        console.close()


def test_every_card_is_few_messages_and_few_octets(told, monkeypatch):
    """What a first render takes is mostly the number of controls; figures that no machine moves."""
    octets = []
    monkeypatch.setattr(
        Told,
        "publish_msg",
        lambda self, kind, data=None, **keys: octets.append(len(json.dumps(data, default=str))),
    )
    kernel: dict = {}
    exec(SETUP, kernel)
    assert LIVE in Console(kernel["sandbox"])._repr_mimebundle_()  # brings what all cards share
    for case in CASES:
        octets.clear()
        exec(f"card = {case.make}", kernel)
        assert LIVE in kernel["card"]._repr_mimebundle_(), case.name
        assert len(octets) <= 40, case.name
        assert sum(octets) <= 50_000, case.name
    kernel["sandbox"].stop()


def _parts(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
