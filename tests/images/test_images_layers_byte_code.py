"""Byte code in layers: the same bytes wherever it is made, used as it lies there, and nothing executed for it."""

from __future__ import annotations

import marshal
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from images import layer_reading, wheel_making
from noteship.images.layers import byte_code, errors, own_files, wheel_layers
from noteship.images.layers.compiler import Compiler
from noteship.images.layers.entry import Entry, Held
from noteship.images.layers.environment import Environment
from noteship.images.layers.layer import Plan
from noteship.images.layers.wheel import WheelFile

MINOR = ".".join(platform.python_version_tuple()[:2])
ENVIRONMENT = Environment(f"/usr/local/bin/python{MINOR}", MINOR)
SITE = ENVIRONMENT.site_packages
COMPILER = Compiler(sys.executable, platform.python_version())
TAG = f"cpython-{MINOR.replace('.', '')}"
# Magic number, flags and hash (PEP 552).
HEAD_BYTES = 16
MANY = [f"package{number}" for number in range(30)]
# Sets, shared strings and numbers, names of one letter, nested code: what marshal writes in more than one way.
SOURCE = """
def one(value, *, key={'a', 'b', 'é'}, other=frozenset((1, 2.5, 'x'))):
    return value in {'spam', 'ham', 'eggs', b'eggs', 10 ** 20, (1, 'x')} and (lambda x: x + 1)(value) or 'é'
class Two:
    'Of one.'
    spam = 'spam', 'x', 1, 257, -1, 'é', 'a b'
"""


def small(folder: Path, names: Iterable[str], text: str = SOURCE) -> list[WheelFile]:
    return [wheel_making.wheel(folder, name, {f"{name}.py": text.encode()}) for name in names]


def plans(wheels: Iterable[WheelFile], compiler: Compiler = COMPILER) -> tuple[Plan, ...]:
    return byte_code.of_wheels(wheels, ENVIRONMENT, compiler)


def keys(wheels: Iterable[WheelFile], compiler: Compiler = COMPILER) -> set[str]:
    return {plan.key for plan in plans(wheels, compiler)}


def found(made: Iterable[Plan]) -> dict[str, bytes]:
    """Contents of the files of layers by their paths in the environment's packages."""
    blobs = (layer_reading.blob_of(plan.entries())[0] for plan in made)
    return {path.removeprefix(f"{SITE}/"): data for blob in blobs for path, data in layer_reading.files(blob).items()}


def of_texts(texts: dict[str, bytes]) -> dict[str, bytes]:
    """Byte code of files, by its paths."""
    entries = [Entry(f"{SITE}/{name}", Held(data)) for name, data in texts.items()]
    return found([byte_code.of_files("some", entries, ENVIRONMENT, COMPILER)])


