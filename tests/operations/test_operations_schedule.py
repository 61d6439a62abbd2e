"""`noteship schedule`: what is on a cluster, with which rights, and what is left when it is taken away."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from cli.projects import Project
from noteship.cluster import ObjectRef, Selection, manifests
from noteship.cluster.errors import RightMissing
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.images.pushing import Pushed
from noteship.operations import build, carried_project, render
from noteship.operations.errors import NothingScheduled, NotSubmittable
from noteship.operations.gc import gc
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import clocks, submitting
from noteship.operations.schedule import Scheduled, ScheduleRequest, schedule
from noteship.operations.surroundings import Surroundings
from operations.deployments import secret
from remote.pods import ACCESS, IMAGE

RBAC = "rbac.authorization.k8s.io/v1"
SETTINGS = """
[project]
name = "mail"
[kubernetes]
namespace = "team-a"
bundle = "store"
[kubernetes.access]
api = "192.0.2.1:6443"
"""
RUNS = '[kubernetes.run]\nschedule = "15 3 * * *"\nzone = "Europe/Berlin"\n'
RETRAIN = '[retrain]\non = ["alarm"]\nlook = "6h"\nschedule = "0 4 * * 1"\n'


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """An image that is there, and a store that pods are said to reach."""
    made = build.Built(IMAGE, f"sha256:{'a' * 64}", "base", None, "", (), (), Pushed(), 0.0)
    monkeypatch.setattr(build, "build", lambda *_: made)
    monkeypatch.setattr(Surroundings, "has_store", True)
    monkeypatch.setattr(Surroundings, "store", lambda _: ACCESS)
    project.chain("a")


def cluster_with() -> MemoryCluster:
    """One with the Secrets of pods."""
    at = MemoryCluster("team-a")
    at.apply_as("kubectl", secret("mail-store", "credentials"))
    at.apply_as("kubectl", secret("mail-tokens", "tokens"))
    return at


def scheduled(project: Project, at: MemoryCluster, settings: str = "", *, is_removed: bool = False) -> Scheduled:
    project.write("noteship.toml", f"{SETTINGS}{settings}")
    telling = submitting.Telling(lambda _: None, lambda _: None, threading.Event())
    return schedule(OpenedProject.at(project.root), ScheduleRequest(is_removed=is_removed), at, telling)


def there(at: MemoryCluster, kind: str, version: str = RBAC) -> set[str]:
    found = at.list(Selection(version, kind, labels={"app.kubernetes.io/managed-by": manifests.RUNS}))
    return {str(each["metadata"]["name"]) for each in found}


def kinds(project: Project) -> dict[str, str]:
    return {each.place.name: each.kind for each in clocks.clocks(OpenedProject.at(project.root).store)}


def test_what_is_declared_begins_and_what_is_not_does_no_more(project: Project) -> None:
    """By a CronJob each, and on record; another declaration takes the others away, and no CronJob of anybody else."""
    at = cluster_with()
    theirs = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "mail-backup"}}
    at.apply_as("kubectl", theirs)
    done = scheduled(project, at, RUNS + RETRAIN + 'then = "promote"')
    assert [(each.name, each.kind, each.cron, each.zone) for each in done.clocks] == [
        ("mail-run", "run", "15 3 * * *", "Europe/Berlin"),
        ("mail-due", "look", "0 */6 * * *", "Etc/UTC"),
        ("mail-retrain", "retrain", "0 4 * * 1", "Etc/UTC"),
    ]
    assert done.image == IMAGE and kinds(project) == {"mail-run": "run", "mail-due": "look", "mail-retrain": "retrain"}
    assert there(at, "CronJob", "batch/v1") == {"mail-run", "mail-due", "mail-retrain"}
    assert there(at, "Role") == {"mail-runs"}
    assert scheduled(project, at, RUNS).removed == ("mail-due", "mail-retrain")
    assert there(at, "CronJob", "batch/v1") == {"mail-run"} and kinds(project) == {"mail-run": "run"}
    assert scheduled(project, at, RUNS, is_removed=True).removed == ("mail-run",)
    assert not kinds(project) and at.get(ObjectRef("batch/v1", "CronJob", "mail-backup"))
    with pytest.raises(NothingScheduled):
        scheduled(project, at, RUNS, is_removed=True)


def test_a_clock_that_somebody_took_away_is_forgotten(project: Project) -> None:
    """Its CronJob went by hand: nothing of it stays on record."""
    at = cluster_with()
    scheduled(project, at, RUNS)
    at.delete(ObjectRef("batch/v1", "CronJob", "mail-run"))
    with pytest.raises(NothingScheduled):
        scheduled(project, at, RUNS, is_removed=True)
    assert not kinds(project)


@pytest.mark.parametrize("then", ["deploy", "canary"])
def test_a_retraining_that_deploys_has_an_account_of_its_own(project: Project, then: str) -> None:
    """With a driver's rights and those of deploying, until it goes no further than promoting, or is taken away."""
    at = cluster_with()
    scheduled(project, at, RUNS + RETRAIN + f'then = "{then}"')
    opened = OpenedProject.at(project.root)
    deploying = render.deployers(
        opened, render.releasing.named_release(opened, None, None, at), render.RenderRequest(platform=None), at
    )
    own = {each: at.get(ObjectRef(RBAC, "Role", each)) for each in there(at, "Role")}
    assert set(own) == {"mail-runs", "mail-due", "mail-retrain"}
    drivers = list(own["mail-runs"]["rules"])  # type: ignore[index]
    rules = [*drivers, *(rule for role in deploying for rule in role["rules"])]
    assert own["mail-due"]["rules"] == own["mail-retrain"]["rules"] == rules  # type: ignore[index]
    run = at.get(ObjectRef("batch/v1", "CronJob", "mail-run"))
    assert run and run["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"] == "mail-runs"
    scheduled(project, at, RUNS + RETRAIN + 'then = "promote"')
    for kind, version in (("Role", RBAC), ("RoleBinding", RBAC), ("ServiceAccount", "v1")):
        assert there(at, kind, version) == {"mail-runs"}
    scheduled(project, at, RUNS + RETRAIN + f'then = "{then}"')
    scheduled(project, at, is_removed=True)
    assert there(at, "Role") == {"mail-runs"}


