"""Started with the project's interpreter: imports what kernels need once, and forks a process for each stage.

Needs the standard library and, for notebooks, ipykernel; noteship need not be installed where this runs. Requests come
in on standard input and events go out on standard output, a JSON object a line:

    {"id", "kind": "notebook" | "script", "cwd", "environment", "log", ...}   start a child
    {"event": "started", "id", "pid"}     {"event": "ready", "id"}            a kernel that takes requests
    {"event": "exited", "id", "status"}   as os.wait gives it                 {"event": "lacks", "id", "reason"}
    {"event": "fault", "id", ...}         what a script raised
    {"event": "noted", "id", "notes"}     what is to be known       {"event": "unprepared", "id", "reason"}

When standard input ends, noteship is gone, and every child is killed. With `--once` the process becomes the first child
itself, for systems where forking is not safe.
"""

from __future__ import annotations

import os
import sys

# Python puts this file's folder first, whose modules are not meant for the project.
if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):  # noqa: PTH120
    del sys.path[0]

import atexit
import contextlib
import ctypes
import gc
import importlib.util
import io
import json
import select
import signal
import tempfile
import time
import traceback
import types
from typing import TYPE_CHECKING, Any


def beside(name: str) -> Any:
    """A module of this file's folder, under a name that no module of the project has."""
    path = os.path.join(os.path.dirname(__file__), f"{name}.py")  # noqa: PTH118, PTH120
    spec = importlib.util.spec_from_file_location(f"_noteship_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from noteship.notebooks.execution import audit
else:
    audit = beside("audit")

__all__: list[str] = []

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"
# What a kernel imports while it starts; without one of them it starts as well.
AHEAD = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "faulthandler",
    "tornado.platform.asyncio",
    "unicodedata",
)
# Processes being forked show up in the next look.
END_LOOKS = 100


class Events:
    """The way out: one short line a write, which pipes keep whole."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def say(self, **event: Any) -> None:
        """Send one event."""
        with contextlib.suppress(OSError):
            os.write(self.descriptor, (json.dumps(event) + "\n").encode())


class Zygote:
    """The parent of all stages; it has no threads, so that forking is safe."""

    def __init__(self, control: int, events: Events) -> None:
        self.control = control
        self.events = events
        self.children: dict[int, str] = {}
        self.pending = b""
        self.prctl = ctypes.CDLL(None).prctl if LINUX else None

    def serve(self) -> dict[str, Any]:
        """Answer requests until standard input ends; in a child, return its request."""
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(wake)
        if self.prctl is not None:
            self.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        while True:
            readable = select.select([self.control, woken], [], [])[0]
            if woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 4096)
                self.reap()
            if self.control in readable:
                for request in self.requests():
                    if self.forked(request):
                        signal.set_wakeup_fd(-1)
                        os.close(woken)
                        os.close(wake)
                        return request

    def requests(self) -> list[dict[str, Any]]:
        """The requests that have come in whole."""
        data = os.read(self.control, 1 << 20)
        if not data:
            self.end()
        *lines, self.pending = (self.pending + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def forked(self, request: dict[str, Any]) -> bool:
        """Start a child; true in the child."""
        if request["kind"] == "warm":
            kernel_imported(request, Events(-1))
            return False
        if request["kind"] == "notebook" and not kernel_imported(request, self.events):
            return False
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.children[pid] = request["id"]
            self.events.say(event="started", id=request["id"], pid=pid)
            return False
        os.setsid()
        os.close(self.control)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.prctl is not None:
            self.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            # What loses its parent stays below the stage, where its memory is counted and where it is ended.
            self.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        return True

    def reap(self) -> None:
        """Report the children that ended, and end what they left behind."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            identity = self.children.pop(pid, None)
            if identity is not None:
                kill_group(pid)
            # What made a session of its own is this process's child now.
            kill_all(below(os.getpid(), self.children))
            if identity is not None:
                self.events.say(event="exited", id=identity, status=status)

    def end(self) -> None:
        """Leave nothing running."""
        for pid in self.children:
            kill_group(pid)
        quiet = 0
        for _ in range(END_LOOKS):
            family = below(os.getpid())
            # A look can miss whose parent ends during it; the next one sees them as children of another.
            quiet = 0 if family else quiet + 1
            if quiet == 2:
                break
            kill_all(family)
            time.sleep(0.005)
        os._exit(0)


