"""What every cluster does, whatever keeps the objects."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from contracts import cluster_places
from contracts.cluster_places import Place
from noteship.cluster import errors
from noteship.cluster.cluster import EVERYWHERE, Cluster, LogsOf, ObjectRef, Right, Selection, Until

MAPS = ("v1", "ConfigMap")


@pytest.fixture(params=cluster_places.ALL)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with cluster_places.opened(request.param, tmp_path) as opened:
        yield opened


def config_map(name: str, data: dict[str, str], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data}


def deployment(name: str, image: str = "one", replicas: int | None = None) -> dict[str, Any]:
    labels = {"app": name}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "serve", "image": image}]}},
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def ref(name: str, kind: tuple[str, str] = MAPS) -> ObjectRef:
    return ObjectRef(*kind, name)


def names(cluster: Cluster, **selected: Any) -> list[str]:
    found = cluster.list(Selection("v1", "ConfigMap", **selected))
    return [each["metadata"]["name"] for each in found if each["metadata"]["name"] != "kube-root-ca.crt"]


def soon(holds: Callable[[], bool]) -> None:
    """Controllers take their time."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def data_of(cluster: Cluster, name: str) -> Any:
    found = cluster.get(ref(name))
    assert found is not None
    return found.get("data")


def test_what_was_applied_is_there(place: Place) -> None:
    """An object comes back with what was sent, a version and an identity, and is read the same."""
    applied = place.cluster.apply(config_map("a", {"x": "1"}, labels={"app": "mail"}))
    assert applied.thing["data"] == {"x": "1"}
    assert applied.thing["metadata"]["labels"] == {"app": "mail"}
    assert applied.thing["metadata"]["namespace"] == place.cluster.namespace
    assert applied.thing["metadata"]["uid"]
    assert applied.warnings == ()
    assert place.cluster.get(ref("a")) == applied.thing


def test_what_is_absent_is_no_error(place: Place) -> None:
    """Reading gives nothing, deleting says that there was nothing, in a namespace that is not there, too."""
    for namespace in ("", "there-is-none"):
        absent = ObjectRef("v1", "ConfigMap", "absent", namespace)
        assert place.cluster.get(absent) is None
        assert place.cluster.delete(absent) is False
    assert place.cluster.list(Selection("v1", "ConfigMap", "there-is-none")) == ()


def test_the_same_again_changes_nothing(place: Place) -> None:
    """Applying twice leaves the version as it is; a change of the specification counts up the generation."""
    first = place.cluster.apply(deployment("web")).thing["metadata"]
    soon(lambda: is_settled(place.cluster, "web"))
    before = place.cluster.get(ref("web", ("apps/v1", "Deployment")))
    assert before is not None
    again = place.cluster.apply(deployment("web")).thing["metadata"]
    assert again["resourceVersion"] == before["metadata"]["resourceVersion"]
    other = place.cluster.apply(deployment("web", "two")).thing["metadata"]
    assert other["resourceVersion"] != again["resourceVersion"]
    assert (first["generation"], again["generation"], other["generation"]) == (1, 1, 2)
    assert other["uid"] == first["uid"]


def is_settled(cluster: Cluster, name: str) -> bool:
    """A controller writes several times to what is new."""
    versions = []
    for _ in range(2):
        found = cluster.get(ref(name, ("apps/v1", "Deployment")))
        assert found is not None
        versions.append(found["metadata"]["resourceVersion"])
        time.sleep(0.3)
    return len(set(versions)) == 1


def test_what_is_left_out_goes_and_what_others_set_stays(place: Place) -> None:
    """Only fields that noteship itself set before are taken away."""
    place.cluster.apply(config_map("a", {"x": "1", "y": "2"}))
    place.apply_as("others", config_map("a", {"z": "3"}))
    place.cluster.apply(config_map("a", {"x": "1"}))
    assert data_of(place.cluster, "a") == {"x": "1", "z": "3"}


