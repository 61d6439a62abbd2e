"""A store in the bucket of a claim: what it stands for, who asks it, and what pods are told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from noteship import cluster, store
from noteship.cluster import bucket_claims, manifests
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.operations import claims, render
from noteship.operations.opened import OpenedProject
from noteship.operations.surroundings import Surroundings
from noteship.project.errors import BadSetting

__all__ = ["project"]

TOML = """
[project]
name = "mail"
[store]
url = "obc://team-bucket/mail"
[kubernetes]
namespace = "team-a"
[kubernetes.store]
class = "ceph-bucket"
endpoint = "http://192.0.2.7:7480"
"""
FOUND = bucket_claims.Claimed("b-1a2b", "https://rgw.example.org:443", "eu", "team-bucket", "who", "hidden")


@pytest.fixture
def claimed(project: Project, monkeypatch: pytest.MonkeyPatch) -> OpenedProject:
    """A project whose claim is bound, as the cluster in memory tells."""
    project.write("noteship.toml", TOML)
    at = MemoryCluster("team-a")
    asked: list[Any] = []
    monkeypatch.setattr(cluster, "open_cluster", lambda **given: asked.append(given) or at)
    monkeypatch.setattr(bucket_claims, "claimed", lambda where, claim: (asked.append((where, claim)) and None) or FOUND)
    opened = OpenedProject.at(project.root)
    assert opened.store_url == "s3://b-1a2b/mail" and opened.store_url and opened.claimed == FOUND
    assert asked == [{"namespace": "team-a"}, (at, bucket_claims.Claim("team-bucket", "team-a", "ceph-bucket"))]
    return opened


def test_a_claim_stands_for_its_bucket(claimed: OpenedProject) -> None:
    """It is opened by what the claim says; neither key is in what a program might show."""
    assert claimed.store.url == "s3://b-1a2b/mail"
    assert "hidden" not in repr(claimed.claimed) + repr(claimed.__dict__)


def test_pods_have_the_keys_of_the_claim_as_files(claimed: OpenedProject) -> None:
    """They are told the bucket, the endpoint as they reach it, and where the files are."""
    access = Surroundings(claimed, "mail", None).store()
    assert access.credentials == manifests.ClaimKeys("team-bucket") and access.url == "s3://b-1a2b/mail"
    run = manifests.Run(
        "mail", "team-a", "team-a", "mail", "r", f"r/m@sha256:{'a' * 64}", access, access.at, account="default"
    )
    small = manifests.Resources("50m", "1", "64Mi", "64Mi")
    made = manifests.stage(run, manifests.StagePod("s", small, manifests.Placement()), manifests.Platform())
    spec = made["spec"]["template"]["spec"]
    variables = {each["name"]: each["value"] for each in spec["containers"][0]["env"]}
    assert variables["AWS_ENDPOINT_URL"] == "http://192.0.2.7:7480" and variables["AWS_REGION"] == "eu"
    assert variables["NOTESHIP_STORE"] == "s3://b-1a2b/mail" and "AWS_SHARED_CREDENTIALS_FILE" not in variables
    [source] = next(each for each in spec["volumes"] if each["name"] == "files")["projected"]["sources"]
    assert source["secret"]["name"] == "team-bucket"
    paths = {f"/etc/noteship/{each['path']}" for each in source["secret"]["items"]}
    assert paths == {
        f"{variables['NOTESHIP_STORE_KEYS']}/{name}" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    assert manifests.secret_file(access) in paths and "hidden" not in json.dumps(made)


def test_a_pod_asks_no_cluster(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the claim stands for is in its environment."""
    project.write("noteship.toml", TOML)
    monkeypatch.setenv(claims.STANDS_FOR, "s3://b-1a2b/mail")
    opened = OpenedProject.at(project.root)
    assert opened.store.url == "s3://b-1a2b/mail" and opened.claimed is None


def test_keys_are_read_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where one is missing, its folder is named."""
    from noteship.store import credentials

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(store.KEYS, str(tmp_path))
    (tmp_path / "AWS_ACCESS_KEY_ID").write_text("who\n")
    with pytest.raises(store.errors.StoreDenied, match=str(tmp_path)):
        credentials.found("s3://b/p")
    (tmp_path / "AWS_SECRET_ACCESS_KEY").write_text("hidden\n")
    assert credentials.found("s3://b/p") == {"access_key_id": "who", "secret_access_key": "hidden"}


def test_the_role_for_a_claim_is_told_without_asking_for_it(project: Project) -> None:
    """It names this claim, and the files that say the same; nothing is asked of a cluster."""
    project.write(
        "noteship.toml", f'{TOML}\n[service]\nsteps = ["m.joblib"]\ndata = "rows.csv"\ninputs = ["a"]\ntarget = "b"\n'
    )
    roles = render.roles(OpenedProject.at(project.root), render.RenderRequest())
    [role] = [each for each in roles if each["metadata"]["name"] == "store-mail"]
    named = [each for each in role["rules"] if "secrets" in each["resources"]]
    assert named == [
        {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get"], "resourceNames": ["team-bucket"]}
    ]
    assert {"get", "create", "patch"} == set(role["rules"][0]["verbs"])


@pytest.mark.parametrize("url", ["obc://", "obc://Team", "obc://team/../x", "obc://team?x=1"])
def test_an_address_that_names_no_claim_is_refused(project: Project, url: str) -> None:
    """Before any cluster is asked."""
    project.write("noteship.toml", f'[store]\nurl = "{url}"\n')
    with pytest.raises(BadSetting, match="obc://NAME/PREFIX"):
        OpenedProject.at(project.root).store_url  # noqa: B018


def test_settings_of_a_claim_are_for_claims(claimed: OpenedProject, project: Project) -> None:
    """A class without a claim, and credentials beside one, would have no effect."""
    project.write("noteship.toml", TOML.replace("obc://team-bucket/mail", "s3://b/p"))
    with pytest.raises(manifests.SettingWithoutEffect, match="class"):
        Surroundings(OpenedProject.at(project.root), "mail", None).store()
    project.write("noteship.toml", f'{TOML}credentials = "mine"\n')
    with pytest.raises(manifests.SettingWithoutEffect, match="credentials"):
        Surroundings(OpenedProject.at(project.root), "mail", None).store()
