"""A pod that Pod Security `restricted` lets in, and fields planted in it, each as one control has it good and bad."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

# The level that asks, its control, the path below a container, a value that is allowed, and one that is not.
OF_CONTAINER: tuple[tuple[str, str, str, Any, Any], ...] = (
    ("baseline", "HostProcess", "securityContext.windowsOptions", {"hostProcess": False}, {"hostProcess": True}),
    ("baseline", "Privileged Containers", "securityContext.privileged", False, True),
    ("baseline", "Capabilities", "securityContext.capabilities.add", ["NET_BIND_SERVICE"], ["SYS_ADMIN"]),
    ("restricted", "Capabilities", "securityContext.capabilities.add", ["NET_BIND_SERVICE"], ["CHOWN"]),
    ("restricted", "Capabilities", "securityContext.capabilities.drop", ["ALL", "KILL"], ["KILL"]),
    ("restricted", "Capabilities", "securityContext.capabilities", {"drop": ["ALL"]}, None),
    (
        "baseline",
        "Host Ports",
        "ports",
        [{"containerPort": 80, "hostPort": 0}],
        [{"containerPort": 80, "hostPort": 80}],
    ),
    ("baseline", "AppArmor", "securityContext.appArmorProfile", {"type": "RuntimeDefault"}, {"type": "Unconfined"}),
    ("baseline", "SELinux", "securityContext.seLinuxOptions", {"type": "container_engine_t"}, {"type": "spc_t"}),
    ("baseline", "SELinux", "securityContext.seLinuxOptions", {"level": "s0:c1"}, {"user": "system_u"}),
    ("baseline", "SELinux", "securityContext.seLinuxOptions", {"type": "container_t"}, {"role": "sysadm_r"}),
    ("baseline", "/proc Mount Type", "securityContext.procMount", "Default", "Unmasked"),
    ("baseline", "Seccomp", "securityContext.seccompProfile", {"type": "RuntimeDefault"}, {"type": "Unconfined"}),
    ("restricted", "Privilege Escalation", "securityContext.allowPrivilegeEscalation", False, None),
    ("restricted", "Privilege Escalation", "securityContext.allowPrivilegeEscalation", False, True),
    ("restricted", "Running as Non-root", "securityContext.runAsNonRoot", True, False),
    ("restricted", "Running as Non-root user", "securityContext.runAsUser", 1, 0),
)
_GET: dict[str, Any] = {"httpGet": {"path": "/", "port": 80}}
_HOST: dict[str, Any] = {"httpGet": {"path": "/", "port": 80, "host": "192.0.2.1"}}
_SOCKET: dict[str, Any] = {"tcpSocket": {"port": 80, "host": "192.0.2.1"}}
# Neither init nor ephemeral containers have these.
OF_MAIN_CONTAINER: tuple[tuple[str, str, str, Any, Any], ...] = tuple(
    ("baseline", "Host Probes / Lifecycle Hooks", path, _GET, bad)
    for path in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle.postStart", "lifecycle.preStop")
    for bad in (_HOST, _SOCKET)
)
OF_POD: tuple[tuple[str, str, str, Any, Any], ...] = (
    ("baseline", "HostProcess", "spec.securityContext.windowsOptions", {"hostProcess": False}, {"hostProcess": True}),
    ("baseline", "Host Namespaces", "spec.hostNetwork", False, True),
    ("baseline", "Host Namespaces", "spec.hostPID", False, True),
    ("baseline", "Host Namespaces", "spec.hostIPC", False, True),
    (
        "baseline",
        "HostPath Volumes",
        "spec.volumes",
        [{"name": "a", "emptyDir": {}}],
        [{"name": "a", "hostPath": {"path": "/"}}],
    ),
    (
        "baseline",
        "AppArmor",
        "metadata.annotations",
        {"container.apparmor.security.beta.kubernetes.io/main": "localhost/mine"},
        {"container.apparmor.security.beta.kubernetes.io/main": "unconfined"},
    ),
    (
        "baseline",
        "AppArmor",
        "spec.securityContext.appArmorProfile",
        {"type": "RuntimeDefault"},
        {"type": "Unconfined"},
    ),
    ("baseline", "SELinux", "spec.securityContext.seLinuxOptions", {"type": "container_t"}, {"type": "spc_t"}),
    ("baseline", "Seccomp", "spec.securityContext.seccompProfile", {"type": "RuntimeDefault"}, {"type": "Unconfined"}),
    ("restricted", "Seccomp", "spec.securityContext.seccompProfile", {"type": "RuntimeDefault"}, None),
    (
        "baseline",
        "Sysctls",
        "spec.securityContext.sysctls",
        [{"name": "net.ipv4.tcp_rmem", "value": "4096 1 1"}],
        [{"name": "kernel.msgmax", "value": "65536"}],
    ),
    (
        "restricted",
        "Volume Types",
        "spec.volumes",
        [{"name": "a", "emptyDir": {}}, {"name": "b"}],
        [{"name": "a", "nfs": {"server": "192.0.2.1", "path": "/"}}],
    ),
    ("restricted", "Running as Non-root", "spec.securityContext.runAsNonRoot", True, None),
    ("restricted", "Running as Non-root", "spec.securityContext.runAsNonRoot", True, False),
    ("restricted", "Running as Non-root user", "spec.securityContext.runAsUser", 1000, 0),
)


def container(name: str) -> dict[str, Any]:
    """One that says itself what has to be said of each."""
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {"name": name, "image": "registry.example.org/any", "securityContext": context}


def pod() -> dict[str, Any]:
    """With a container of each sort."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "any"},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "initContainers": [container("init")],
            "containers": [container("main")],
        },
    }


def with_ephemeral() -> dict[str, Any]:
    """As it is when somebody debugs it."""
    made = pod()
    made["spec"]["ephemeralContainers"] = [container("debug")]
    return made


def planted(manifest: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with a field set, or, for None, without it. Places in lists are `NAME[0]`, as in messages."""
    made: Any = copy.deepcopy(dict(manifest))
    *holders, last = path.split(".")
    at = made
    for name in holders:
        at = (
            at.setdefault(name, {}) if "[" not in name else at[name.partition("[")[0]][int(name[:-1].partition("[")[2])]
        )
    if value is None:
        at.pop(last, None)
    else:
        at[last] = copy.deepcopy(value)
    return made  # type: ignore[no-any-return]