def test_a_field_of_another_manager_is_a_conflict(place: Place) -> None:
    """It names the manager and the field and changes nothing; only by force it is taken over."""
    place.apply_as("others", config_map("a", {"x": "theirs", "y": "theirs"}))
    with pytest.raises(errors.FieldsOwnedByOthers) as caught:
        place.cluster.apply(config_map("a", {"x": "ours", "new": "ours"}))
    assert caught.value.conflicts == (("others", ".data.x"),)
    assert data_of(place.cluster, "a") == {"x": "theirs", "y": "theirs"}
    place.cluster.apply(config_map("a", {"x": "ours"}), force=True)
    assert data_of(place.cluster, "a") == {"x": "ours", "y": "theirs"}
    place.cluster.apply(config_map("a", {"x": "ours again"}))
    assert data_of(place.cluster, "a") == {"x": "ours again", "y": "theirs"}


def test_one_value_of_two_managers_is_no_conflict(place: Place) -> None:
    """Who gives it up leaves it to the other."""
    place.apply_as("others", config_map("a", {"x": "same"}))
    place.cluster.apply(config_map("a", {"x": "same", "y": "1"}))
    place.cluster.apply(config_map("a", {"y": "1"}))
    assert data_of(place.cluster, "a") == {"x": "same", "y": "1"}


