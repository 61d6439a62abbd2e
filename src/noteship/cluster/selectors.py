"""Label selectors, as Kubernetes reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["selects"]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a selector fits labels; the empty one fits all. What has an operator that there is not fits nothing.

    >>> selects({"matchLabels": {"app": "mail"}}, {"app": "mail", "version": "2"}), selects({}, {})
    (True, True)
    """
    equal = (selector.get("matchLabels") or {}).items()
    expressions = selector.get("matchExpressions") or ()
    return all(labels.get(name) == value for name, value in equal) and all(_fits(each, labels) for each in expressions)


def _fits(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    name, values = str(expression.get("key")), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(name) in values
        case "NotIn":
            # Whoever does not have the label has none of the values either.
            return labels.get(name) not in values
        case "Exists":
            return name in labels
        case "DoesNotExist":
            return name not in labels
    return False
