"""Applying the catalogue's rules to a call."""

from __future__ import annotations

from noteship.notebooks.catalogue import Rule
from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.attributes import bounded
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import path_texts, used
from noteship.notebooks.interpreter.evidence import Manner, evidence_of
from noteship.notebooks.uses import Action
from noteship.notebooks.values import Library, Value

__all__ = ["actions_of_mode", "apply_rules"]


def apply_rules(machine: Machine, call: Call, rules: tuple[Rule, ...]) -> Value:
    """Record what the rules say about the call, and give what a library's call gives."""
    for rule in rules:
        value = call.get(rule.position, *rule.keywords)
        if rule.external:
            _external(machine, call, rule, value)
        if value is None or rule.external:
            continue
        manner = Manner(rule.folder, rule.extension, rule.doubtful, rule.weak)
        for action in _actions(call, rule):
            used(machine, value, action, call, manner)
    return Library(bounded(f"{call.name}()"), call.reason)


def _external(machine: Machine, call: Call, rule: Rule, value: Value | None) -> None:
    evidence = evidence_of(machine, call, rule.action, Manner())
    for text in path_texts(machine, value) or [call.name if value is None else "an address that is not known"]:
        machine.findings.external(text, evidence)


def _actions(call: Call, rule: Rule) -> tuple[Action, ...]:
    if rule.mode is None:
        return (rule.action,)
    position, keyword, default = rule.mode
    mode = call.constant(position, keyword, default=default)
    return actions_of_mode(mode if isinstance(mode, str) else default)


def actions_of_mode(mode: str) -> tuple[Action, ...]:
    """What opening a file in this mode does with it."""
    if "+" in mode and "w" not in mode:
        return "read", "write"
    return ("write",) if any(letter in mode for letter in "wax") else ("read",)