def test_lists_of_named_things_are_merged_by_name(place: Place) -> None:
    """Another manager's variable stays in a container of noteship's, and a conflict within it names its place."""
    place.cluster.apply(deployment("web"))
    theirs = deployment("web")
    theirs["spec"]["template"]["spec"]["containers"] = [{"name": "serve", "env": [{"name": "A", "value": "1"}]}]
    place.apply_as("others", theirs)
    after = place.cluster.apply(deployment("web", "two")).thing
    (container,) = after["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["env"]) == ("two", [{"name": "A", "value": "1"}])
    place.apply_as("others", deployment("web", "theirs"))
    with pytest.raises(errors.FieldsOwnedByOthers) as caught:
        place.cluster.apply(deployment("web", "three"))
    assert caught.value.conflicts == (("others", '.spec.template.spec.containers[name="serve"].image'),)


def test_a_named_thing_that_is_left_out_goes(place: Place) -> None:
    """Whole, unless another manager set something in it."""
    two = deployment("web")
    for name in ("beside", "shared"):
        two["spec"]["template"]["spec"]["containers"].append({"name": name, "image": "one"})
    place.cluster.apply(two)
    theirs = deployment("web")
    theirs["spec"]["template"]["spec"]["containers"] = [{"name": "shared", "image": "one"}]
    place.apply_as("others", theirs)
    after = place.cluster.apply(deployment("web")).thing
    assert [each["name"] for each in after["spec"]["template"]["spec"]["containers"]] == ["serve", "shared"]


def test_a_dry_run_keeps_nothing(place: Place) -> None:
    """It says what would be, and what would go wrong."""
    assert place.cluster.apply(config_map("a", {"x": "1"}), dry_run=True).thing["data"] == {"x": "1"}
    assert place.cluster.get(ref("a")) is None
    place.apply_as("others", config_map("a", {"x": "theirs"}))
    assert place.cluster.apply(config_map("a", {"y": "1"}), dry_run=True).thing["data"] == {"x": "theirs", "y": "1"}
    with pytest.raises(errors.FieldsOwnedByOthers):
        place.cluster.apply(config_map("a", {"x": "ours"}), dry_run=True)
    assert data_of(place.cluster, "a") == {"x": "theirs"}


def test_objects_are_selected_by_labels_and_fields(place: Place) -> None:
    """A value, several values, any value, a name; in one namespace or all of them, in order."""
    other = place.other_namespace()
    for name, labels in (("b", {"app": "mail", "run": "1"}), ("a", {"app": "mail", "run": "2"}), ("c", {"app": "web"})):
        place.cluster.apply(config_map(name, {}, labels={**labels, "test": other}))
    place.cluster.apply(config_map("d", {}, labels={"test": other}, namespace=other))
    assert names(place.cluster, labels={"app": "mail"}) == ["a", "b"]
    assert names(place.cluster, labels={"app": "mail", "run": "1"}) == ["b"]
    assert names(place.cluster, labels={"app": ("web", "none"), "test": None}) == ["c"]
    assert names(place.cluster, labels={"run": None}) == ["a", "b"]
    assert names(place.cluster, fields={"metadata.name": "c"}) == ["c"]
    assert names(place.cluster, labels={"test": other}, namespace=other) == ["d"]
    assert sorted(names(place.cluster, labels={"test": other}, namespace=EVERYWHERE)) == ["a", "b", "c", "d"]


def test_what_is_listed_says_what_it_is(place: Place) -> None:
    """Objects of a listing are as complete as those that are read one by one."""
    place.cluster.apply(config_map("a", {"x": "1"}))
    (found,) = place.cluster.list(Selection.only(ref("a")))
    assert found == place.cluster.get(ref("a"))


def test_a_field_that_cannot_be_selected_by_is_refused(place: Place) -> None:
    """Instead of finding all or nothing."""
    with pytest.raises(errors.ObjectInvalid, match=r"data\.x"):
        place.cluster.list(Selection("v1", "ConfigMap", fields={"data.x": "1"}))


def test_a_watch_tells_what_is_there_and_what_changes(place: Place) -> None:
    """First all that there is, then each change, until it is stopped."""
    place.cluster.apply(config_map("a", {"x": "1"}, labels={"w": "1"}))
    stop = threading.Event()
    told = []
    watched = Selection("v1", "ConfigMap", labels={"w": "1"})
    for change in place.cluster.watch(watched, Until(stop, timeout_s=30)):
        told.append((change.what, change.thing["metadata"]["name"], change.thing["kind"]))
        match len(told):
            case 1:
                place.cluster.apply(config_map("b", {}, labels={"w": "1"}))
            case 2:
                place.cluster.apply(config_map("not-meant", {}, labels={"w": "2"}))
                place.cluster.apply(config_map("a", {"x": "2"}, labels={"w": "1"}))
            case 3:
                place.cluster.delete(ref("b"))
            case 4:
                place.cluster.apply(config_map("a", {"x": "2"}, labels={"w": "other"}))
            case 5:
                stop.set()
    expected = [("added", "a"), ("added", "b"), ("modified", "a"), ("deleted", "b"), ("deleted", "a")]
    assert told == [(what, name, "ConfigMap") for what, name in expected]


def test_a_watch_ends_by_itself(place: Place) -> None:
    """By its time, or within a moment when it is stopped while nothing happens."""
    began = time.monotonic()
    assert list(place.cluster.watch(Selection.only(ref("none")), Until(timeout_s=0.5))) == []
    assert 0.4 < time.monotonic() - began < 5
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    assert list(place.cluster.watch(Selection.only(ref("none")), Until(stop))) == []
    assert time.monotonic() - began < 10


def owned(name: str, owner: Any) -> dict[str, Any]:
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    return config_map(name, {}, ownerReferences=[reference])


@pytest.mark.parametrize("policy", ["background", "foreground"])
def test_what_an_object_owns_goes_with_it(place: Place, policy: Any) -> None:
    """Also what that owns in turn."""
    owner = place.cluster.apply(config_map("owner", {})).thing
    child = place.cluster.apply(owned("child", owner)).thing
    place.cluster.apply(owned("grandchild", child))
    assert place.cluster.delete(ref("owner"), policy=policy) is True
    soon(lambda: names(place.cluster) == [])


def test_what_is_owned_stays_as_an_orphan(place: Place) -> None:
    """It then has no owner."""
    owner = place.cluster.apply(config_map("owner", {})).thing
    place.cluster.apply(owned("child", owner))
    place.cluster.delete(ref("owner"), policy="orphan")
    soon(lambda: names(place.cluster) == ["child"])
    child = place.cluster.get(ref("child"))
    assert child is not None
    assert not child["metadata"].get("ownerReferences")


def test_only_the_very_object_is_deleted(place: Place) -> None:
    """One that took its name is left alone."""
    first = place.cluster.apply(config_map("a", {})).thing["metadata"]["uid"]
    place.cluster.delete(ref("a"), uid=first)
    place.cluster.apply(config_map("a", {}))
    with pytest.raises(errors.ObjectChanged):
        place.cluster.delete(ref("a"), uid=first)
    assert names(place.cluster) == ["a"]


def test_what_is_being_deleted_waits_for_its_finalizers(place: Place) -> None:
    """Until then it is there, and says since when."""
    place.cluster.apply(config_map("a", {}, finalizers=["noteship.test/wait"]))
    assert place.cluster.delete(ref("a")) is True
    found = place.cluster.get(ref("a"))
    assert found is not None
    assert found["metadata"]["deletionTimestamp"]
    place.cluster.apply(config_map("a", {}))
    assert place.cluster.get(ref("a")) is None


def test_a_namespace_that_is_absent_takes_nothing(place: Place) -> None:
    """The error names it."""
    with pytest.raises(errors.NamespaceMissing) as caught:
        place.cluster.apply(config_map("a", {}, namespace="there-is-none"))
    assert caught.value.namespace == "there-is-none"


def test_a_namespace_that_is_being_deleted_takes_nothing_new(place: Place) -> None:
    """And goes when the last object in it has gone."""
    other = place.other_namespace()
    place.cluster.apply(config_map("a", {}, namespace=other, finalizers=["noteship.test/wait"]))
    place.cluster.delete(ObjectRef("v1", "Namespace", other))
    with pytest.raises(errors.NamespaceEnding) as caught:
        place.cluster.apply(config_map("b", {}, namespace=other))
    assert caught.value.namespace == other
    place.cluster.apply(config_map("a", {}, namespace=other))
    soon(lambda: place.cluster.get(ObjectRef("v1", "Namespace", other)) is None)


def test_a_kind_that_is_not_served_is_named(place: Place) -> None:
    """With what there is instead, by every verb that names a kind."""
    asked: list[Callable[[], Any]] = [
        lambda: place.cluster.get(ObjectRef("apps/v1", "Deploymnt", "a")),
        lambda: place.cluster.list(Selection("apps/v1", "Deploymnt")),
        lambda: place.cluster.delete(ObjectRef("apps/v1", "Deploymnt", "a")),
        lambda: place.cluster.apply({"apiVersion": "apps/v1", "kind": "Deploymnt", "metadata": {"name": "a"}}),
        lambda: list(place.cluster.watch(Selection("apps/v1", "Deploymnt"))),
    ]
    for ask in asked:
        with pytest.raises(errors.ApiNotServed, match="Deployment"):
            ask()
    with pytest.raises(errors.ApiNotServed, match=r"none\.example\.org"):
        place.cluster.get(ObjectRef("none.example.org/v1", "Thing", "a"))


def test_kinds_of_others_need_no_models(place: Place) -> None:
    """A kind that is defined while the cluster is open is served like the others."""
    group = f"{place.cluster.namespace}.example.org"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"kettles.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Kettle", "plural": "kettles"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
        },
    }
    kettle = ObjectRef(f"{group}/v1", "Kettle", "k")
    with pytest.raises(errors.ApiNotServed):
        place.cluster.get(kettle)
    place.cluster.apply(definition)
    try:
        soon(lambda: any(each.kind == "Kettle" for each in place.cluster.resources(f"{group}/v1")))
        soon(lambda: group in place.cluster.groups())
        thing = {"apiVersion": f"{group}/v1", "kind": "Kettle", "metadata": {"name": "k"}, "spec": {"litres": 2}}
        place.cluster.apply(thing)
        found = place.cluster.get(kettle)
        assert found is not None
        assert found["spec"] == {"litres": 2}
        assert len(place.cluster.list(Selection(f"{group}/v1", "Kettle"))) == 1
    finally:
        place.cluster.delete(ObjectRef("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"kettles.{group}"))


SCHEMA = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"litres": {"type": "integer"}}}}}


