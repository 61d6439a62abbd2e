"""What the HTTP client's errors mean for a registry, and whether another try can help."""

from __future__ import annotations

from noteship import errors as base_errors
from noteship import http_faults
from noteship.images import errors

__all__ = ["is_worth_another_try", "meaning"]

# What no later moment changes, unless it was there a moment ago.
_LASTING = ("connection refused", "its name is not known")


def meaning(error: Exception, registry: str, asked: str, proxy: str) -> base_errors.NoteshipError:
    """What an error of the client's is to noteship; `proxy` is shown as it is."""
    fault = http_faults.meaning(error)
    if fault.kind == "certificate":
        return errors.RegistryUntrusted(registry, fault.reason)
    if fault.kind == "answer":
        return errors.BadRegistryAnswer(registry, asked, fault.reason)
    return errors.RegistryUnreachable(registry, fault.reason, proxy)


def is_worth_another_try(fault: base_errors.NoteshipError, *, was_there: bool) -> bool:
    """Whether a moment later it may be otherwise: whoever was there a moment ago may come again."""
    if not isinstance(fault, errors.RegistryUnreachable) or "status 407" in fault.reason:
        return False
    return was_there or not fault.reason.startswith(_LASTING)
