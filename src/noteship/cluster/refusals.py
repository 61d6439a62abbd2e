"""What a refusal of the API server means: its Status, taken apart. Pure; the texts are those of Kubernetes 1.28 on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from noteship import errors as base_errors
from noteship.cluster import errors

__all__ = ["Asked", "controls", "meaning"]


@dataclass(frozen=True)
class Asked:
    """What was asked, and where, for messages: `doing` is a verb, `thing` on what; `who` is shown when nobody is known.

    `resource` is the plural with its group, as rights name it.
    """

    server: str
    doing: str
    thing: str = ""
    namespace: str = ""
    resource: str = ""
    who: str = ""

    @property
    def words(self) -> str:
        """Both in one."""
        return f"{self.doing} {self.thing}".strip()


@dataclass(frozen=True)
class _Status:
    code: int
    reason: str
    message: str
    details: Mapping[str, Any]

    @property
    def causes(self) -> list[Mapping[str, Any]]:
        return [each for each in self.details.get("causes") or () if isinstance(each, Mapping)]

    def has_cause(self, reason: str) -> bool:
        return any(each.get("reason") == reason for each in self.causes)


def meaning(code: int, status: Mapping[str, Any], asked: Asked) -> base_errors.NoteshipError:
    """What it is to noteship that the server answered with this code and this Status."""
    details = status.get("details")
    told = _Status(
        int(status.get("code") or code),
        str(status.get("reason") or ""),
        str(status.get("message") or ""),
        details if isinstance(details, Mapping) else {},
    )
    for look in _BY_TEXT:
        found = look(told, asked)
        if found:
            return found
    if asked.resource == "secrets" and told.code in (400, 422, 500):
        told = _without_values(told)
    found = _by_code(told, asked)
    if found:
        return found
    reason = ": ".join(part for part in (f"{told.code} {told.reason}".strip(), told.message) if part)
    return errors.ClusterFailed(asked.server, asked.words, reason)


def _without_values(told: _Status) -> _Status:
    """Of a Secret, only the names of fields are shown: what is said of them may quote what is in them."""
    causes = [{**each, "message": _CLOSED} for each in told.causes]
    return replace(told, details={**told.details, "causes": causes}, message=_CLOSED)


def _by_code(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    match told.code:
        case 401:
            return errors.ClusterUnauthorized(asked.server, asked.who)
        case 403:
            return _forbidden(told, asked)
        case 404:
            return _not_found(told, asked)
        case 409:
            return _conflict(told, asked)
        case 400 | 422:
            return errors.ObjectInvalid(asked.thing or asked.words, _fields(told), told.message)
        case 408 | 429 | 503 | 504:
            return errors.ClusterBusy(asked.server, f"{told.code}: {told.message or told.reason}")
    return None


def _forbidden(told: _Status, asked: Asked) -> base_errors.NoteshipError:
    match = _FORBIDDEN.search(told.message)
    if not match:
        if "cannot" in told.message or told.message.count("forbidden") != 1 or told.message.endswith("forbidden"):
            return errors.RightMissing(asked.doing, asked.resource or asked.thing, asked.namespace, "", told.message)
        said = told.message.partition(" is forbidden: ")[2] or told.message
        return errors.AdmissionRefused(asked.thing, asked.namespace, "a rule of the cluster", said)
    verb, resource, group = match["verb"], match["resource"], match["group"]
    plural, _, sub = resource.partition("/")
    full = (f"{plural}.{group}" if group else plural) + (f"/{sub}" if sub else "")
    # What goes on after that says how rights are found out, such as a webhook's own words.
    return errors.RightMissing(verb, full, match["namespace"] or "", match["user"])


def _not_found(told: _Status, asked: Asked) -> base_errors.NoteshipError:
    if told.details.get("kind") == "namespaces" and asked.thing != f"Namespace {told.details.get('name')}":
        return errors.NamespaceMissing(str(told.details.get("name", asked.namespace)), asked.server)
    if told.details.get("name"):
        return errors.ObjectMissing(asked.thing, asked.server)
    return errors.ApiNotServed("the version asked for", asked.resource or asked.thing, asked.server, told.message)


def _conflict(told: _Status, asked: Asked) -> base_errors.NoteshipError:
    owned = [each for each in told.causes if each.get("reason") == "FieldManagerConflict"]
    if owned:
        return errors.FieldsOwnedByOthers(
            asked.thing, tuple((_manager(str(each.get("message", ""))), str(each.get("field", ""))) for each in owned)
        )
    return errors.ObjectChanged(asked.thing, told.message)


def _manager(message: str) -> str:
    match = re.search(r'conflicts? with "((?:[^"\\]|\\.)*)"', message)
    return match[1] if match else "another manager"


def _fields(told: _Status) -> tuple[tuple[str, str], ...]:
    return tuple((str(each.get("field", "")), str(each.get("message", ""))) for each in told.causes)


_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)"| at the cluster scope)?'
)
_NOT_TYPED = re.compile(
    r"failed to (?:create typed patch|convert new) object \([^)]*\)(?: to proper version)?: (.*)", re.DOTALL
)
_FIELD = re.compile(r"(?:^|\s)(\.[A-Za-z]\S*): (.+)")
# Of what is in a Secret; its own fields' names may be told.
_CLOSED = "it is not accepted"
_POD_SECURITY = re.compile(r'violates PodSecurity "([^"]*)": (.*)', re.DOTALL)
_QUOTA = re.compile(r"exceeded quota: (\S+), requested: (.*), used: (.*), limited: (.*)")
_FAILED_QUOTA = re.compile(r"failed quota: ([^:]+): (must specify .*)")
_DENIED = re.compile(r'admission webhook "([^"]+)" denied the request(?:: (.*)| without explanation)?', re.DOTALL)
_WEBHOOK = re.compile(r'failed calling webhook "([^"]+)": (.*)', re.DOTALL)
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']+)'[^:]* denied request: (.*)", re.DOTALL)
_LIMITS = re.compile(r"is forbidden: (\[?(?:minimum|maximum) .*)", re.DOTALL)
_SCC = re.compile(r"unable to validate against any security context constraint: (.*)", re.DOTALL)


def _ending(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    if told.has_cause("NamespaceTerminating") or "because it is being terminated" in told.message:
        return errors.NamespaceEnding(asked.namespace, asked.server)
    return None


def _pod_security(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    match = _POD_SECURITY.search(told.message)
    return match and errors.PodSecurityRefused(asked.thing, asked.namespace, match[1], controls(match[2]))


def _quota(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    match = _QUOTA.search(told.message)
    if not match:
        return None
    asked_for, used, limited = (_amounts(match[each]) for each in (2, 3, 4))
    lacking = tuple((each, asked_for[each], used.get(each, "?"), limited.get(each, "?")) for each in asked_for)
    return errors.QuotaExceeded(asked.thing, asked.namespace, match[1], lacking)


def _amounts(text: str) -> dict[str, str]:
    return {name: amount for name, _, amount in (each.partition("=") for each in text.split(","))}


def _refused(pattern: re.Pattern[str], by: str) -> Callable[[_Status, Asked], base_errors.NoteshipError | None]:
    """Whoever's rule it is, by what the text begins with; two groups are a name and the reason, one is the reason."""

    def look(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
        match = pattern.search(told.message)
        if not match:
            return None
        who = f"{by} '{match[1]}'" if pattern.groups == 2 else by
        return errors.AdmissionRefused(
            asked.thing, asked.namespace, who, match[pattern.groups] or "it does not say why"
        )

    return look


def _webhook_down(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    match = _WEBHOOK.search(told.message)
    return match and errors.WebhookDown(asked.thing, match[1], match[2])


def _not_of_its_kind(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    """Fields that a kind does not have or has otherwise, which apply calls an error of the server's own."""
    match = _NOT_TYPED.search(told.message)
    if not match:
        return None
    is_open = asked.resource != "secrets"
    fields = tuple((path, _of_field(words) if is_open else _CLOSED) for path, words in _FIELD.findall(match[1]))
    return errors.ObjectInvalid(asked.thing, fields, match[1].strip() if is_open else _CLOSED)


def _of_field(words: str) -> str:
    if words == "field not declared in schema":
        return "there is no such field"
    return re.sub(r"&value\.valueUnstructured\{Value:(.*)\}", r"\1", words)


def _no_logs(told: _Status, asked: Asked) -> base_errors.NoteshipError | None:
    said = told.message
    if asked.doing != "read the logs of" or told.code not in (400, 404, 500):
        return None
    if told.code == 404 and told.details.get("kind") == "pods":
        return None
    return errors.NoLogs(asked.thing, said)


_BY_TEXT = (
    _no_logs,
    _not_of_its_kind,
    _ending,
    _pod_security,
    _quota,
    _refused(_FAILED_QUOTA, "the quota"),
    _refused(_DENIED, "the webhook"),
    _refused(_POLICY, "the cluster's policy"),
    _refused(_LIMITS, "the namespace's LimitRange"),
    _refused(_SCC, "OpenShift's security context constraints"),
    _webhook_down,
)


def controls(text: str) -> tuple[tuple[str, str], ...]:
    """The controls that Pod Security names, each with its own words, which commas and brackets may be in.

    >>> controls('host namespaces (hostNetwork=true), runAsNonRoot != true (pod must set runAsNonRoot=true)')
    (('host namespaces', 'hostNetwork=true'), ('runAsNonRoot != true', 'pod must set runAsNonRoot=true'))
    """
    found, start, depth, is_quoted = [], 0, 0, False
    for place, sign in enumerate(text):
        if sign == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth == 0 and text.startswith(", ", place):
                found.append(text[start:place])
                start = place + 2
    return tuple(_control(each.strip()) for each in (*found, text[start:]))


def _control(text: str) -> tuple[str, str]:
    name, opens, words = text.partition(" (")
    return name, words.removesuffix(")") if opens else ""
