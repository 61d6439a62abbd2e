"""Real clusters of Dask: who may talk to them, what workers import, and what is left of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from noteship.computing import Clusters, Identity, Place, Wanted, dask_workers
from noteship.computing.dask_engine import DaskEngine
from noteship.computing.errors import ClusterBroken, ClusterUnreachable, EngineMissing

ONE = Wanted("dask", workers=1, memory_bytes=1 << 30)


TLS = ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")


def _tls(name: str) -> str:
    return f"DASK_DISTRIBUTED__COMM__TLS__{name}"


@pytest.fixture
def clusters(tmp_path: Path) -> Iterator[Clusters]:
    opened = Clusters(Place(tmp_path, Path(sys.executable), os.environ))
    yield opened
    opened.close()


def ask(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    return subprocess.run(
        [sys.executable, "-c", code], env={**variables, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
def test_a_cluster_answers_those_alone_who_have_its_certificate(clusters: Clusters, tmp_path: Path) -> None:
    """A scheduler and a worker take who shows their certificate, refuse who does not, and are gone at the end."""
    with clusters.use(ONE) as cluster:
        variables = cluster.access("a", {}).environment
        assert cluster.describe() == "a Dask cluster made for the run: 1 worker with 1 thread and 1.0 GiB of memory"
        assert cluster.news() == ()
        address, files = variables["DASK_SCHEDULER_ADDRESS"], [variables[_tls(name)] for name in TLS]
        there = Clusters(Place(tmp_path, Path(sys.executable), {}))
        with there.use(Wanted("dask", address=address, identity=Identity(*files))) as found:
            assert found.alive()
        with pytest.raises(ClusterUnreachable), there.use(Wanted("dask", address=address)):
            pass
        family = psutil.Process().children(recursive=True)
    clusters.close()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert not Path(files[0]).parent.exists()


@pytest.mark.slow
def test_one_process_computes_in_another(clusters: Clusters) -> None:
    """A process that has a cluster's environment has its work done by a worker."""
    code = "import os\nfrom noteship import computing\nprint(os.getpid(), *computing.spread(divmod_of, [7]))"
    code = "divmod_of = (3).__rdivmod__\n" + code
    with clusters.use(ONE) as cluster:
        done = ask(code, **cluster.access("a", {}).environment)
        assert done.stdout.endswith(" (0, (2, 1))\n"), done.stderr


