"""What a namespace's quotas leave, against what pods ask for. Pure.

Source: Kubernetes, "Resource Quotas": computed resources count requests and limits of all containers of a pod.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from noteship.cluster.pods import PodTemplate

__all__ = ["amount", "asked", "short"]

Fields = Mapping[str, Any]
_QUANTITY = re.compile(r"([+-]?[0-9.]+)(m|[kMGTPE]i?|Ki)?")
_FACTORS = {"": Decimal(1), "m": Decimal("0.001"), "k": Decimal(1000)} | {
    f"{letter}{end}": Decimal(base) ** power
    for base, end in ((1000, ""), (1024, "i"))
    for power, letter in enumerate("KMGTPE", 1)
}


def amount(text: object) -> Decimal:
    """A quantity of Kubernetes as a number; of what is none, 0.

    >>> amount("500m"), amount("2Gi") == 2 * 2**30, amount(3)
    (Decimal('0.500'), True, Decimal('3'))
    """
    found = _QUANTITY.fullmatch(str(text))
    return Decimal(found[1]) * _FACTORS[found[2] or ""] if found else Decimal(0)


def asked(pod: PodTemplate, count: int) -> dict[str, Decimal]:
    """What so many of these pods count as, by the names that quotas have."""
    found: dict[str, Decimal] = defaultdict(Decimal, pods=Decimal(count))
    for container in pod.containers:
        resources = container.fields.get("resources") or {}
        for which in ("requests", "limits"):
            for name, quantity in (resources.get(which) or {}).items():
                found[f"{which}.{name}"] += amount(quantity) * count
                if which == "requests" and name in ("cpu", "memory", "ephemeral-storage"):
                    found[name] += amount(quantity) * count
    return dict(found)


def short(quotas: Iterable[Fields], wanted: Mapping[str, Decimal]) -> Iterator[str]:
    """A sentence for each quota and resource of which there is too little left; but those of some pods only."""
    for quota in quotas:
        spec, status = quota.get("spec") or {}, quota.get("status") or {}
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        limits, used = status.get("hard") or spec.get("hard") or {}, status.get("used") or {}
        for name, limit in limits.items():
            more = wanted.get(name, Decimal(0))
            if more and amount(used.get(name, "0")) + more > amount(limit):
                yield (
                    f"the quota {quota['metadata']['name']} leaves too little {name}: {used.get(name, '0')} of {limit}"
                    f" are used, and {_told(more)} more are asked for"
                )


def _told(number: Decimal) -> str:
    """As people write it.

    >>> _told(Decimal("0.500")), _told(Decimal(2**31))
    ('500m', '2Gi')
    """
    for unit in ("Ti", "Gi", "Mi"):
        if number >= _FACTORS[unit] and number % _FACTORS[unit] == 0:
            return f"{number / _FACTORS[unit]:f}{unit}"
    return f"{number * 1000:.0f}m" if number % 1 else f"{number:.0f}"
