"""From what a person has, a kubeconfig or a pod, to the cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from noteship.cluster import errors, kubeconfig
from noteship.cluster.cluster import Cluster

__all__ = ["open_cluster"]

USUAL = Path("~/.kube/config")


def open_cluster(context: str = "", namespace: str = "", known_as: str = "") -> Cluster:
    """Open the cluster that ``KUBECONFIG``, ``~/.kube/config`` or this pod's own account names; nothing is asked yet.

    - context: one of the kubeconfig's, "" for its current one
    - namespace: "" for the context's
    - known_as: its address as people and records have it, "" for the one where it is asked

    To be closed. Raises NoClusterNamed, BadKubeconfig, NoSuchContext.
    Cost: about 0.3 s the first time, to import what talks to it.
    """
    # Only who talks to a cluster pays for what that needs.
    from noteship.cluster.kubernetes_cluster import KubernetesCluster

    return KubernetesCluster(_access(context, namespace), known_as)


def _access(context: str, namespace: str) -> kubeconfig.Access:
    """A kubeconfig that is named counts more than the pod, the usual one less, unless a context is asked for."""
    named = os.environ.get("KUBECONFIG", "")
    if not named and not context:
        found = kubeconfig.in_cluster(os.environ, namespace)
        if found:
            return found
    paths = [Path(each).expanduser() for each in (named or str(USUAL)).split(os.pathsep) if each]
    files = [(path, _read(path)) for path in paths if path.exists()]
    if not files:
        raise errors.NoClusterNamed(f"KUBECONFIG={named}" if named else f"KUBECONFIG, else {USUAL.expanduser()}")
    return kubeconfig.chosen(files, context, namespace)


def _read(path: Path) -> Mapping[str, Any]:
    from noteship.cluster import client

    try:
        return client.kubeconfig_of(path)
    except OSError as error:
        raise errors.BadKubeconfig(str(path), error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise errors.BadKubeconfig(str(path), str(error)) from error
