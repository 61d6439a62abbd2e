"""What would stand in the way of a release, found before anything is sent: all of it at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from noteship import cluster
from noteship.cluster import pods, queues, quotas, releases, rights
from noteship.errors import NoteshipError
from noteship.operations.errors import NotDeployable, NotSubmittable
from noteship.operations.releasing import Named

__all__ = ["check", "faults", "told"]

Fields = Mapping[str, Any]
# How many pods more there are while new ones take over, as `manifests.workloads` has it: a quarter, one at least.
SURGE = 0.25


def faults(at: cluster.Cluster, named: Named, manifests: Sequence[Fields]) -> tuple[str, ...]:
    """A sentence for each. Nothing is changed: objects are sent to be looked at only.

    Raises what asking a cluster raises where it does not answer at all.
    """
    try:
        refused = [*_refused(at, manifests)]
    except (cluster.errors.NamespaceMissing, cluster.errors.NamespaceEnding) as error:
        # Nothing else could be said of it.
        return (told(error),)
    found = [*_lacking_rights(at, manifests), *_others(at, manifests), *refused]
    return tuple(
        dict.fromkeys(
            [*found, *_secrets(at, named, manifests), *_room(at, named, manifests), *_queue(at, named, manifests)]
        )
    )


def check(
    at: cluster.Cluster,
    named: Named,
    manifests: Sequence[Fields],
    refusal: type[NotDeployable | NotSubmittable] = NotDeployable,
) -> None:
    """Raises the refusal with all that would stand in the way, and what `faults` raises."""
    found = faults(at, named, manifests)
    if found:
        raise refusal(str(named), found)


def told(error: NoteshipError) -> str:
    """An error on one line."""
    parts = error.parts()
    near = f" ({' '.join(parts.nearest.split())})" if parts.nearest else ""
    return f"{parts.fact}{near}: {parts.remedy}"


def _lacking_rights(at: cluster.Cluster, manifests: Sequence[Fields]) -> Iterator[str]:
    """By resource, which verbs are not allowed."""
    for role in rights.rights(manifests, "preflight"):
        namespace = role["metadata"].get("namespace", cluster.EVERYWHERE)
        for rule in role["rules"]:
            for resource in rule["resources"]:
                verbs = [each for each in rule["verbs"] if not _may(at, rule, resource, each, namespace)]
                if verbs:
                    group = rule["apiGroups"][0]
                    where = "the whole cluster" if namespace == cluster.EVERYWHERE else namespace
                    yield (
                        f"you may not {', '.join(verbs)} {resource}{'.' + group if group else ''} in {where}:"
                        " noteship render --rights prints the Role to ask for"
                    )


def _may(at: cluster.Cluster, rule: Fields, resource: str, verb: str, namespace: str) -> bool:
    plural, _, part = resource.partition("/")
    name = rule.get("resourceNames", [""])[0]
    return at.can_i(cluster.Right(verb, plural, rule["apiGroups"][0], namespace, name, part))


def _others(at: cluster.Cluster, manifests: Iterable[Fields]) -> Iterator[str]:
    """What has one of the names already, and is not the release's."""
    for each in manifests:
        ref = cluster.ObjectRef.of(each)
        there = None
        with suppress(cluster.errors.ApiNotServed, cluster.errors.RightMissing):
            there = at.get(ref)
        if there is not None and not releases.belongs(there, each):
            yield f"{ref} is there and belongs to somebody else: choose another name, [kubernetes] name or --name"


def _refused(at: cluster.Cluster, manifests: Sequence[Fields]) -> Iterator[str]:
    """What the cluster itself says when it is shown them."""
    for each in [*map(_shown, manifests), *_pods(manifests)]:
        try:
            at.apply(each, dry_run=True)
        except cluster.errors.RightMissing as error:
            # Rights are told by themselves; pods are made by controllers, and few people may.
            if error.verb not in ("patch", "create"):
                yield told(error)
        except (
            cluster.errors.ClusterUnreachable,
            cluster.errors.NamespaceEnding,
            cluster.errors.NamespaceMissing,
        ):
            raise
        except cluster.errors.ObjectMissing as error:
            # A role is looked up when it is bound, and this one is sent before its binding.
            if not _is_sent(each.get("roleRef", {}), manifests):
                yield told(error)
        except NoteshipError as error:
            yield told(error)


def _is_sent(role: Fields, manifests: Sequence[Fields]) -> bool:
    return any((each["kind"], each["metadata"]["name"]) == (role.get("kind"), role.get("name")) for each in manifests)


