"""Whether rules, as a Role has them, allow something. Pure; after Kubernetes' RBAC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from noteship.cluster.cluster import Right

__all__ = ["allows"]


def allows(rules: Sequence[Mapping[str, Any]], right: Right) -> bool:
    """Whether one of the rules does.

    >>> allows([{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}], Right("get", "pods"))
    False
    """
    return any(_allows(rule, right) for rule in rules)


def _allows(rule: Mapping[str, Any], right: Right) -> bool:
    resource = f"{right.resource}/{right.subresource}" if right.subresource else right.resource
    whole = (("verbs", right.verb), ("apiGroups", right.group), ("resources", resource))
    if not all(wanted in rule.get(name, ()) or "*" in rule.get(name, ()) for name, wanted in whole):
        return False
    names = rule.get("resourceNames") or ()
    return not names or right.name in names