def test_equal_wheels_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In other processes, with other seeds of hashes, from another place and in another order."""
    made = set()
    for number in range(3):
        monkeypatch.setenv("PYTHONHASHSEED", str(number))
        wheels = small(tmp_path / str(number), MANY[:8])
        layers = plans(wheels[:: -1 if number else 1])
        made.add(tuple((plan.key, layer_reading.blob_of(plan.entries())[1]) for plan in layers))
    assert len(made) == 1


def test_it_depends_on_values_alone() -> None:
    """Code that was read again, of which other objects hold the parts, is written as the same bytes; so is its path."""
    [(path, data)] = of_texts({"a/b.py": SOURCE.encode()}).items()
    code = marshal.loads(data[HEAD_BYTES:])
    assert (path, code.co_filename) == (f"a/__pycache__/b.{TAG}.pyc", f"/{SITE}/a/b.py")
    assert marshal.dumps(code, 2) == data[HEAD_BYTES:]


def test_it_is_used_as_it_lies_there(tmp_path: Path) -> None:
    """The interpreter takes it for the sources beside it without looking at them, and compiles nothing."""
    environment = Environment(os.path.realpath(sys.executable), MINOR, f"{str(tmp_path).lstrip('/')}/opt/env")
    wheels = [
        wheel_making.wheel(
            tmp_path,
            "words",
            {"words/__init__.py": b"from words import deep\n", "words/deep.py": b"def fail(): raise OSError\n"},
        )
    ]
    for plan in (
        Plan.of("environment", environment.entries),
        *wheel_layers.plans(wheels, environment),
        *byte_code.of_wheels(wheels, environment, COMPILER),
    ):
        blob = layer_reading.blob_of(plan.entries())[0]
        for each in layer_reading.members(blob):
            if each.isdir():
                Path("/", each.name).mkdir(exist_ok=True)
        layer_reading.unpack(blob, Path("/"))
    site = Path("/", environment.site_packages)
    # Byte code is of the source that it was made of, whatever lies there now.
    (site / "words/deep.py").write_text("changed = True\n")
    code = "import words, traceback\ntry: words.deep.fail()\nexcept OSError: traceback.print_exc()"
    said = subprocess.run(
        [environment.interpreter, "-v", "-c", code], env={}, capture_output=True, text=True, check=True
    ).stderr
    for name in ("__init__", "deep"):
        assert f"# code object from '{site}/words/__pycache__/{name}.{TAG}.pyc'" in said
        assert f"# code object from {site}/words/{name}.py" not in said
    assert f'File "{site}/words/deep.py", line 1, in fail' in said


def test_nothing_is_executed(tmp_path: Path) -> None:
    """Neither modules nor what `.pth` files say, whatever they would do."""
    trace = tmp_path / "trace"
    code = f"import pathlib; pathlib.Path({str(trace)!r}).write_text('here')"
    wheels = [wheel_making.wheel(tmp_path, "bad", {"bad.py": code.encode(), "bad.pth": code.encode()})]
    assert [*found(plans(wheels))] == [f"__pycache__/bad.{TAG}.pyc"]
    assert not trace.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"print 'of Python 2'\n",
        b"import {{ cookiecutter.name }}\n",
        b"text = '\0'\n",
        b"# coding: of another world\n",
        b"text = '\xff'\n",
        b"(" * 10_000,
        b"-" * 1_000_000 + b"1\n",
    ],
    ids=["old", "template", "nul", "coding", "bytes", "nested", "deep"],
)
def test_what_is_no_python_has_none(text: bytes) -> None:
    """The others have theirs, and nothing fails."""
    assert [*of_texts({"a.py": b"1\n", "b/c.py": text, "d.py": b"2\n"})] == [
        f"__pycache__/a.{TAG}.pyc",
        f"__pycache__/d.{TAG}.pyc",
    ]


def test_only_modules_have_some(tmp_path: Path) -> None:
    """Tests, commands, files of other kinds and giant ones have none."""
    content = {
        "here.py": b"1\n",
        "tests.py": b"1\n",
        "tests/test_here.py": b"1\n",
        "inner/tests/__init__.py": b"1\n",
        "table.csv": b"1\n",
        "stub.pyi": b"1\n",
        "giant.py": b"#" * (byte_code.SOURCE_BYTES + 1),
        "words-1.0.data/scripts/command.py": b"#!python\n",
        "words-1.0.data/data/share/else.py": b"1\n",
    }
    made = found(plans([wheel_making.wheel(tmp_path, "words", content)]))
    assert [*made] == [f"__pycache__/here.{TAG}.pyc", f"__pycache__/tests.{TAG}.pyc"]


def test_one_changed_package_moves_one_layer(tmp_path: Path) -> None:
    """Another content of one leaves the keys of the other layers; a compiler of another release leaves none."""
    wheels = small(tmp_path, MANY)
    other = small(tmp_path / "other", MANY[:1], "1\n")
    assert keys(wheels) == keys(wheels[::-1])
    assert len(keys(wheels) - keys([*other, *wheels[1:]])) == 1
    assert len(keys(wheels) - keys(wheels[1:])) == 1
    assert not keys(wheels) & keys(wheels, Compiler(sys.executable, f"{MINOR}.999"))
    assert keys(wheels) == keys(wheels, Compiler("/elsewhere/python", COMPILER.version))


def test_noteship_itself_has_some() -> None:
    """Each of its modules, here of one room, under a key of their contents."""
    own = [entry for entry in own_files.files(ENVIRONMENT) if "/noteship/images/" in entry.path]
    plan = byte_code.of_files("noteship", own, ENVIRONMENT, COMPILER)
    modules = [entry.path for entry in own if entry.path.endswith(".py") and f"{SITE}/" in entry.path]
    assert len(found([plan])) == len(modules) > 40
    assert plan.key == byte_code.of_files("noteship", own[::-1], ENVIRONMENT, COMPILER).key
    assert plan.key != byte_code.of_files("noteship", own[:-20], ENVIRONMENT, COMPILER).key


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_a_compiler_that_ends_is_named(python: str, tmp_path: Path) -> None:
    """An interpreter that is not there, or does not start, is an error with its path, and gives no layer."""
    with pytest.raises(errors.CompilerEnded) as caught:
        found(plans(small(tmp_path, ["one"]), Compiler(python, COMPILER.version)))
    assert caught.value.python == python
