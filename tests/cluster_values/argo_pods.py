"""The pods that Argo makes of a WorkflowTemplate: with its own containers in them, and patched as the template says.

Source: Argo Workflows 3.7, workflow/controller/workflowpod.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

EXECUTOR = "registry.example.org/argoexec:v3.7.6"
# What tells one item of a list from another in a strategic merge of pods.
KEYS = {"containers": "name", "initContainers": "name", "volumes": "name", "volumeMounts": "mountPath", "env": "name"}


def pods_of(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The pod of each template that has a container, by the name of the template."""
    spec = manifest["spec"]
    patch = json.loads(spec.get("podSpecPatch", "{}"))
    for template in spec["templates"]:
        if "container" in template:
            pod = {
                "restartPolicy": "Never",
                "serviceAccountName": spec["serviceAccountName"],
                "securityContext": spec["securityContext"],
                "volumes": [
                    {"name": "var-run-argo", "emptyDir": {}},
                    {"name": "tmp-dir-argo", "emptyDir": {}},
                    *template.get("volumes", ()),
                ],
                "initContainers": [{"name": "init", "image": EXECUTOR, "command": ["argoexec", "init"]}],
                "containers": [
                    {"name": "wait", "image": EXECUTOR, "command": ["argoexec", "wait"]},
                    {"name": "main", **template["container"]},
                ],
                **{name: template[name] for name in ("nodeSelector", "tolerations") if name in template},
            }
            own = {"name": template["name"], "labels": spec["podMetadata"]["labels"]}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": merged(pod, patch)}


def merged(value: Any, patch: Any, name: str = "") -> Any:
    """A strategic merge: tables by their keys, lists of pods' parts by what names these, all else is replaced."""
    if isinstance(value, Mapping) and isinstance(patch, Mapping):
        found = {key: merged(each, patch[key], key) if key in patch else each for key, each in value.items()}
        return found | {key: each for key, each in patch.items() if key not in value}
    if name in KEYS:
        key = KEYS[name]
        own = {each[key]: each for each in patch}
        found_list = [merged(each, own.pop(each[key])) if each[key] in own else each for each in value]
        return [*found_list, *own.values()]
    return patch
