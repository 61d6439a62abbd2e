"""Logins, as docker, podman and Kubernetes write them."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import pytest

from noteship.images import errors
from noteship.images.registries import credential_helper, docker_credentials
from noteship.images.registries.docker_credentials import Login

HOST = "registry.example.org"
SECRET = "s3cr3t:with-colon"


def coded(user: str, password: str = SECRET) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def found(tmp_path: Path, value: object, repository: str = "team/mail", **environment: str) -> Login | None:
    write(tmp_path / ".docker/config.json", value)
    return docker_credentials.find(HOST, repository, {"HOME": str(tmp_path), **environment})


def program(folder: Path, name: str, text: str) -> str:
    path = write(folder / "bin" / f"docker-credential-{name}", f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return f"{path.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    "key",
    [
        HOST,
        f"https://{HOST}",
        f"https://{HOST}/",
        f"https://{HOST}/v1/",
        f"{HOST}/v2/",
        f"{HOST}/team",
        f"{HOST}/team/mail",
    ],
)
def test_a_login_is_found_by_its_key(tmp_path: Path, key: str) -> None:
    """A host, an address as docker writes it, or the beginning of a repository's name."""
    login = found(tmp_path, {"auths": {key: coded("ada"), "other.example.org": coded("eve")}})
    assert login == Login(str(tmp_path / ".docker/config.json"), "ada", SECRET)


@pytest.mark.parametrize(
    ("repository", "user"),
    [
        ("team/mail", "mail"),
        ("team/mail/sub", "mail"),
        ("team/mailing", "team"),
        ("teams/mail", "host"),
        ("team", "team"),
    ],
)
def test_the_longest_beginning_wins(tmp_path: Path, repository: str, user: str) -> None:
    """Of the keys that lead to a repository, the one with the most of its parts is taken."""
    auths = {HOST: coded("host"), f"{HOST}/team": coded("team"), f"{HOST}/team/mail": coded("mail")}
    login = found(tmp_path, {"auths": auths}, repository)
    assert login and login.username == user


@pytest.mark.parametrize(
    "key", ["registry.example.org:5000", "example.org", "evilregistry.example.org", f"{HOST}.evil.org", ""]
)
def test_nobody_elses_login_is_taken(tmp_path: Path, key: str) -> None:
    """A host that only looks alike, or has another port, is another one."""
    assert found(tmp_path, {"auths": {key: coded("eve")}}) is None


def test_kubernetes_pull_secrets_are_read(tmp_path: Path) -> None:
    """A .dockerconfigjson file, also with stars in its hosts and fields in clear, and the older .dockercfg."""
    entry = {"username": "ada", "password": SECRET, "email": "ada@example.org"}
    for value in ({"auths": {HOST: entry}}, {"auths": {"*.example.org": entry}}, {HOST: entry}):
        path = write(tmp_path / ".dockerconfigjson", value)
        assert docker_credentials.find(HOST, "team/mail", {}, path) == Login(str(path), "ada", SECRET)
    both = {"registry.*.org/team/mail": coded("star"), HOST: coded("exact")}
    path = write(tmp_path / ".dockerconfigjson", {"auths": both})
    login = docker_credentials.find(HOST, "team/mail", {}, path)
    assert login and login.username == "exact"
    path = write(tmp_path / ".dockerconfigjson", {"auths": {"*.org": entry}})
    assert docker_credentials.find(HOST, "team/mail", {}, path) is None


def test_identity_and_registry_tokens_are_read(tmp_path: Path) -> None:
    """A token in place of a password is kept apart."""
    login = found(tmp_path, {"auths": {HOST: {"identitytoken": "i-s3cr3t", "registrytoken": "r-s3cr3t"}}})
    assert login and (login.identity_token, login.registry_token) == ("i-s3cr3t", "r-s3cr3t")
    assert login.secrets == ("i-s3cr3t", "r-s3cr3t")


def test_the_files_have_an_order(tmp_path: Path) -> None:
    """A named file is the only one; else docker's named folder, podman's files, and docker's at home, in this order."""
    places = {
        "only": tmp_path / "only.json",
        "docker": tmp_path / "docker/config.json",
        "run": tmp_path / "run/containers/auth.json",
        "config": tmp_path / "config/containers/auth.json",
    }
    for user, path in places.items():
        write(path, {"auths": {HOST: coded(user)}})
    write(tmp_path / ".docker/config.json", {"auths": {HOST: coded("home")}})
    environment = {
        "REGISTRY_AUTH_FILE": str(places["only"]),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }
    users = []
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", ""):
        login = docker_credentials.find(HOST, "team/mail", environment)
        assert login
        users.append(login.username)
        environment.pop(name, None)
    assert users == ["only", "docker", "run", "config", "home"]
    assert docker_credentials.find("other.example.org", "team/mail", environment) is None