@pytest.mark.slow
def test_nobody_else_can_talk_to_it(clusters: Clusters) -> None:
    """Only this user can read the key, all ports are on the loopback interface, and strangers are refused."""
    with clusters.use(ONE) as cluster:
        environment = cluster.access("a", {}).environment
        key = Path(environment["DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY"])
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700
        listening = {
            each.laddr.ip
            for process in psutil.Process().children(recursive=True)
            for each in process.net_connections()
            if each.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        address = environment["DASK_SCHEDULER_ADDRESS"]
        try_it = "import sys, distributed\ndistributed.Client(sys.argv[1], timeout=3{})"
        others = (
            try_it.format("").replace("sys.argv[1]", repr(address)),
            try_it.format("").replace("sys.argv[1]", repr(address.replace("tls", "tcp"))),
            try_it.format(", security=distributed.Security.temporary()").replace("sys.argv[1]", repr(address)),
        )
        for code in others:
            done = ask(code)
            assert done.returncode != 0, code
        assert ask("import distributed; distributed.Client(timeout=10)", **environment).returncode == 0


@pytest.mark.slow
def test_a_cluster_that_is_there_serves_too(clusters: Clusters, tmp_path: Path) -> None:
    """A cluster at an address is used with certificates of files; its workers get the modules that they cannot see."""
    (tmp_path / "stage").mkdir()
    (tmp_path / "stage" / "helpers.py").write_text("def name(_):\n    return 'here'\n")
    with clusters.use(ONE) as made:
        variables = made.access("a", {}).environment
        there = Place(tmp_path, Path(sys.executable), {_tls(name): variables[_tls(name)] for name in TLS})
        wanted = Wanted("dask", address=variables["DASK_SCHEDULER_ADDRESS"])
        theirs = Clusters(there)
        with theirs.use(wanted) as found:
            assert found.alive()
            access = found.access("a", {"helpers": "1"})
            code = (
                "import os, sys\nos.chdir({stage!r})\nsys.path.insert(0, '')\n"
                "request = {{'workspace': {stage!r}, 'first': {stage!r}}}\nnotes = []\n{prelude}\n"
                "import helpers\nfrom dask.distributed import get_client\n"
                "print(get_client().submit(helpers.name, 1).result(), notes)\n"
            ).format(stage=str(tmp_path / "stage"), prelude=access.prelude)
            done = ask(code, **{**there.environment, **access.environment})
            assert done.stdout == "here []\n", done.stderr
        theirs.close()
        assert made.alive()


def test_who_asks_now_hears_of_a_scheduler_that_has_just_gone(tmp_path: Path) -> None:
    """One missing answer ends no work; a stage that failed is asked about without patience."""
    with socket.create_server(("127.0.0.1", 0)) as scheduler:
        wanted = Wanted("dask", address=f"tcp://127.0.0.1:{scheduler.getsockname()[1]}")
        found = DaskEngine().open(wanted, Place(tmp_path, Path(sys.executable), {}), threading.Event())
        assert found.alive() and found.alive(now=True)
    assert found.alive() and not found.alive(now=True)


def test_modules_are_sent_to_where_the_workspace_is_not(tmp_path: Path) -> None:
    """On another machine a stage's modules are below the worker's own folder as they are in the workspace."""
    sources = {"sub/noteship_test_sent.py": b"name = 'sent'\n"}
    stage = dask_workers.WorkerStage("a", "/nowhere/stage", ["/nowhere/stage/sub", "/nowhere/stage"], {}, sources)
    try:
        assert stage.begin(str(tmp_path)) == str(tmp_path / "a" / "sub")
        import noteship_test_sent as sent  # type: ignore[import-not-found]

        assert sent.name == "sent"
    finally:
        stage.end(str(tmp_path))
    assert "noteship_test_sent" not in sys.modules
    assert not (tmp_path / "a").exists()


def test_an_interpreter_without_dask_is_told_the_command(tmp_path: Path) -> None:
    """The error names the module and the command that installs what is needed."""
    venv.create(tmp_path / "environment", symlinks=True, with_pip=False)
    python = tmp_path / "environment" / "bin" / "python"
    with pytest.raises(EngineMissing) as found, Clusters(Place(tmp_path, python, os.environ)).use(ONE):
        pass
    assert found.value.module == "dask"
    assert found.value.command == f"{python} -m pip install dask distributed cryptography"


def test_an_interpreter_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Nothing is left behind of a cluster that did not come up."""
    with pytest.raises(ClusterBroken, match="No such file"), Clusters(Place(tmp_path, tmp_path / "no", {})).use(ONE):
        pass


def test_workers_find_the_modules_of_stages_that_are_there(tmp_path: Path) -> None:
    """A stage's modules are found by name while it lasts, and forgotten when the last stage has ended."""
    finder = dask_workers.StageFinder()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "noteship_test_module.py").write_text(f"name = {name!r}\n")
    sys.meta_path.append(finder)
    try:
        finder.add("a", str(tmp_path / "a"), [str(tmp_path / "a")], {"noteship_test_module": "1"})
        import noteship_test_module as found  # type: ignore[import-not-found]

        assert found.name == "a"
        with pytest.raises(RuntimeError, match="noteship_test_module is another one in a"):
            finder.add("b", str(tmp_path / "b"), [str(tmp_path / "b")], {"noteship_test_module": "2"})
        finder.remove("a")
        finder.add("b", str(tmp_path / "b"), [str(tmp_path / "b")], {"noteship_test_module": "2"})
        assert sys.modules.get("noteship_test_module") is None
        import noteship_test_module as other

        assert other.name == "b"
        finder.remove("b")
    finally:
        sys.meta_path.remove(finder)
