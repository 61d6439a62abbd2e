"""Changing what is served, as the repository extension of the Open Inference Protocol has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from noteship import models
from noteship.errors import cut
from noteship.serving.calls import Headers
from noteship.serving.plan import Entry, Plan, Role
from noteship.serving.refusals import Refused
from noteship.serving.service import Service

__all__ = ["BODY_BYTES", "ROUTES", "change", "check"]

# By path; NAME and VERSION stand for a part of it.
LOAD = "/v2/repository/models/NAME/load"
UNLOAD = "/v2/repository/models/NAME/unload"
DEFAULT = "/v2/repository/models/NAME/versions/VERSION/default"
ROUTES = (LOAD, UNLOAD, DEFAULT)
# What each takes; clients of the protocol say `unload_dependents`, and there are none here. All that they let their
# callers say of a model to be loaded is `config`, a text: what may stand beside it may stand in it, too.
PARAMETERS = {
    LOAD: ("bundle", "default", "canary_percent", "shadow", "config"),
    UNLOAD: ("version", "unload_dependents"),
    DEFAULT: (),
}
BODY_BYTES = 64 << 10
OFF = "what is served can be changed only where the service was started with --admin, or with tokens of scope admin"


def check(service: Service, headers: Headers) -> None:
    """Whether the caller is an operator; where there is a guard, it has asked for the scope. Raises Refused."""
    if not service.asks_callers and not service.is_open_to_admin:
        raise Refused(403, OFF)
    # A web page that somebody looks at on this machine could ask in their name; every browser says so of itself.
    if any(name == b"origin" for name, _ in headers):
        raise Refused(403, "what is served is not changed from a web page")
    if service.is_draining:
        raise Refused(503, "the service is about to end")


async def change(service: Service, route: str, name: str, version: str | None, body: bytes) -> list[dict[str, Any]]:
    """Change what is served; returns the versions of the name as they then are. Raises Refused."""
    given = _parameters(body, PARAMETERS[route])
    config = _text(given, "config")
    if config is not None:
        given = {**given, **_parameters(config, PARAMETERS[route], "the text of 'config'")}
    repository = service.repository
    if route == LOAD:
        entry = await repository.find(_text(given, "bundle"))
        plan = await repository.change(lambda plan: _loaded(plan, _placed(entry, name, given)))
    elif route == UNLOAD:
        plan = await repository.change(lambda plan: plan.without(name, _text(given, "version")))
    else:
        plan = await repository.change(lambda plan: _made_default(plan, name, version or ""))
    return [entry.to_json() for entry in plan.entries if entry.name == name]


def _parameters(body: bytes | str, known: tuple[str, ...], what: str = "the body") -> Mapping[str, Any]:
    try:
        value = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"{what} is not JSON") from error
    given = value.get("parameters") if isinstance(value, dict) and value.keys().isdisjoint(known) else value
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Refused(422, f'{what}: expected {{"parameters": {{...}}}}')
    for name in given:
        if name not in known:
            message = f"parameter '{cut(name, 60)}' is not known; there is {', '.join(known) or 'none'}"
            raise Refused(422, message, {"field": cut(name, 60)})
    return given


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, "text", value)
    return value


def _placed(entry: Entry, name: str, given: Mapping[str, Any]) -> Entry:
    """A bundle with the part that it is to play."""
    if entry.name != name:
        raise Refused(422, f"bundle {entry.version} is of model '{entry.name}'", {"field": "bundle"})
    default, shadow, percent = (given.get(each) for each in ("default", "shadow", "canary_percent"))
    for each, value in (("default", default), ("shadow", shadow)):
        if value is not None and not isinstance(value, bool):
            raise _wrong(each, "true or false", value)
    is_number = isinstance(percent, int | float) and not isinstance(percent, bool)
    if percent is not None and not (is_number and 0 <= percent <= 100):
        raise _wrong("canary_percent", "a number from 0 to 100", percent)
    given_parts: list[tuple[bool, Role]] = [
        (bool(default), "default"),
        (percent is not None, "canary"),
        (bool(shadow), "shadow"),
    ]
    parts = [part for is_given, part in given_parts if is_given]
    if len(parts) > 1:
        raise Refused(422, f"a version is either {' or '.join(parts)}, not both")
    role = parts[0] if parts else "default" if default is None and shadow is None else "spare"
    return replace(entry, role=role, percent=float(percent or 0))


def _loaded(plan: Plan, entry: Entry) -> Plan:
    """A plan with one more bundle. What the operator trusted once stays trusted."""
    known = next((each for each in plan.entries if each.digest == entry.digest), None)
    return plan.with_entry(replace(entry, may_import=entry.may_import or (known is not None and known.may_import)))


def _made_default(plan: Plan, name: str, version: str) -> Plan:
    return plan.with_entry(replace(plan.entry(name, version), role="default", percent=0.0))


def _wrong(name: str, expected: str, value: Any) -> Refused:
    got = models.type_word(value)
    return Refused(422, f"parameter '{name}': expected {expected}, got {got}", {"field": name})