def _shown(manifest: Fields) -> Fields:
    """A Job cannot be changed: the one that is there goes before the next comes, which is looked at by another name."""
    if manifest["kind"] != "Job":
        return manifest
    metadata = {**manifest["metadata"], "name": f"{manifest['metadata']['name']}-preflight"}
    return {**manifest, "metadata": metadata}


def _pods(manifests: Sequence[Fields]) -> Iterator[Fields]:
    """One of the pods as controllers will make it, so that what admits pods is asked, too."""
    workload = releases.workload_of(manifests)
    if workload["kind"] == "InferenceService":
        return
    for template in pods.templates(workload):
        metadata = {
            "name": f"{workload['metadata']['name']}-preflight",
            "namespace": workload["metadata"]["namespace"],
            "labels": template.metadata.get("labels", {}),
        }
        # Its own account may not be there yet; each namespace has this one.
        spec = {**template.spec, "serviceAccountName": "default"}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _secrets(at: cluster.Cluster, named: Named, manifests: Sequence[Fields]) -> Iterator[str]:
    """Secrets, or keys in them, that pods would wait for. Who may not look at them is not told."""
    wanted: dict[str, list[str]] = {}
    for template in itertools.chain.from_iterable(map(pods.templates, manifests)):
        for secret, keys in _named_secrets(template.spec):
            known = wanted.setdefault(secret, [])
            known.extend(key for key in keys if key not in known)
    for secret, keys in wanted.items():
        with suppress(cluster.errors.RightMissing):
            there = at.get(cluster.ObjectRef("v1", "Secret", secret, named.namespace))
            if there is None:
                yield f"the Secret {secret} is not there: {_making(secret, keys, named.namespace)}"
                continue
            for key in keys:
                if key not in (there.get("data") or {}):
                    yield f"the Secret {secret} has no key {key}: {_making(secret, [key], named.namespace)}"


def _named_secrets(spec: Fields) -> Iterator[tuple[str, list[str]]]:
    for each in spec.get("imagePullSecrets") or ():
        yield each["name"], []
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if source.get("secret"):
                yield source["secret"]["name"], [item["key"] for item in source["secret"].get("items") or ()]


def _making(secret: str, keys: Sequence[str], namespace: str) -> str:
    """The command that makes it."""
    files = {"tokens": "tokens", "credentials": "credentials=$HOME/.aws/credentials"}
    from_files = " ".join(f"--from-file={files.get(key, f'{key}=FILE')}" for key in keys)
    make = f"kubectl -n {namespace} create secret generic {secret} {from_files}".rstrip()
    return f"noteship token ME --scope predict --add-to tokens && {make}" if "tokens" in keys else make


def _queue(at: cluster.Cluster, named: Named, manifests: Sequence[Fields]) -> Iterator[str]:
    """A queue that would let nothing in."""
    name = queues.of(releases.workload_of(manifests))
    fault = queues.fault(at, name, named.namespace) if name else ""
    if fault:
        yield fault


def _room(at: cluster.Cluster, named: Named, manifests: Sequence[Fields]) -> Iterator[str]:
    """Of which the namespace's quotas leave too little for the pods that come at once."""
    workload = releases.workload_of(manifests)
    with suppress(cluster.errors.RightMissing):
        there = at.list(cluster.Selection("v1", "ResourceQuota", named.namespace))
        wanted: dict[str, Decimal] = {}
        for each in manifests if there else ():
            count = _coming(at, manifests) if each is workload else _beside(at, each)
            for template in pods.templates(each):
                for name, amount in quotas.asked(template, count).items():
                    wanted[name] = wanted.get(name, Decimal(0)) + amount
        yield from quotas.short(there, wanted)


def _beside(at: cluster.Cluster, manifest: Fields) -> int:
    """An evaluator's pod goes before the next one comes."""
    return int(manifest["kind"] == "Deployment" and at.get(cluster.ObjectRef.of(manifest)) is None)


def _coming(at: cluster.Cluster, manifests: Sequence[Fields]) -> int:
    """How many pods come beside those that are there."""
    workload = releases.workload_of(manifests)
    if workload["kind"] != "Deployment":
        return 1
    scaled = next((each["spec"]["minReplicas"] for each in manifests if each["kind"] == "HorizontalPodAutoscaler"), 1)
    wanted = int(workload["spec"].get("replicas", scaled))
    there = at.get(cluster.ObjectRef.of(workload))
    running = int(((there or {}).get("spec") or {}).get("replicas", 0))
    return max(wanted - running, math.ceil(running * SURGE)) if running else wanted
