"""How a release is called: its addresses, a command that works, and how to come by a token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from noteship import cluster, store
from noteship.cluster import pods, releases
from noteship.cluster.manifests.release import OF_KSERVE
from noteship.digests import Digest
from noteship.operations.releasing import Named

__all__ = ["Calling", "calling"]

Fields = Mapping[str, Any]
LOCAL_PORT = 8080
USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Calling:
    """- urls: from outside first; commands: lines for a shell; token: how to get one, empty where none is asked for."""

    urls: tuple[str, ...]
    commands: tuple[str, ...]
    token: str

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"urls": list(self.urls), "commands": list(self.commands), "token": self.token}


def calling(
    at: cluster.Cluster, objects: store.Store, named: Named, sent: Sequence[Fields], bundle: str
) -> Calling | None:
    """How what was sent is called; None of what answers no requests."""
    pod = releases.workload_of(sent)
    service = _service(named, sent, pod)
    if service is None:
        return None
    outside = tuple(_outside(at, sent))
    scheme, port = ("https", 443) if service.is_tls else ("http", 80)
    inside = f"{scheme}://{service.name}.{named.namespace}.svc"
    words = _words(pod)
    asks = not any(each == "--no-auth" for each in words)
    header = ' -H "Authorization: Bearer $TOKEN"' if asks else ""
    body = json.dumps({"rows": [_example(objects, bundle)]}, ensure_ascii=False).replace("'", "'\\''")
    asking = f"curl -s{'k' if service.is_tls and not outside else ''}"
    commands: tuple[str, ...]
    if outside:
        commands = (f"{asking} {outside[0]}/predict{header} -d '{body}'",)
    else:
        commands = (
            f"kubectl -n {named.namespace} port-forward service/{service.name} {LOCAL_PORT}:{port} &",
            # Both lines are pasted at once, and the way takes a moment to be there.
            f"{asking} --retry 5 --retry-connrefused {scheme}://localhost:{LOCAL_PORT}/predict{header} -d '{body}'",
        )
    return Calling((*outside, inside), commands, _token(named, sent, words) if asks else "")


@dataclass(frozen=True)
class _Service:
    name: str
    is_tls: bool


def _service(named: Named, sent: Sequence[Fields], pod: Fields) -> _Service | None:
    if pod["kind"] == "InferenceService":
        return _Service(f"{named.name}{OF_KSERVE}", False)
    found = next((each for each in sent if each["kind"] == "Service"), None)
    return _Service(named.name, found["spec"]["ports"][0]["port"] == 443) if found else None


def _outside(at: cluster.Cluster, sent: Sequence[Fields]) -> Iterator[str]:
    """By what leads callers in; where nobody named the host, the cluster may have."""
    for each in sent:
        if each["kind"] not in ("Route", "HTTPRoute", "Ingress"):
            continue
        live: Fields = each
        with suppress(cluster.errors.RightMissing, cluster.errors.ApiNotServed):
            live = at.get(cluster.ObjectRef.of(each)) or each
        spec, status = live["spec"], live.get("status") or {}
        match each["kind"]:
            case "Route":
                host = spec.get("host") or next((one.get("host") for one in status.get("ingress") or ()), None)
                secure = True
            case "HTTPRoute":
                yield from _of_gateway(at, spec)
                continue
            case _:
                host = spec["rules"][0].get("host") or _address(status)
                secure = bool(spec.get("tls"))
        if host:
            yield f"{'https' if secure else 'http'}://{host}"


def _of_gateway(at: cluster.Cluster, spec: Fields) -> Iterator[str]:
    """By the listener that takes the route; over TLS at the usual port, where whoever asks may not see the Gateway."""
    parent, host = spec["parentRefs"][0], next(iter(spec.get("hostnames") or ()), None)
    gateway: Fields = {}
    with suppress(cluster.errors.RightMissing, cluster.errors.ApiNotServed):
        ref = cluster.ObjectRef("gateway.networking.k8s.io/v1", "Gateway", parent["name"], parent["namespace"])
        gateway = at.get(ref) or {}
    host = host or next((str(each["value"]) for each in (gateway.get("status") or {}).get("addresses") or ()), None)
    listeners = [each for each in (gateway.get("spec") or {}).get("listeners") or () if _takes(each, host)]
    # Who can be called over TLS is.
    listeners.sort(key=lambda each: str(each["protocol"]) != "HTTPS")
    scheme, port = "https", 443
    if listeners:
        scheme, port = str(listeners[0]["protocol"]).lower(), int(listeners[0]["port"])
    if host:
        yield f"{scheme}://{host}" + ("" if port == USUAL[scheme] else f":{port}")


def _takes(listener: Fields, host: str | None) -> bool:
    name = listener.get("hostname") or ""
    fits = not name or name == host or (name.startswith("*.") and (host or "").endswith(name[1:]))
    return fits and str(listener["protocol"]).lower() in USUAL


def _address(status: Fields) -> str | None:
    """Of an Ingress without a host."""
    for each in (status.get("loadBalancer") or {}).get("ingress") or ():
        found = each.get("hostname") or each.get("ip")
        if found:
            return str(found)
    return None


def _words(pod: Fields) -> list[str]:
    spec = pod["spec"]["predictor"] if pod["kind"] == "InferenceService" else pod["spec"]["template"]["spec"]
    return list(spec["containers"][0]["args"])


def _token(named: Named, sent: Sequence[Fields], words: Sequence[str]) -> str:
    review = next((each for each in words if each.startswith("--token-review=")), "")
    if review and not any(each.startswith("--tokens=") for each in words):
        audience = next((each.partition("=")[2] for each in words if each.startswith("--token-audience=")), "")
        meant = f" --audience {audience}" if audience else ""
        return f"TOKEN=$(kubectl -n {named.namespace} create token ACCOUNT{meant}), for {review.partition('=')[2]}"
    secret = _tokens_secret(sent)
    return (
        f"noteship token NAME --scope predict --add-to tokens, then: kubectl -n {named.namespace} create secret generic"
        f" {secret} --from-file=tokens --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts -f -"
    )


def _tokens_secret(sent: Sequence[Fields]) -> str:
    """The name of the Secret in which the file of tokens is."""
    for template in pods.templates(releases.workload_of(sent)):
        for volume in template.spec.get("volumes") or ():
            for source in (volume.get("projected") or {}).get("sources") or ():
                items = (source.get("secret") or {}).get("items") or ()
                if any(each["path"] == "tokens" for each in items):
                    return str(source["secret"]["name"])
    return "TOKENS"


def _example(objects: store.Store, bundle: str) -> Any:
    """A row as the model was made with, where the store has the bundle."""
    with suppress(store.errors.MissingObject, store.errors.DamagedObject, KeyError, ValueError):
        leaf = objects.read_tree(Digest(bundle)).files["bundle.json"]
        return json.loads(objects.get_bytes(leaf.digest))["signature"]["example"]
    return {}
