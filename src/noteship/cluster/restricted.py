"""Pod Security Standards as a pure function: what `baseline` and `restricted` refuse in a manifest, field by field.

Source: Kubernetes, "Pod Security Standards", as of version 1.36, and, for what the page leaves open, the checks of
the admission itself (k8s.io/pod-security-admission). What Kubernetes itself refuses in any namespace is not looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from noteship.cluster.pods import PodTemplate, Violation, listed, table, tables, templates, told

__all__ = ["Level", "violations"]

Level = Literal["baseline", "restricted"]
Control = Callable[[PodTemplate], Iterator[Violation]]

CAPABILITIES = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
PROFILES = ("RuntimeDefault", "Localhost")
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle.postStart", "lifecycle.preStop")
_NOTHING = "nothing"


def violations(manifest: Mapping[str, Any], level: Level = "restricted") -> tuple[Violation, ...]:
    """What a namespace that enforces the level refuses in the pods of a manifest; nothing of one that makes none.

    Init and ephemeral containers count as any others. An empty result is what "passes" means.
    """
    controls = _BASELINE if level == "baseline" else _RESTRICTED
    return tuple(found for pod in templates(manifest) for control in controls for found in control(pod))


def _host_process(pod: PodTemplate) -> Iterator[Violation]:
    for path, context in pod.contexts:
        if table(context.get("windowsOptions")).get("hostProcess"):
            yield Violation("HostProcess", f"{path}.windowsOptions.hostProcess", "true", "nothing, or false")


def _host_namespaces(pod: PodTemplate) -> Iterator[Violation]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(name):
            yield Violation("Host Namespaces", f"{pod.path}.{name}", "true", "nothing, or false")


def _privileged(pod: PodTemplate) -> Iterator[Violation]:
    for each in pod.containers:
        if each.context.get("privileged"):
            path = f"{each.path}.securityContext.privileged"
            yield Violation("Privileged Containers", path, "true", "nothing, or false")


def _capabilities(pod: PodTemplate) -> Iterator[Violation]:
    yield from _added(pod, CAPABILITIES)


def _host_paths(pod: PodTemplate) -> Iterator[Violation]:
    for place, volume in tables(pod.spec.get("volumes")):
        if volume.get("hostPath") is not None:
            path = f"{pod.path}.volumes[{place}].hostPath"
            yield Violation("HostPath Volumes", path, told(volume["hostPath"]), "a volume of another kind")


def _host_ports(pod: PodTemplate) -> Iterator[Violation]:
    for each in pod.containers:
        for place, port in tables(each.fields.get("ports")):
            if port.get("hostPort"):
                path = f"{each.path}.ports[{place}].hostPort"
                yield Violation("Host Ports", path, told(port["hostPort"]), "nothing, or 0")


def _probe_hosts(pod: PodTemplate) -> Iterator[Violation]:
    for each in pod.containers:
        for probe in _PROBES:
            for action in ("httpGet", "tcpSocket"):
                host = _at(each.fields, f"{probe}.{action}").get("host")
                if host:
                    path = f"{each.path}.{probe}.{action}.host"
                    yield Violation("Host Probes / Lifecycle Hooks", path, told(host), "nothing: the pod's own address")


def _apparmor(pod: PodTemplate) -> Iterator[Violation]:
    for path, context in pod.contexts:
        profile = context.get("appArmorProfile")
        if profile is not None and table(profile).get("type") not in PROFILES:
            asked = f"nothing, or {_either(PROFILES)}"
            yield Violation("AppArmor", f"{path}.appArmorProfile.type", told(table(profile).get("type")), asked)
    for name, value in table(pod.metadata.get("annotations")).items():
        if name.startswith(APPARMOR_ANNOTATION) and value not in ("", "runtime/default") and not _is_local(value):
            path = f"{pod.metadata_path}.annotations[{name}]"
            yield Violation("AppArmor", path, told(value), "nothing, runtime/default, or localhost/*")


def _selinux(pod: PodTemplate) -> Iterator[Violation]:
    for path, context in pod.contexts:
        options = table(context.get("seLinuxOptions"))
        if (options.get("type") or "") not in SELINUX_TYPES:
            asked = f"nothing, or {_either(SELINUX_TYPES[1:])}"
            yield Violation("SELinux", f"{path}.seLinuxOptions.type", told(options["type"]), asked)
        for name in ("user", "role"):
            if options.get(name):
                yield Violation("SELinux", f"{path}.seLinuxOptions.{name}", told(options[name]), _NOTHING)


def _proc_mount(pod: PodTemplate) -> Iterator[Violation]:
    for each in pod.containers:
        mounted = each.context.get("procMount")
        if mounted not in (None, "Default"):
            path = f"{each.path}.securityContext.procMount"
            yield Violation("/proc Mount Type", path, told(mounted), "nothing, or Default")


def _proc_mount_outside(pod: PodTemplate) -> Iterator[Violation]:
    # What is unmasked within a user namespace is harmless for the node.
    if not pod.has_user_namespace:
        yield from _proc_mount(pod)


def _seccomp(pod: PodTemplate) -> Iterator[Violation]:
    for path, context in pod.contexts:
        profile = context.get("seccompProfile")
        if profile is not None and table(profile).get("type") not in PROFILES:
            asked = f"nothing, or {_either(PROFILES)}"
            yield Violation("Seccomp", f"{path}.seccompProfile.type", told(table(profile).get("type")), asked)


def _sysctls(pod: PodTemplate) -> Iterator[Violation]:
    for place, each in tables(pod.context.get("sysctls")):
        if each.get("name") not in SYSCTLS:
            path = f"{pod.path}.securityContext.sysctls[{place}].name"
            yield Violation("Sysctls", path, told(each.get("name")), "one that concerns the pod alone, or nothing")


def _volumes(pod: PodTemplate) -> Iterator[Violation]:
    for place, volume in tables(pod.spec.get("volumes")):
        kinds = [name for name, value in volume.items() if name != "name" and value is not None]
        # One of no kind is an emptyDir.
        if kinds and not any(kind in VOLUMES for kind in kinds):
            yield Violation("Volume Types", f"{pod.path}.volumes[{place}]", ", ".join(kinds), _either(VOLUMES))


def _escalation(pod: PodTemplate) -> Iterator[Violation]:
    for each in pod.containers if not pod.is_windows else ():
        allowed = each.context.get("allowPrivilegeEscalation")
        if allowed is not False:
            path = f"{each.path}.securityContext.allowPrivilegeEscalation"
            yield Violation("Privilege Escalation", path, told(allowed), "false")


def _non_root(pod: PodTemplate) -> Iterator[Violation]:
    if pod.has_user_namespace:
        return
    of_pod = pod.context.get("runAsNonRoot")
    if of_pod is False:
        yield Violation("Running as Non-root", f"{pod.path}.securityContext.runAsNonRoot", "false", "true")
    for each in pod.containers:
        own = each.context.get("runAsNonRoot")
        if own is False or (own is None and of_pod is None):
            path = f"{each.path}.securityContext.runAsNonRoot"
            yield Violation("Running as Non-root", path, told(own), "true, there or for the whole pod")


def _non_root_user(pod: PodTemplate) -> Iterator[Violation]:
    for path, context in () if pod.has_user_namespace else pod.contexts:
        if context.get("runAsUser") == 0:
            yield Violation("Running as Non-root user", f"{path}.runAsUser", "0", "nothing, or another user than 0")


def _seccomp_set(pod: PodTemplate) -> Iterator[Violation]:
    yield from _seccomp(pod)
    if pod.is_windows or pod.context.get("seccompProfile") is not None:
        return
    for each in pod.containers:
        if each.context.get("seccompProfile") is None:
            path = f"{each.path}.securityContext.seccompProfile.type"
            yield Violation("Seccomp", path, _NOTHING, f"{_either(PROFILES)}, there or for the whole pod")


def _capabilities_dropped(pod: PodTemplate) -> Iterator[Violation]:
    if pod.is_windows:
        return
    for each in pod.containers:
        dropped = listed(table(each.context.get("capabilities")).get("drop"))
        if "ALL" not in dropped:
            path = f"{each.path}.securityContext.capabilities.drop"
            yield Violation("Capabilities", path, told(dropped or None), '["ALL"]')
    yield from _added(pod, ("NET_BIND_SERVICE",))


def _added(pod: PodTemplate, allowed: tuple[str, ...]) -> Iterator[Violation]:
    for each in pod.containers:
        for place, name in enumerate(listed(table(each.context.get("capabilities")).get("add"))):
            if name not in allowed:
                path = f"{each.path}.securityContext.capabilities.add[{place}]"
                yield Violation("Capabilities", path, told(name), f"nothing, or {_either(allowed)}")


def _is_local(profile: Any) -> bool:
    return isinstance(profile, str) and profile.startswith("localhost/")


def _at(fields: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    for name in path.split("."):
        fields = table(fields.get(name))
    return fields


def _either(names: tuple[str, ...]) -> str:
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


_EVERYWHERE: tuple[Control, ...] = (
    _host_process,
    _host_namespaces,
    _privileged,
    _host_ports,
    _probe_hosts,
    _apparmor,
    _selinux,
    _sysctls,
)
_BASELINE: tuple[Control, ...] = (*_EVERYWHERE, _host_paths, _capabilities, _proc_mount_outside, _seccomp)
# What baseline asks of volumes, capabilities, seccomp and /proc is a part of what restricted asks.
_RESTRICTED: tuple[Control, ...] = (
    *_EVERYWHERE,
    _volumes,
    _escalation,
    _non_root,
    _non_root_user,
    _capabilities_dropped,
    _proc_mount,
    _seccomp_set,
)