def test_what_is_not_valid_is_told_by_field(place: Place) -> None:
    """A name that is none, and a field that cannot be changed."""
    with pytest.raises(errors.ObjectInvalid) as caught:
        place.cluster.apply(config_map("No_Name", {}))
    assert [field for field, _ in caught.value.causes] == ["metadata.name"]
    place.cluster.apply(deployment("web"))
    other = deployment("web")
    other["spec"]["selector"]["matchLabels"]["more"] = "1"
    other["spec"]["template"]["metadata"]["labels"]["more"] = "1"
    with pytest.raises(errors.ObjectInvalid, match="field is immutable") as caught:
        place.cluster.apply(other)
    assert [field for field, _ in caught.value.causes] == ["spec.selector"]


def test_a_version_that_is_named_has_to_be_the_present_one(place: Place) -> None:
    """So that of two writers one knows that the other was there."""
    version = place.cluster.apply(config_map("a", {"x": "1"})).thing["metadata"]["resourceVersion"]
    place.cluster.apply(config_map("a", {"x": "2"}, resourceVersion=version))
    with pytest.raises(errors.ObjectChanged):
        place.cluster.apply(config_map("a", {"x": "3"}, resourceVersion=version))
    assert data_of(place.cluster, "a") == {"x": "2"}


def test_of_many_writers_from_one_version_one_succeeds(place: Place) -> None:
    """The others are told, and what the winner wrote is there."""
    version = place.cluster.apply(config_map("a", {"x": "start"})).thing["metadata"]["resourceVersion"]

    def write(number: int) -> int | None:
        try:
            place.cluster.apply(config_map("a", {"x": str(number)}, resourceVersion=version))
        except errors.ObjectChanged:
            return None
        return number

    with ThreadPoolExecutor(6) as pool:
        won = [each for each in pool.map(write, range(6)) if each is not None]
    assert len(won) == 1
    assert data_of(place.cluster, "a") == {"x": str(won[0])}