def test_a_bundle_in_the_image_cannot_be_deployed_from_a_pod(project: Project) -> None:
    """It is said before anything is sent."""
    at = cluster_with()
    project.write("noteship.toml", SETTINGS.replace('"store"', '"image"') + RETRAIN + 'then = "deploy"')
    telling = submitting.Telling(lambda _: None, lambda _: None, threading.Event())
    with pytest.raises(NotSubmittable, match='bundle = "store"'):
        schedule(OpenedProject.at(project.root), ScheduleRequest(), at, telling)
    assert not there(at, "CronJob", "batch/v1") and not kinds(project)


@pytest.mark.parametrize("then", ["promote", "deploy"])
def test_the_role_is_enough_to_schedule(project: Project, then: str) -> None:
    """Who may do what `render --rights` prints, and nothing else, schedules and takes away."""
    settings = RUNS + RETRAIN + f'then = "{then}"'
    project.write("noteship.toml", SETTINGS + settings)
    roles = render.roles(OpenedProject.at(project.root), render.RenderRequest(platform=None), cluster_with())
    rules = [rule for role in roles for rule in role["rules"]]
    at = MemoryCluster("team-a", rules)
    assert len(scheduled(project, at, settings).clocks) == 3
    assert len(scheduled(project, at, settings, is_removed=True).removed) == 3
    less = MemoryCluster("team-a", [each for each in rules if "cronjobs" not in each["resources"]])
    with pytest.raises(RightMissing, match="cronjobs"):
        scheduled(project, less, settings)


def test_what_clocks_begin_is_kept(project: Project) -> None:
    """`gc` keeps what goes to pods at the next stroke, however long ago the last one was; not after it was removed."""
    at = cluster_with()
    scheduled(project, at, RUNS)
    objects = OpenedProject.at(project.root).store
    [clock] = clocks.clocks(objects)
    digest = clock.submission.carried
    long_ago = (datetime.now(UTC) - 2 * carried_project.KEPT).date().isoformat()
    objects.write_ref(f"carried/{digest}", {"asked": long_ago}, expected=objects.read_ref(f"carried/{digest}"))
    gc(OpenedProject.at(project.root), 1, dry_run=False)
    assert digest in set(carried_project.needed(objects, clocks.awaited(objects)))
    assert list(objects.refs("carried/")) == [f"carried/{digest}"]
    scheduled(project, at, is_removed=True)
    gc(OpenedProject.at(project.root), 1, dry_run=False)
    assert not list(objects.refs("carried/"))


def test_runs_of_clocks_are_forgotten_after_a_month(project: Project) -> None:
    """Which run a Job was, and which Job carried a retraining out, is known for as long as Jobs are there."""
    objects = OpenedProject.at(project.root).store
    old, young = (f"{datetime.now(UTC) - timedelta(days=days):%Y%m%dT%H%M%S000000Z}-abcdef" for days in (31, 29))
    for name in (old, young):
        objects.write_ref(f"clock-runs/mail-run-{name[:8]}/uid", {"run": name}, expected=None)
        clocks.take(objects, name, "mail-due-1/uid")
    gc(OpenedProject.at(project.root), 1, dry_run=False)
    assert list(objects.refs("clock-runs/")) == [f"clock-runs/mail-run-{young[:8]}/uid"]
    assert (clocks.holder(objects, old), clocks.holder(objects, young)) == ("", "mail-due-1/uid")
