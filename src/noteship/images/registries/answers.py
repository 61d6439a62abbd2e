"""What a registry's answers mean where they are no success."""

from __future__ import annotations

import json
from collections.abc import Callable

from noteship import errors as base_errors
from noteship.images import errors
from noteship.images.registries.messages import Answer

__all__ = ["refusal", "said"]


def refusal(
    answer: Answer, registry: str, asked: str, login: str, conceal: Callable[[str], str] = str
) -> base_errors.NoteshipError:
    """The error that an answer is; `conceal` takes secrets out of what the registry wrote."""
    reason = conceal(said(answer))
    if answer.status in (401, 403):
        return errors.RegistryDenied(registry, asked, login, reason)
    if answer.status == 429:
        wait = answer.header("retry-after")
        return errors.RegistryBusy(registry, asked, float(wait) if wait.isdecimal() else 0.0)
    if answer.status >= 500:
        return errors.RegistryFailed(registry, asked, reason)
    if answer.status >= 400:
        return errors.RegistryRefused(registry, asked, reason)
    return errors.BadRegistryAnswer(registry, asked, reason)


def said(answer: Answer) -> str:
    """The status, and the first error that the body has in the form that registries share."""
    words = f"status {answer.status}"
    try:
        first = json.loads(answer.body)["errors"][0]
        code, message, detail = (first.get(name) for name in ("code", "message", "detail"))
    except (ValueError, LookupError, TypeError, AttributeError):
        is_page = answer.header("content-type").startswith("text/html")
        return words + (" with a page of HTML" if is_page else "")
    more = json.dumps(detail, ensure_ascii=False) if detail else ""
    return base_errors.cut(": ".join(str(part) for part in (words, code, message, more) if part))