def test_a_program_gives_the_login(tmp_path: Path) -> None:
    """The registry's own program comes before the one for all, and both before what the file says."""
    path = program(tmp_path, "own", f'read host; echo "{{\\"Username\\":\\"$host\\",\\"Secret\\":\\"{SECRET}\\"}}"')
    program(tmp_path, "all", 'echo "{\\"Username\\":\\"all\\",\\"Secret\\":\\"x\\"}"')
    value = {"credHelpers": {HOST: "own"}, "credsStore": "all", "auths": {HOST: coded("file")}}
    assert found(tmp_path, value, PATH=path) == Login("docker-credential-own", HOST, SECRET)
    login = found(tmp_path, {**value, "credHelpers": {"other.example.org": "own"}}, PATH=path)
    assert login and login.username == "all"


def test_a_program_may_give_an_identity_token_or_nothing(tmp_path: Path) -> None:
    """docker's sign for an identity token is understood; a program without the login leaves it to the file."""
    path = program(tmp_path, "token", 'echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"i-s3cr3t\\"}"')
    program(tmp_path, "empty", "echo credentials not found in native keychain; exit 1")
    login = found(tmp_path, {"credsStore": "token"}, PATH=path)
    assert login and (login.username, login.password, login.identity_token) == ("", "", "i-s3cr3t")
    assert found(tmp_path, {"credsStore": "empty"}, PATH=path) is None
    login = found(tmp_path, {"credsStore": "empty", "auths": {HOST: coded("file")}}, PATH=path)
    assert login and login.username == "file"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("gone", None, "no such program"),
        ("failing", f"echo {SECRET} is wrong; exit 3", "it ended with 3"),
        ("odd", f"echo {SECRET}", "no JSON with"),
        ("list", "echo '[]'", "no JSON with"),
        ("number", 'echo \'{"Username": 1, "Secret": 2}\'', "no JSON with"),
        ("../evil", None, "no program's name"),
        ("hanging", "sleep 60 & wait", "no answer within"),
    ],
)
def test_a_program_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, reason: str
) -> None:
    """What a program says is not shown, as it may be the secret; where the file has a login too, that one is taken."""
    monkeypatch.setattr(credential_helper, "TIMEOUT_S", 0.3)
    path = program(tmp_path, name, text) if text else str(tmp_path)
    begun = time.monotonic()
    with pytest.raises(errors.CredentialHelperFailed) as raised:
        found(tmp_path, {"credsStore": name}, PATH=path)
    assert reason in raised.value.reason
    assert SECRET not in str(raised.value)
    login = found(tmp_path, {"credsStore": name, "auths": {HOST: coded("file")}}, PATH=path)
    assert login and login.username == "file"
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f'{{"auths": {{"{HOST}": "{SECRET}', "no JSON, line 1"),
        ([SECRET], "no JSON object"),
        ({"auths": [SECRET]}, "auths is no JSON object"),
        ({"auths": {HOST: SECRET}}, f"auths '{HOST}' is no login"),
        ({"auths": {HOST: {"auth": 7}}}, f"auths '{HOST}' is no login"),
        ({"auths": {HOST: {"auth": SECRET}}}, "no base64"),
        ({"auths": {HOST: {"auth": base64.b64encode(b"no colon").decode()}}}, "no base64"),
        ({"auths": {HOST: {"auth": base64.b64encode(b"\xff:\xff").decode()}}}, "no base64"),
        ({"credsStore": 7}, "no text"),
    ],
)
def test_a_file_that_is_none_is_told_without_its_text(tmp_path: Path, value: object, reason: str) -> None:
    """The file and the place in it are named; nothing of what it holds is shown."""
    with pytest.raises(errors.BadLogins) as raised:
        found(tmp_path, value)
    assert reason in raised.value.reason
    assert raised.value.path == str(tmp_path / ".docker/config.json")
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None or SECRET not in str(raised.value.__cause__)


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A file that was named and is not there is a fault; one in a usual place is not."""
    with pytest.raises(errors.BadLogins, match="No such file"):
        docker_credentials.find(HOST, "team/mail", {"REGISTRY_AUTH_FILE": str(tmp_path / "gone")})
    assert docker_credentials.find(HOST, "team/mail", {"HOME": str(tmp_path)}) is None
    assert found(tmp_path, "") is None


def test_an_empty_entry_is_no_login(tmp_path: Path) -> None:
    """docker leaves an empty entry for what its program keeps."""
    assert found(tmp_path, {"auths": {HOST: {}}}) is None


def test_a_login_shows_no_secret() -> None:
    """Neither its text nor its form for messages has the secret."""
    login = Login("/f", "ada", SECRET, "i-s3cr3t", "r-s3cr3t")
    assert "s3cr3t" not in f"{login!r} {login.shown}"
