"""Which wheels share a layer: each large one has its own, the small ones are divided by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from noteship import digests
from noteship.images.layers import errors
from noteship.images.layers.cache import LayerCache
from noteship.images.layers.entry import Entry
from noteship.images.layers.environment import Environment
from noteship.images.layers.layer import Plan, key_of
from noteship.images.layers.wheel import WheelFile
from noteship.images.layers.writing import folders_above

__all__ = ["check_apart", "divided", "plans"]

# Of what becomes of a wheel's files (`WheelFile.entries`): another version makes all layers of packages anew.
INSTALLED_VERSION = 1
LARGE_BYTES = 4 << 20
# Overlay file systems stack at most some 127 layers; a base has up to 20, byte code 21, the shares and the rest of an
# image eight.
MOST_OWN_LAYERS = 60
# A changed small package moves its share's layer: with 100 of them, 25 or so, a few MB.
SHARES = 4


def plans(wheels: Iterable[WheelFile], environment: Environment) -> tuple[Plan, ...]:
    """The layers of packages: the large ones by name, then the shares.

    Guarantee: a change of one package leaves the keys of all layers that it is not in.
    Raises: OSError where a wheel is not there.
    """
    return tuple(_plan(each, environment) for each in divided(wheels, MOST_OWN_LAYERS))


def divided(wheels: Iterable[WheelFile], most_own: int) -> tuple[tuple[WheelFile, ...], ...]:
    """Wheels by layers: the large ones each alone, by name, then the shares. Raises OSError.

    - most_own: how many are alone at most; the largest are
    """
    ordered = sorted(wheels, key=lambda wheel: (wheel.name, wheel.path.name, wheel.digest))
    by_size = sorted((wheel for wheel in ordered if wheel.size > LARGE_BYTES), key=lambda wheel: -wheel.size)
    large = set(by_size[:most_own])
    shares: dict[int, list[WheelFile]] = {number: [] for number in range(SHARES)}
    for wheel in ordered:
        if wheel not in large:
            shares[int(digests.of_bytes(wheel.name.encode())[:8], 16) % SHARES].append(wheel)
    alone = [(wheel,) for wheel in ordered if wheel in large]
    return (*alone, *(tuple(share) for share in shares.values() if share))


def check_apart(wheels: Sequence[WheelFile], environment: Environment, cache: LayerCache) -> None:
    """See that no two wheels bring one path with different contents; the answer is kept.

    Raises: WheelsClash, UnfitWheel.
    """
    key = key_of("apart", [INSTALLED_VERSION, environment.key, sorted(wheel.digest for wheel in wheels)])
    if cache.is_fine(key):
        return
    found: dict[str, tuple[WheelFile, Entry]] = {}
    folders: dict[str, WheelFile] = {}
    for wheel in sorted(wheels, key=lambda each: each.path.name):
        wheel.check_digest()
        for entry in wheel.entries(environment):
            other, before = found.setdefault(entry.path, (wheel, entry))
            if before.content.digest != entry.content.digest:
                raise errors.WheelsClash(entry.path, other.path.name, wheel.path.name)
            folders |= {folder: wheel for folder in folders_above(entry.path) if folder not in folders}
    for path in found.keys() & folders.keys():
        raise errors.WheelsClash(path, found[path][0].path.name, folders[path].path.name)
    cache.note_fine(key)


def _plan(wheels: Sequence[WheelFile], environment: Environment) -> Plan:
    title = wheels[0].title if len(wheels) == 1 else f"{len(wheels)} packages: {', '.join(map(_name, wheels))}"
    key = key_of("wheels", [INSTALLED_VERSION, environment.key, [wheel.digest for wheel in wheels]])
    return Plan(title, key, lambda: _entries(wheels, environment), sum(wheel.size for wheel in wheels))


def _name(wheel: WheelFile) -> str:
    return wheel.name


def _entries(wheels: Sequence[WheelFile], environment: Environment) -> list[Entry]:
    found: list[Entry] = []
    for wheel in wheels:
        wheel.check_digest()
        found += wheel.entries(environment)
    return found
