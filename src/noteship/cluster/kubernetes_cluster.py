"""A real cluster, through its API server."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from noteship.cluster import errors, selecting, watching
from noteship.cluster.client import Client, Forgotten, Request, parsed, refusal
from noteship.cluster.cluster import (
    ENDLESS,
    EVERYWHERE,
    FIELD_MANAGER,
    Applied,
    Change,
    LogsOf,
    Object,
    ObjectRef,
    Policy,
    Resource,
    Right,
    Selection,
    Until,
)
from noteship.cluster.kubeconfig import Access
from noteship.cluster.refusals import Asked

__all__ = ["KubernetesCluster"]

# As kubectl has it.
PAGE = 500
# Bookmarks come about once a minute; a watch that is silent for longer is made again, from where it was.
SILENCE_S = 90.0
# As client-go has it, at least: the server ends the watch by itself, so that load is spread anew.
WATCH_S = 300
# How long a cluster may be away in the middle of a watch.
AWAY_S = 60.0
WAIT_S, MOST_WAIT_S = 0.25, 8.0


class KubernetesCluster:
    """A cluster that an access leads to; to be closed. Opening asks nothing yet. Safe among threads."""

    def __init__(self, access: Access, known_as: str = "") -> None:
        self._access = access
        self._known_as = known_as
        self._client = Client(access)
        self._served: dict[str, tuple[Resource, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections; another call makes new ones."""
        self._client.close()

    @property
    def url(self) -> str:
        """The server's address, as it is known."""
        return self._known_as or self._access.server

    @property
    def namespace(self) -> str:
        """Of the context, or the one that was asked for."""
        return self._access.namespace

    def version(self) -> str:
        """Of the server."""
        return str(self._read("version", "tell its version").get("gitVersion", ""))

    def groups(self) -> frozenset[str]:
        """The groups that are served."""
        found = self._read("apis", "list its APIs").get("groups") or ()
        return frozenset({"", *(str(each["name"]) for each in found)})

    def resources(self, api_version: str) -> tuple[Resource, ...]:
        """What is served of an API version."""
        path = f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
        try:
            found = self._read(path, f"list what it serves of {api_version}").get("resources") or ()
        except (errors.ApiNotServed, errors.ObjectMissing):
            return ()
        served = tuple(_resource(api_version, each) for each in found if "/" not in each["name"])
        self._served[api_version] = served
        return served

    def apply(self, thing: Object, *, dry_run: bool = False, force: bool = False) -> Applied:
        """Server-side apply, with unknown fields refused."""
        ref = ObjectRef.of(thing)
        resource, asked = self._of(ref, "apply")
        if not ref.name:
            raise errors.ObjectInvalid(asked.thing, (("metadata.name", "Required value"),))
        params = {"fieldManager": FIELD_MANAGER, "force": force, "fieldValidation": "Strict"}
        request = self._client.request(
            "patch",
            resource,
            asked.namespace,
            ref.name,
            obj=copy.deepcopy(dict(thing)),
            headers={"Content-Type": "application/apply-patch+yaml"},
            params={**params, "dryRun": "All" if dry_run else None},
        )
        answer = self._client.ask(request, asked)
        return Applied(answer.body, answer.warnings)

    def get(self, ref: ObjectRef) -> Object | None:
        """The object; None when it is absent."""
        resource, asked = self._of(ref, "get")
        try:
            return self._client.ask(self._client.request("get", resource, asked.namespace, ref.name), asked).body
        except (errors.ObjectMissing, errors.NamespaceMissing):
            return None

    def list(self, which: Selection) -> tuple[Object, ...]:
        """The objects, page by page."""
        things, _ = self._listed(which)
        return tuple(sorted(things, key=selecting.place))

    def watch(self, which: Selection, until: Until = ENDLESS) -> Iterator[Change]:
        """A listing, and from its version on what the server tells; made again as often as it breaks off."""
        deadline, seen, away = watching.Deadline(until), watching.Seen(), _Away()
        version, has_begun = "", False
        while not deadline.is_over():
            try:
                if not version:
                    things, version = self._listed(which)
                    has_begun = True
                    yield from seen.listed(things)
                for what, thing in self._events(which, version, deadline):
                    version = watching.version_of(thing)
                    away.ended()
                    yield from seen.told(what, thing) if what != "BOOKMARK" else ()
            except Forgotten:
                version = ""
            except (errors.ClusterUnreachable, errors.ClusterBusy) as error:
                if not has_begun:
                    raise
                away.lasts(error, deadline)
                # A server that was set back does not know the version any more, and says only that it is busy.
                version = "" if away.is_long else version

    def delete(self, ref: ObjectRef, *, policy: Policy = "background", uid: str = "") -> bool:
        """Delete the object, and what it owns by the policy."""
        resource, asked = self._of(ref, "delete")
        request = self._client.request("delete", resource, asked.namespace, ref.name)
        request.data = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": policy.capitalize(),
            **({"preconditions": {"uid": uid}} if uid else {}),
        }
        try:
            self._client.ask(request, asked)
        except (errors.ObjectMissing, errors.NamespaceMissing):
            return False
        return True

    def logs(self, which: LogsOf, until: Until = ENDLESS) -> Iterator[str]:
        """The lines as they come."""
        namespace = which.namespace or self.namespace
        thing = str(ObjectRef("v1", "Pod", which.pod, namespace))
        asked = Asked(self.url, "read the logs of", thing, namespace, "pods/log", self._access.who)
        path = f"api/v1/namespaces/{namespace}/pods/{which.pod}/log"
        lines = self._client.lines(Request("GET", path, params=_of_logs(which)), asked, watching.Deadline(until))
        for line in lines:
            yield line.decode(errors="replace")

    def can_i(self, right: Right) -> bool:
        """By a SelfSubjectAccessReview."""
        attributes = {
            "verb": right.verb,
            "group": right.group,
            "resource": right.resource,
            "subresource": right.subresource,
            "name": right.name,
            "namespace": "" if right.namespace == EVERYWHERE else right.namespace or self.namespace,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        asked = Asked(self.url, "tell what you may do", who=self._access.who)
        answer = self._client.ask(Request("POST", path, data=body), asked).body
        return bool((answer.get("status") or {}).get("allowed"))

    def _listed(self, which: Selection) -> tuple[Sequence[Object], str]:
        """All pages, and the version at which they were true."""
        things: deque[Object] = deque()
        asked, request = self._request_of(which, {"limit": PAGE})
        while True:
            try:
                page = self._client.ask(request, asked).body
            except Forgotten:
                # The next page was forgotten; what is asked at once cannot be.
                things.clear()
                asked, request = self._request_of(which, {})
                continue
            things.extend(
                {"apiVersion": which.api_version, "kind": which.kind, **each} for each in page.get("items") or ()
            )
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                return things, str(metadata.get("resourceVersion", ""))
            request.params["continue"] = metadata["continue"]

    def _events(
        self, which: Selection, version: str, deadline: watching.Deadline
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        params = {"resourceVersion": version, "allowWatchBookmarks": True, "timeoutSeconds": WATCH_S}
        asked, request = self._request_of(which, params, watch=True)
        for line in self._client.lines(request, asked, deadline, SILENCE_S):
            event = parsed(line, asked)
            if event.get("type") == "ERROR":
                raise refusal(500, event["object"], asked)
            yield str(event.get("type")), event["object"]

    def _request_of(self, which: Selection, params: Mapping[str, Any], *, watch: bool = False) -> tuple[Asked, Request]:
        resource = self._resource(which.api_version, which.kind)
        namespace = (which.namespace or self.namespace) if resource.is_namespaced else ""
        shown = "" if namespace == EVERYWHERE else namespace
        doing = "watch" if watch else "list"
        asked = Asked(self.url, doing, resource.full_name, shown, resource.full_name, self._access.who)
        selectors = {"labelSelector": selecting.text(which.labels), "fieldSelector": selecting.text(which.fields)}
        given = {**params, **{name: value for name, value in selectors.items() if value}}
        return asked, self._client.request("list", resource, namespace, watch=watch, params=given)

    def _of(self, ref: ObjectRef, doing: str) -> tuple[Resource, Asked]:
        resource = self._resource(ref.api_version, ref.kind)
        namespace = (ref.namespace or self.namespace) if resource.is_namespaced else ""
        whole = ObjectRef(ref.api_version, ref.kind, ref.name, namespace)
        return resource, Asked(self.url, doing, str(whole), namespace, resource.full_name, self._access.who)

    def _resource(self, api_version: str, kind: str) -> Resource:
        """How a kind is served; what was found once is not asked again."""
        found = selecting.of_kind(kind, self._served.get(api_version, ()))
        found = found or selecting.of_kind(kind, self.resources(api_version))
        if not found:
            near = selecting.near(api_version, kind, self.groups(), self._served.get(api_version, ()))
            raise errors.ApiNotServed(api_version, kind, self.url, near)
        return found

    def _read(self, path: str, doing: str) -> Mapping[str, Any]:
        return self._client.ask(Request("GET", path), Asked(self.url, doing, who=self._access.who)).body


class _Away:
    """How long a cluster has not answered, in the middle of a watch."""

    def __init__(self) -> None:
        self._waited_s = 0.0
        self._next_s = WAIT_S

    def ended(self) -> None:
        """It answers again."""
        self._waited_s, self._next_s = 0.0, WAIT_S

    @property
    def is_long(self) -> bool:
        """Whether asking once more did not help."""
        return self._waited_s > WAIT_S

    def lasts(self, error: Exception, deadline: watching.Deadline) -> None:
        """Wait longer each time, and raise the error when it has been for too long."""
        if self._waited_s >= AWAY_S:
            raise error
        deadline.wait(self._next_s)
        self._waited_s += self._next_s
        self._next_s = min(MOST_WAIT_S, self._next_s * 2)


def _of_logs(which: LogsOf) -> dict[str, str]:
    params = {"container": which.container, "tailLines": "" if which.tail is None else str(which.tail)}
    flags = {"follow": which.follow, "previous": which.previous}
    given = {**params, **{name: "true" if is_set else "" for name, is_set in flags.items()}}
    return {name: value for name, value in given.items() if value}


def _resource(api_version: str, served: Mapping[str, Any]) -> Resource:
    return Resource(
        api_version, str(served["kind"]), str(served["name"]), bool(served["namespaced"]), frozenset(served["verbs"])
    )
