"""Which cluster is asked, as whom and in which namespace: kubeconfigs, merged as kubectl does, or a pod's own account.

Pure but for the files that a pod has; what is only named (files, programs) is read when it is needed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from noteship.cluster import errors
from noteship.nearest import nearest

__all__ = ["Access", "Login", "Program", "chosen", "in_cluster"]

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
USUAL_NAMESPACE = "default"
# What is used of a user, in words, should the cluster refuse it.
_SUPPORTED = "token, tokenFile, exec, client-certificate and username are"


@dataclass(frozen=True)
class Program:
    """A program that gives credentials (client.authentication.k8s.io)."""

    command: str
    words: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    version: str = "client.authentication.k8s.io/v1"
    gives_cluster: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Login:
    """Who asks. Of several ways the first of these counts; a certificate goes with each. Nothing of it is shown."""

    token_file: Path | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    program: Program | None = field(default=None, repr=False)
    password: tuple[str, str] | None = field(default=None, repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    acts_as: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Access:
    """All that is known of a cluster before it is asked.

    - authority: PEM certificates to trust instead of the system's
    - proxy: an address, or "" for what the environment says
    - who: for messages
    """

    server: str
    namespace: str = USUAL_NAMESPACE
    login: Login = Login()
    authority: bytes = b""
    is_trusted_blindly: bool = False
    server_name: str = ""
    proxy: str = ""
    who: str = ""


def chosen(files: Sequence[tuple[Path, Mapping[str, Any]]], context: str = "", namespace: str = "") -> Access:
    """The access that several kubeconfigs give, of which the first counts that names a thing.

    Raises BadKubeconfig, NoSuchContext.
    """
    paths = ":".join(str(path) for path, _ in files)
    name = context or next((str(each["current-context"]) for _, each in files if each.get("current-context")), "")
    contexts = _entries(files, "context")
    if name not in contexts:
        raise errors.NoSuchContext(name, paths, nearest(name, contexts) or ", ".join(sorted(contexts)))
    path, found = contexts[name]
    cluster_path, cluster = _named(files, "cluster", found, path)
    user_path, user = _named(files, "user", found, path) if found.get("user") else (path, {})
    access = _cluster(cluster_path, cluster)
    login = _login(user_path, user)
    who = f"the user '{found['user']}' of {user_path}" if found.get("user") else f"nobody: {path} names no user"
    return replace(
        access,
        namespace=namespace or str(found.get("namespace") or "") or USUAL_NAMESPACE,
        login=login,
        who=f"{who}, with {_way(login)}",
    )


def in_cluster(environment: Mapping[str, str], namespace: str = "", account: Path = ACCOUNT) -> Access | None:
    """The access that a pod's own service account gives; None where this is no pod that has one."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (account / "token").is_file():
        return None
    try:
        authority = (account / "ca.crt").read_bytes()
        own = (account / "namespace").read_text(encoding="utf-8").strip() if (account / "namespace").is_file() else ""
    except OSError as error:
        raise errors.BadKubeconfig(str(account), error.strerror or "it cannot be read") from error
    return Access(
        f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace or own or USUAL_NAMESPACE,
        Login(token_file=account / "token"),
        authority,
        who=f"the pod's service account, with the token in {account}",
    )


def _entries(files: Sequence[tuple[Path, Mapping[str, Any]]], kind: str) -> dict[str, tuple[Path, Mapping[str, Any]]]:
    entries: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for path, each in files:
        for entry in each.get(f"{kind}s") or ():
            inner = entry.get(kind) if isinstance(entry, Mapping) else None
            if not isinstance(entry, Mapping) or "name" not in entry or not isinstance(inner or {}, Mapping):
                raise errors.BadKubeconfig(str(path), f"one of its {kind}s has no name, or is no table")
            entries.setdefault(str(entry["name"]), (path, inner or {}))
    return entries


def _named(
    files: Sequence[tuple[Path, Mapping[str, Any]]], kind: str, context: Mapping[str, Any], path: Path
) -> tuple[Path, Mapping[str, Any]]:
    name = str(context.get(kind, ""))
    found = _entries(files, kind).get(name)
    if found is None:
        raise errors.BadKubeconfig(str(path), f"the context names the {kind} '{name}', and there is none of that name")
    return found


