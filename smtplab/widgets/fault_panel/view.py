"""The fault panel: servers that misbehave on purpose, by rules that are built by hand."""

from __future__ import annotations

from functools import partial

from ipywidgets import Widget

from smtplab.sandbox import Sandbox
from smtplab.sandbox.faults import PHASES, Fault
from smtplab.sandbox.faults.rules import MAX_NTH
from smtplab.widgets.controls import HTML, BoundedIntText, Button, Dropdown, HBox, Text, VBox
from smtplab.widgets.fault_panel import render
from smtplab.widgets.fault_panel.model import ACTIONS, EXAMPLES, MATCHES, NTHS, FaultModel
from smtplab.widgets.fault_panel.trial import Trial
from smtplab.widgets.view import View, named


class FaultPanel(View):
    """Turn the fault dial of a sandbox, and try what a client makes of it.

    A rule says in which phase, at which match, the how-manieth time, what happens instead.
    """

    sheets = ("spoken",)

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.model = FaultModel(sandbox)
        self._showing = False

        # widgets
        self._bar = HTML()
        self._clear = Button(description="Remove all", tooltip="From then on all servers behave")
        self._refresh = Button(description="Refresh", tooltip="Count again how often each struck")
        self._examples = {name: Button(description=name) for name in EXAMPLES}
        self._fields: dict[str, Dropdown | Text | BoundedIntText] = {
            "phase": Dropdown(description="Phase", options=PHASES),
            "match": Dropdown(description="Match", options=list(MATCHES)),
            "wanted": Text(description="Wanted", placeholder="bob@example.net"),
            "nth": Dropdown(description="Which time", options=list(NTHS)),
            "n": BoundedIntText(description="n", min=1, max=MAX_NTH),
            "action": Dropdown(description="Action", options=list(ACTIONS)),
            "value": Text(description="Value"),
        }
        self._rule = HTML()
        self._add = named("send", Button(description="Set this rule"))
        self._note = HTML()
        self._rules = VBox()
        self._rows: dict[Fault, tuple[HTML, HBox]] = {}
        self._to = Text(description="Send to", value=self.model.forward_path)
        self._try = named("send", Button(description="Try it"))
        self._trial = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh, self._clear]))
        label = HTML('<p class="smtplab-legend">Examples fill the form:</p>')
        examples = named("examples", HBox([label, *self._examples.values()]))
        form = named("form", HBox(list(self._fields.values())))
        build = named("build", HBox([self._rule, self._add]))
        rules = named("rules", VBox([self._note, self._rules]))
        trying = named("try", HBox([self._to, self._try]))
        magic = named("magic", HTML(render.magic_addresses()))
        parts: list[Widget] = [examples, form, build, self._alert, rules, trying]
        self._frame("fault_panel", bar, *parts, named("trial", self._trial), magic)
        self._show()

        # connections
        self._clear.on_click(self._guarded(self.model.sandbox.faults.clear))
        self._refresh.on_click(self._guarded(lambda: None))
        self._add.on_click(self._guarded(self.model.add))
        self._try.on_click(self._guarded(self.model.try_it))
        for name, button in self._examples.items():
            button.on_click(self._guarded(partial(self.model.take_example, name)))
        for name, field in self._fields.items():
            field.observe(self._guarded(partial(self._on_field, name)), "value")
        self._to.observe(self._guarded(self._on_to), "value")

    # From code.

    def add(self, rule: str | Fault) -> Fault:
        """Set a rule; `LocalProtocolError` says what is wrong with it."""
        return self._from_code(lambda: self.model.add(rule))

    def remove(self, rule: str | Fault) -> None:
        """Take a rule off; `KeyError` names those there are."""
        self._from_code(lambda: self.model.sandbox.faults.remove(rule))

    def try_it(self, forward_path: str = "bob@example.net") -> Trial:
        """Send one short message to mx.example.net; returns what the client made of it."""
        self.model.forward_path = forward_path
        return self._from_code(self.model.try_it)

    def refresh(self) -> None:
        """Count again how often each rule struck."""
        self._from_code(lambda: None)

    # What a click or a change does.

    def _on_field(self, name: str) -> None:
        if not self._showing:
            self.model.change(**{name: self._fields[name].value})

    def _on_to(self) -> None:
        self.model.forward_path = self._to.value.strip()

    # What is shown.

    def _show(self) -> None:
        if self._showing:  # setting a field calls back
            return
        self._showing = True
        try:
            for name, field in self._fields.items():
                field.value = getattr(self.model.form, name)
            self._to.value = self.model.forward_path
        finally:
            self._showing = False
        self._fields["wanted"].disabled = not MATCHES[self.model.form.match]
        self._fields["n"].disabled = NTHS[self.model.form.nth] == "always"
        self._fields["value"].disabled = not ACTIONS[self.model.form.action][1]
        self._add.disabled = not isinstance(self.model.rule, Fault)
        self._bar.value = render.bar(self.model)
        self._rule.value = render.rule(self.model)
        self._note.value = render.rules_note(self.model)
        self._trial.value = render.trial(self.model)
        self._show_rules()

    def _show_rules(self) -> None:
        entries = self.model.sandbox.faults.entries[: render.MAX_RULES]
        for one in entries:
            if one.fault not in self._rows:
                self._rows[one.fault] = self._row(one.fault)
            self._rows[one.fault][0].value = render.entry(one)
        known = [one.fault for one in entries]
        for fault in [fault for fault in self._rows if fault not in known]:
            del self._rows[fault]
        self._rules.children = [self._rows[fault][1] for fault in known]

    def _row(self, fault: Fault) -> tuple[HTML, HBox]:
        text, button = HTML(), Button(description="Remove")
        button.tooltip = f"Take off {str(fault)[:80]}"
        button.on_click(self._guarded(partial(self.model.sandbox.faults.remove, fault)))
        return text, named("rule", HBox([text, button]))

    def __repr__(self) -> str:
        return f"<FaultPanel: {len(self.model.sandbox.faults)} rules>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)
