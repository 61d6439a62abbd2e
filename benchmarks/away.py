"""What benchmarks on a cluster have in common: notebooks, a namespace and a place in a bucket, kubectl."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
import obstore.store

NOTESHIP = (sys.executable, "-m", "noteship")
CONFLICT = 409
# As a namespace that enforces `restricted` asks of every container, and of every pod.
LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
NOBODY = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}


def arguments(about: str | None) -> argparse.Namespace:
    """Of a benchmark that needs a cluster, a registry and a store; ends with what is missing."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--base", default=os.environ.get("CLUSTER_BASE_IMAGE"))
    parser.add_argument("--registry", default=os.environ.get("CLUSTER_REGISTRY"))
    parser.add_argument("--bucket", default="noteship-bench", help="a bucket that is there or may be made")
    parser.add_argument("--calls", type=int, default=3)
    found = parser.parse_args()
    if not found.base or not found.registry or not os.environ.get("KUBECONFIG"):
        parser.error(
            "a cluster is needed: KUBECONFIG, CLUSTER_BASE_IMAGE and CLUSTER_REGISTRY, or --base and --registry"
        )
    if not os.environ.get("AWS_ENDPOINT_URL"):
        parser.error("a store that pods reach is needed: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return found


@contextmanager
def namespace(bucket: str) -> Iterator[str]:
    """One that enforces `restricted` and has the store's keys as the Secret bench-store; gone afterwards."""
    name = f"noteship-bench-{os.urandom(3).hex()}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    try:
        keys = ("aws_access_key_id", "aws_secret_access_key")
        text = "[default]\n" + "".join(f"{key} = {os.environ[key.upper()]}\n" for key in keys)
        own = {"name": "bench-store", "namespace": name}
        apply({"apiVersion": "v1", "kind": "Secret", "metadata": own, "stringData": {"credentials": text}})
        make_bucket(bucket)
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")
        empty(bucket, name)


def settings(given: argparse.Namespace, namespace: str) -> str:
    """The project's: it is called bench, and its store is a prefix of the bucket."""
    return f"""[project]
name = "bench"
[store]
url = "s3://{given.bucket}/{namespace}"
[image]
base = "{given.base}"
[kubernetes]
registry = "{given.registry}/{namespace}"
namespace = "{namespace}"
[kubernetes.store]
endpoint = "{for_pods(os.environ["AWS_ENDPOINT_URL"])}"
region = "us-east-1"
"""


def notebook(path: Path, lines: Sequence[str]) -> None:
    """A notebook of one cell."""
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": "\n".join(lines),
    }
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "python"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}))


def noteship(project: Path, *words: str) -> Any:
    """The document of a call; its error ends the benchmark."""
    call = [*NOTESHIP, *words, "--project", str(project), "--json"]
    answer = subprocess.run(call, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    return json.loads(answer.stdout)


def kubectl(*words: str, text: str | None = None) -> str:
    """What it answers; its error ends the benchmark."""
    answer = subprocess.run(["kubectl", *words], input=text, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    return answer.stdout


def apply(manifest: dict[str, Any]) -> None:
    """Send it."""
    kubectl("apply", "-f", "-", text=json.dumps(manifest))


def for_pods(endpoint: str) -> str:
    """The store's address as pods have it, where this machine has another."""
    parts, host = urlsplit(endpoint), os.environ.get("CLUSTER_HOST")
    is_here = parts.hostname in ("127.0.0.1", "localhost")
    return f"{parts.scheme}://{host}:{parts.port}" if host and is_here else endpoint


def make_bucket(name: str) -> None:
    """By a signed request, where there is none."""
    address = obstore.sign(obstore.store.S3Store(name), "PUT", "", timedelta(seconds=60))
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="PUT", data=b""), timeout=20):
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code != CONFLICT:  # it is there, and ours
                raise


def empty(bucket: str, prefix: str) -> None:
    """What was left in the store."""
    place = obstore.store.S3Store(bucket, prefix=prefix)
    for entries in place.list():
        obstore.delete(place, [each["path"] for each in entries])


def timed(call: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


def shown(what: str, found: Sequence[float]) -> str:
    """One line: the median, and the range."""
    return f"{what:<58} {statistics.median(found):6.1f} s   {min(found):5.1f} to {max(found):5.1f}"