def _cluster(path: Path, cluster: Mapping[str, Any]) -> Access:
    server = str(cluster.get("server") or "").rstrip("/")
    if not re.fullmatch(r"https?://[^/@\s]+(/\S*)?", server):
        raise errors.BadKubeconfig(str(path), f"the cluster's server is no address: '{server.rpartition('@')[2]}'")
    return Access(
        server,
        authority=_bytes(path, cluster, "certificate-authority"),
        is_trusted_blindly=bool(cluster.get("insecure-skip-tls-verify")),
        server_name=str(cluster.get("tls-server-name") or ""),
        proxy=str(cluster.get("proxy-url") or ""),
    )


def _login(path: Path, user: Mapping[str, Any]) -> Login:
    if "auth-provider" in user and not user.get("token"):
        said = f"'auth-provider' is not known, Kubernetes has left it since 1.26; {_SUPPORTED}"
        raise errors.BadKubeconfig(str(path), said)
    certificate, key = _bytes(path, user, "client-certificate"), _bytes(path, user, "client-key")
    if bool(certificate) != bool(key):
        raise errors.BadKubeconfig(str(path), "of client-certificate and client-key there is only one")
    token_file = user.get("tokenFile")
    return Login(
        token_file=_beside(path, str(token_file)) if token_file else None,
        token=str(user.get("token") or ""),
        program=_program(path, user["exec"]) if user.get("exec") else None,
        password=(str(user["username"]), str(user.get("password", ""))) if user.get("username") else None,
        certificate=certificate,
        key=key,
        acts_as=_acts_as(user),
    )


def _acts_as(user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headers of who acts as another: `as`, `as-uid`, `as-groups`, `as-user-extra`."""
    if not user.get("as"):
        return ()
    found = [("Impersonate-User", str(user["as"]))]
    found += [("Impersonate-Uid", str(user["as-uid"]))] if user.get("as-uid") else []
    found += [("Impersonate-Group", str(each)) for each in user.get("as-groups") or ()]
    extra = user.get("as-user-extra") or {}
    return (*found, *((f"Impersonate-Extra-{name}", str(each)) for name in extra for each in extra[name]))


def _program(path: Path, plugin: Mapping[str, Any]) -> Program:
    command = str(plugin.get("command") or "")
    if not command:
        raise errors.BadKubeconfig(str(path), "'exec' of a user names no command")
    # With a folder in it, it is beside the kubeconfig; without, it is on PATH.
    is_beside = "/" in command
    return Program(
        str(_beside(path, command)) if is_beside else command,
        tuple(str(each) for each in plugin.get("args") or ()),
        tuple((str(each["name"]), str(each["value"])) for each in plugin.get("env") or ()),
        str(plugin.get("apiVersion") or ""),
        bool(plugin.get("provideClusterInfo")),
        str(plugin.get("installHint") or ""),
    )


def _bytes(path: Path, table: Mapping[str, Any], key: str) -> bytes:
    """What a file holds or the kubeconfig itself has, which counts first."""
    if table.get(f"{key}-data"):
        try:
            return base64.b64decode(str(table[f"{key}-data"]), validate=False)
        except (binascii.Error, ValueError) as error:
            raise errors.BadKubeconfig(str(path), f"'{key}-data' is no base64") from error
    if not table.get(key):
        return b""
    file = _beside(path, str(table[key]))
    try:
        return file.read_bytes()
    except OSError as error:
        raise errors.BadKubeconfig(str(path), f"{key}: {file}: {error.strerror}") from error


def _beside(path: Path, name: str) -> Path:
    return path.parent.absolute() / Path(name).expanduser()


def _way(login: Login) -> str:
    if login.token_file or login.token:
        return "a token"
    if login.program:
        return f"what the program '{Path(login.program.command).name}' gives"
    if login.password:
        return "a password"
    return "a certificate" if login.certificate else "no credentials"
