"""Drivers that begin by a clock, as values: what may be in them, whose rights they have, what their pods are told."""

from __future__ import annotations

import itertools
from dataclasses import replace

from noteship.cluster import restricted, sccs
from noteship.cluster.manifests import Clock, Platform, clock, driver
from noteship.cluster.rights import rights

from .releases import PLATFORMS
from .test_cluster_run_manifests import FULL, RUN

RULE = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create", "get", "patch"]}
LOOK = Clock("due", "*/10 * * * *", rules=(RULE,))
WORDS = ("drive", "--job=$(JOB_NAME)/$(JOB_UID)")


def test_pod_security_and_openshift_let_all_of_it_in() -> None:
    """Whatever is set, `restricted` refuses nothing, nor the restricted constraints on OpenShift."""
    for run, at, platform in itertools.product(
        (RUN, FULL, replace(RUN, account="there")), (LOOK, Clock("run", "@daily")), PLATFORMS.values()
    ):
        for manifest in clock(run, at, WORDS, platform):
            assert restricted.violations(manifest) == ()
            if platform.is_openshift:
                assert sccs.violations(manifest, sccs.RESTRICTED_V2) == ()
            if platform.is_openshift and platform.has_user_namespaces:
                assert sccs.violations(manifest, sccs.RESTRICTED_V3) == ()


def test_one_at_a_time_in_its_zone() -> None:
    """Its Job is the driver's Job of any other run, with the pod's own Job in its words."""
    made = clock(RUN, Clock("run", "15 3 * * *", "Europe/Berlin"), WORDS, Platform())[-1]
    spec = made["spec"]
    assert (made["kind"], made["metadata"]["name"]) == ("CronJob", "mail-run")
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("15 3 * * *", "Europe/Berlin", "Forbid")
    own, other = spec["jobTemplate"]["spec"], driver(RUN, WORDS, Platform())[-1]["spec"]
    [container] = own["template"]["spec"]["containers"]
    added = {each["name"]: each for each in container["env"]}
    assert added["LOGNAME"]["value"] == "mail-run"
    paths = {name: added[name]["valueFrom"]["fieldRef"]["fieldPath"] for name in ("JOB_NAME", "JOB_UID")}
    assert paths == {
        "JOB_NAME": "metadata.labels['batch.kubernetes.io/job-name']",
        "JOB_UID": "metadata.labels['batch.kubernetes.io/controller-uid']",
    }
    container["env"] = [each for each in container["env"] if each["name"] not in ("LOGNAME", *paths)]
    assert own == other


def test_only_who_deploys_has_rights_of_its_own() -> None:
    """A clock with rules has an account of its own, with a driver's rights and these; one without has the drivers'."""
    plain, look = clock(RUN, Clock("run", "@daily"), WORDS, Platform()), clock(RUN, LOOK, WORDS, Platform())
    roles = {each["metadata"]["name"]: each["rules"] for each in (*plain, *look) if each["kind"] == "Role"}
    [drivers] = [each["rules"] for each in driver(RUN, WORDS, Platform()) if each["kind"] == "Role"]
    assert roles == {"mail-runs": drivers, "mail-due": [*drivers, RULE]}
    for made, account in ((plain, "mail-runs"), (look, "mail-due")):
        assert made[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"] == account
        bindings = {each["metadata"]["name"]: each for each in made if each["kind"] == "RoleBinding"}
        accounts = {each["metadata"]["name"] for each in made if each["kind"] == "ServiceAccount"}
        # The Jobs of stages have that of all runs.
        assert set(bindings) == accounts == {"mail-runs", account}
        for name, binding in bindings.items():
            assert (binding["roleRef"]["name"], binding["subjects"][0]["name"]) == (name, name)
    given = clock(replace(RUN, account="there"), LOOK, WORDS, Platform())
    assert not {"Role", "RoleBinding", "ServiceAccount"} & {each["kind"] for each in given}


def test_who_schedules_needs_what_the_clock_gets() -> None:
    """Nobody may give away what they may not do; CronJobs are applied, listed and taken away."""
    (role,) = rights(clock(RUN, LOOK, WORDS, Platform()), "run-mail")
    assert RULE in role["rules"]
    verbs = {verb for rule in role["rules"] if "cronjobs" in rule["resources"] for verb in rule["verbs"]}
    assert {"create", "delete", "get", "list", "patch"} <= verbs
