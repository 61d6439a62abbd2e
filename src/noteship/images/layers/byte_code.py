"""Byte code of an image's sources in layers of its own, so that no start compiles on a root that nobody writes to.

Layers of packages stay the same whoever compiles; these depend on the compiler's release, which their keys name: every
release of a minor version reads what another one compiled, but they do not always write the same.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence

from noteship.images.layers import wheel_layers
from noteship.images.layers.compiler import Compiler
from noteship.images.layers.entry import Entry, Held, Link
from noteship.images.layers.environment import Environment
from noteship.images.layers.layer import Plan, key_of
from noteship.images.layers.wheel import WheelFile

__all__ = ["of_files", "of_wheels"]

# Of which sources are compiled, and to what: another version makes all layers of byte code anew.
VERSION = 1
# See `wheel_layers`: packages that a service imports are few.
MOST_OWN_LAYERS = 16
# Compiled in the time in which that much is inflated and hashed: sources of noteship, and what a wheel holds of them.
EFFORT, EFFORT_OF_WHEEL = 5, 3
# Seldom imported where nothing is tested, and half of all byte code of numeric packages or more.
LEFT_OUT = "tests"
# A compiler takes some 50 times its source in memory; sources that people write are far below.
SOURCE_BYTES = 4 << 20


def of_wheels(wheels: Iterable[WheelFile], environment: Environment, compiler: Compiler) -> tuple[Plan, ...]:
    """Layers of the byte code of packages, divided as the packages themselves are.

    Guarantee: a change of one package leaves the keys of all layers that it is not in; so what is compiled of a large
    one is kept for every project that has it.
    """
    return tuple(_of_share(each, environment, compiler) for each in wheel_layers.divided(wheels, MOST_OWN_LAYERS))


def of_files(title: str, entries: Sequence[Entry | Link], environment: Environment, compiler: Compiler) -> Plan:
    """A layer of the byte code of files that are listed already.

    - title: what they are
    """
    sources = _sources(entries, environment)
    value = [_key(environment, compiler), [[entry.path, entry.content.digest] for entry in sources]]
    effort = EFFORT * sum(entry.content.size for entry in sources)
    key = key_of("byte code of files", value)
    return Plan(f"byte code of {title}", key, lambda: _compiled(sources, compiler), effort)


def _of_share(wheels: Sequence[WheelFile], environment: Environment, compiler: Compiler) -> Plan:
    names = ", ".join(wheel.name for wheel in wheels)
    key = key_of("byte code", [_key(environment, compiler), [wheel.digest for wheel in wheels]])
    effort = EFFORT_OF_WHEEL * sum(wheel.size for wheel in wheels)
    return Plan(f"byte code of {names}", key, lambda: _of_all(wheels, environment, compiler), effort)


def _key(environment: Environment, compiler: Compiler) -> list[object]:
    return [VERSION, environment.key, compiler.key]


def _of_all(wheels: Sequence[WheelFile], environment: Environment, compiler: Compiler) -> Iterator[Entry]:
    found: list[Entry] = []
    for wheel in wheels:
        wheel.check_digest()
        found += _sources(wheel.entries(environment), environment)
    yield from _compiled(found, compiler)


def _sources(entries: Iterable[Entry | Link], environment: Environment) -> list[Entry]:
    """The modules among files, by their paths, each once."""
    found = {entry.path: entry for entry in entries if isinstance(entry, Entry) and _is_compiled(entry, environment)}
    return [found[path] for path in sorted(found)]


def _is_compiled(entry: Entry, environment: Environment) -> bool:
    folder, name = posixpath.split(entry.path)
    is_module = folder.startswith(environment.site_packages) and name.endswith(".py")
    return is_module and LEFT_OUT not in folder.split("/") and entry.content.size <= SOURCE_BYTES


def _compiled(sources: Sequence[Entry], compiler: Compiler) -> Iterator[Entry]:
    """One after the other, so that who stops waits for one of them only."""
    with compiler.started() as compiled:
        yield from (made for source in sources if (made := _byte_code(source, compiled, compiler.tag)))


def _byte_code(source: Entry, compiled: Callable[[Entry], bytes], tag: str) -> Entry | None:
    """Where the interpreter looks for it (PEP 3147); None for what is no Python of this version, such as templates."""
    folder, name = posixpath.split(source.path)
    code = compiled(source)
    return Entry(f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc", Held(code)) if code else None