def test_who_may_not_is_told_what_is_missing(place: Place) -> None:
    """What can be asked beforehand agrees with what the verbs do."""
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], "resourceNames": ["web"]},
    ]
    limited = place.limited(rules)
    asked = {
        Right("get", "configmaps"): True,
        Right("create", "configmaps"): False,
        Right("get", "pods", subresource="log"): False,
        Right("get", "deployments", "apps", name="web"): True,
        Right("get", "deployments", "apps"): False,
        Right("list", "namespaces", namespace=EVERYWHERE): False,
    }
    assert {right: limited.can_i(right) for right in asked} == asked
    assert limited.get(ref("a")) is None
    refused: list[tuple[Callable[[], Any], tuple[str, str, str]]] = [
        (lambda: limited.apply(config_map("a", {})), ("create", "configmaps", limited.namespace)),
        (lambda: limited.delete(ref("a")), ("delete", "configmaps", limited.namespace)),
        (lambda: list(limited.watch(Selection("v1", "ConfigMap"))), ("watch", "configmaps", limited.namespace)),
        (lambda: limited.apply(deployment("web")), ("patch", "deployments.apps", limited.namespace)),
        (lambda: list(limited.logs(LogsOf("a"))), ("get", "pods/log", limited.namespace)),
        (lambda: limited.list(Selection("v1", "Node")), ("list", "nodes", "")),
        (lambda: limited.list(Selection("v1", "Pod", EVERYWHERE)), ("list", "pods", "")),
    ]
    for ask, missing in refused:
        with pytest.raises(errors.RightMissing) as caught:
            ask()
        assert (caught.value.verb, caught.value.resource, caught.value.namespace) == missing


def test_a_cluster_says_what_it_serves(place: Place) -> None:
    """Version, groups, and kinds with what can be done to them."""
    assert place.cluster.version().startswith("v1.")
    assert {"", "apps", "batch", "networking.k8s.io"} <= place.cluster.groups()
    assert place.cluster.resources("none.example.org/v1") == ()
    jobs = [each for each in place.cluster.resources("batch/v1") if each.kind == "Job"]
    assert [(each.full_name, each.is_namespaced) for each in jobs] == [("jobs.batch", True)]
    assert {"patch", "watch"} <= jobs[0].verbs
    spaces = [each for each in place.cluster.resources("v1") if each.kind == "Namespace"]
    assert [each.is_namespaced for each in spaces] == [False]


def test_logs_are_read_from_their_end_and_followed(place: Place) -> None:
    """Lines without ends; following one that has ended ends."""
    place.pod("talker", "one", "two", "drei ü", "")
    assert list(place.cluster.logs(LogsOf("talker"))) == ["one", "two", "drei ü", ""]
    assert list(place.cluster.logs(LogsOf("talker", tail=2))) == ["drei ü", ""]
    assert list(place.cluster.logs(LogsOf("talker", tail=0))) == []
    assert list(place.cluster.logs(LogsOf("talker", follow=True), Until(timeout_s=20))) == ["one", "two", "drei ü", ""]


def test_a_container_that_never_ran_has_no_logs(place: Place) -> None:
    """Neither now nor before; and a pod that is absent is told of as such."""
    place.waiting_pod("waits")
    for which in (LogsOf("waits"), LogsOf("waits", previous=True)):
        with pytest.raises(errors.NoLogs):
            list(place.cluster.logs(which))
    with pytest.raises(errors.ObjectMissing):
        list(place.cluster.logs(LogsOf("absent")))


def test_the_address_for_messages_has_no_secrets(place: Place) -> None:
    """What is shown names the cluster and nothing of who asks."""
    assert place.cluster.url
    assert "@" not in place.cluster.url