def kill_group(pid: int) -> None:
    """End a child and what shares its process group."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def below(top: int, besides: Collection[int] = ()) -> list[int]:
    """Living descendants of a process, without `besides` and theirs. Cost: reads one line for each process there is."""
    children: dict[int, list[int]] = {}
    ended: set[int] = set()
    for name in os.listdir("/proc") if LINUX else ():  # noqa: PTH208
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stream:  # noqa: PTH123
                state, parent = stream.read().rpartition(b")")[2].split()[:2]
                children.setdefault(int(parent), []).append(int(name))
                # Their own children may have been read while they still lived.
                if state in (b"Z", b"X"):
                    ended.add(int(name))
    found: list[int] = []
    pending = [top]
    while pending:
        own = [pid for pid in children.get(pending.pop(), ()) if pid not in besides]
        pending += own
        found += own
    return [pid for pid in found if pid not in ended]


def kill_all(family: list[int]) -> None:
    """End these processes."""
    for pid in family:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def kernel_imported(request: dict[str, Any], events: Events) -> bool:
    """Import what takes long; a second time costs nothing."""
    try:
        # Nobody debugs a stage; without this the kernel would load debugpy, which takes longer than all the rest.
        with hidden("debugpy"):
            import ipykernel.debugger
        import ipykernel.ipkernel
        import ipykernel.kernelapp
        import ipykernel.zmqshell  # noqa: F401
        import psutil  # noqa: F401
    except Exception as error:
        events.say(event="lacks", id=request["id"], reason=f"{type(error).__name__}: {error}"[:2000])
        return False
    for name in AHEAD:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    # What is there now stays: children need not look through it, neither while they run nor when they end.
    gc.freeze()
    return True


@contextlib.contextmanager
def hidden(name: str) -> Iterator[None]:
    """Make the import of a module fail meanwhile, as if it were not installed."""
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


def become(request: dict[str, Any], events: Events) -> None:
    """Be the stage that the request describes; for a script, end with its exit code."""
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 2)
    if request["kind"] == "script":
        os.dup2(log, 1)
    os.close(log)
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    tempfile.tempdir = None
    if request["kind"] == "notebook":
        kernel(request, events)
    else:
        script(request, events)


def kernel(request: dict[str, Any], events: Events) -> None:
    """Be an IPython kernel at the sockets of the connection file."""
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance()
    app.initialize(["-f", request["connection_file"], "--HistoryManager.enabled=False", "--log-level=40"])
    if request["file"]:
        app.shell.user_ns["__file__"] = request["file"]
    # Both wait for threads that now and then miss their end.
    atexit.unregister(app.close)
    atexit.unregister(app.iopub_thread.stop)
    namespaces.append(app.shell.user_ns)
    prepare(request, events)
    audit.observe(request)
    events.say(event="ready", id=request["id"])
    os.close(events.descriptor)
    app.start()


namespaces: list[dict[str, Any]] = []


def leave() -> None:
    """End a kernel after all other exit handlers: what its objects hold back is written, its threads are left alone."""
    if not namespaces:
        return
    namespaces.pop().clear()
    gc.collect()
    for found in gc.get_objects():
        if isinstance(found, io.IOBase):
            with contextlib.suppress(Exception):
                found.flush()
    os._exit(0)


def script(request: dict[str, Any], events: Events) -> None:
    """Run a script as `python FILE WORDS` would, or as `python -m MODULE WORDS`."""
    path, module = request["file"], request["module"]
    with open(path, "rb") as stream:  # noqa: PTH123
        source = stream.read()
    sys.argv = [path, *request["words"]]
    sys.path.insert(0, request["first"])
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__, __cached__=None)
    sys.modules["__main__"] = main
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    prepare(request, events)
    audit.observe(request)
    try:
        if module:
            main.__package__ = module.rpartition(".")[0]
            main.__spec__ = importlib.util.spec_from_file_location(module, path)
            if main.__package__:
                importlib.import_module(main.__package__)
        # Without dont_inherit, this file's own `from __future__` would hold in the script.
        exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)  # noqa: S102
    except SystemExit as error:
        if error.code not in (None, 0):
            report(error, request, events)
        raise
    except BaseException as error:
        report(error, request, events)
        trace = error.__traceback__
        traceback.print_exception(type(error), error, trace and trace.tb_next)
        sys.exit(1)


def prepare(request: dict[str, Any], events: Events) -> None:
    """Run what is to be run before the stage's own code; where it fails, the stage does not begin."""
    if not request["prelude"]:
        return
    names: dict[str, Any] = {"__name__": "_noteship_prelude", "request": request, "notes": []}
    try:
        exec(compile(request["prelude"], "<before the stage>", "exec", dont_inherit=True), names)  # noqa: S102
    except Exception as error:
        traceback.print_exc(file=sys.__stderr__)
        # A write to a pipe is kept whole up to 4,096 bytes, and JSON takes up to 6 for a character.
        events.say(event="unprepared", id=request["id"], reason=f"{type(error).__name__}: {error}"[:400])
        os._exit(1)
    if names["notes"]:
        events.say(event="noted", id=request["id"], notes=[str(note)[:200] for note in names["notes"][:3]])


def report(error: BaseException, request: dict[str, Any], events: Events) -> None:
    """Say what a script raised, and the innermost line of the project's own that it was raised from."""
    file, line = request["file"], None
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(request["workspace"] + "/"):
            file, line = frame.filename, frame.lineno
    # A write to a pipe is kept whole up to 4,096 bytes, and JSON takes up to 6 for a character.
    kind, text = type(error).__name__, str(error)[:400]
    events.say(event="fault", id=request["id"], exception=kind, message=text, file=file, line=line)


def main() -> None:
    """Serve, and in a child be the stage."""
    # Set, a kernel has a thread that looks every second whether this process is still its parent.
    os.environ.pop("JPY_PARENT_PID", None)
    # The first to be registered is the last to be called.
    atexit.register(leave)
    control, events = os.dup(0), Events(os.dup(1))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    if sys.argv[1:] != ["--once"]:
        become(Zygote(control, events).serve(), events)
        return
    with os.fdopen(control, "rb") as stream:
        request = json.loads(stream.readline())
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    if hasattr(os, "setsid") and os.getsid(0) != os.getpid():
        os.setsid()
    if request["kind"] == "script" or kernel_imported(request, events):
        events.say(event="started", id=request["id"], pid=os.getpid())
        become(request, events)


if __name__ == "__main__":
    main()
