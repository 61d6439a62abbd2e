"""The room's errors, and those of the libraries beneath."""

from __future__ import annotations

import inspect
from typing import Any

import httpx2
import lightkube.core.exceptions
import pytest

from noteship import errors as base_errors
from noteship.cluster import connection_faults, errors
from noteship.cluster.refusals import Asked

ASKED = Asked("https://api", "get", "Pod mail in team-a")


def exceptions(module: Any, package: str) -> dict[str, type[Exception]]:
    found = inspect.getmembers(module, lambda each: inspect.isclass(each) and issubclass(each, Exception))
    return {name: each for name, each in found if each.__module__.startswith(package) and not issubclass(each, Warning)}


LIBRARIES = {**exceptions(httpx2, "httpx2"), **exceptions(lightkube.core.exceptions, "lightkube")}


def test_every_error_of_the_libraries_has_a_meaning() -> None:
    """One that they grow fails here, one that they lose, too."""
    assert set(LIBRARIES) == set(connection_faults.KNOWN)


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_an_error_of_the_libraries_becomes_one_of_noteships(name: str) -> None:
    """Whose texts are not shown."""
    error = LIBRARIES[name].__new__(LIBRARIES[name])
    error.args = ("https://api/?token=s3cr3t",)
    found = connection_faults.meaning(error, ASKED, "")
    assert isinstance(found, errors.ClusterUnreachable | errors.BadClusterAnswer)
    assert "s3cr3t" not in str(found)


def test_what_may_go_away_is_worth_a_retry() -> None:
    """And nothing else of what can be wrong with a cluster."""
    kinds = [getattr(errors, name) for name in errors.__all__]
    ours = [each for each in kinds if each.__name__ in OURS]
    assert {each.__name__ for each in ours} == OURS
    assert {each.__name__ for each in ours if each.retryable} == {
        *("ClusterBusy", "ClusterUnreachable", "ObjectChanged", "QuotaExceeded", "WebhookDown")
    }
    assert all(issubclass(each, base_errors.NoteshipError) for each in ours)


OURS = {
    *("AdmissionRefused", "ApiNotServed", "BadClusterAnswer", "BadKubeconfig", "ClusterBusy", "ClusterFailed"),
    *("ClusterUnauthorized", "ClusterUnreachable", "ClusterUntrusted", "FieldsOwnedByOthers", "LoginFailed"),
    *("NamespaceEnding", "NamespaceMissing", "NoClusterNamed", "NoLogs", "NoSuchContext", "ObjectChanged"),
    *("ObjectInvalid", "ObjectMissing", "PodSecurityRefused", "QuotaExceeded", "RightMissing", "WebhookDown"),
}
