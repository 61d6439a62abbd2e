"""Which packages share a layer, and which cannot be together."""

from __future__ import annotations

from pathlib import Path

import pytest

from images import layer_reading, wheel_making
from noteship.images.layers import errors, wheel_layers
from noteship.images.layers.cache import LayerCache
from noteship.images.layers.environment import Environment
from noteship.images.layers.wheel import WheelFile

ENVIRONMENT = Environment("/usr/local/bin/python3.12", "3.12")
MANY = [f"package{number}" for number in range(30)]


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path / "layers")


def small(folder: Path, names: list[str], version: str = "1.0") -> list[WheelFile]:
    return [wheel_making.wheel(folder, name, {f"{name}.py": b"1"}, version=version) for name in names]


def keys(wheels: list[WheelFile], environment: Environment = ENVIRONMENT) -> set[str]:
    return {plan.key for plan in wheel_layers.plans(wheels, environment)}


def test_large_packages_have_layers_of_their_own(tmp_path: Path) -> None:
    """A wheel of more than 4 MB is a layer by its name, the others share some."""
    large = [wheel_making.wheel(tmp_path, f"large{at}", {"x": bytes(5 << 20)}, method=0) for at in range(2)]
    plans = wheel_layers.plans([*small(tmp_path, MANY), *large], ENVIRONMENT)
    assert [plan.title for plan in plans[:2]] == ["large0 1.0", "large1 1.0"]
    assert len(plans) == 2 + wheel_layers.SHARES


def test_one_changed_package_moves_one_layer(tmp_path: Path) -> None:
    """A new version, one package more and one less leave the keys of the other shares; the order does not matter."""
    wheels = small(tmp_path, MANY)
    newer = small(tmp_path, MANY[:1], "2.0")
    assert len(keys(wheels) - keys([*newer, *wheels[1:]])) == 1
    assert len(keys(wheels) - keys(wheels[1:])) == 1
    assert keys(wheels) == keys(wheels[::-1])


def test_what_files_depend_on_is_in_the_key(tmp_path: Path) -> None:
    """For another minor of Python everything is another layer; where its interpreter is, does not matter."""
    wheels = small(tmp_path, MANY[:3])
    assert not keys(wheels) & keys(wheels, Environment("/usr/local/bin/python3.13", "3.13"))
    assert keys(wheels) == keys(wheels, Environment("/usr/bin/python3.12", "3.12.4"))


def test_a_layer_has_the_files_of_all_its_packages(tmp_path: Path, cache: LayerCache) -> None:
    """Nothing is lost between the shares."""
    layers = cache.layers(wheel_layers.plans(small(tmp_path, MANY), ENVIRONMENT))
    found = [path for layer in layers for path in layer_reading.files(layer_reading.bytes_of(layer))]
    assert {path.rpartition("/")[2] for path in found if path.endswith(".py")} == {f"{name}.py" for name in MANY}
    assert len(found) == len(set(found))


def test_there_are_never_too_many_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where most packages are large, the largest have layers of their own."""
    monkeypatch.setattr(wheel_layers, "LARGE_BYTES", 100)
    monkeypatch.setattr(wheel_layers, "MOST_OWN_LAYERS", 3)
    wheels = small(tmp_path, MANY)
    wheels.append(wheel_making.wheel(tmp_path, "largest", {"x": bytes(50_000)}, method=0))
    plans = wheel_layers.plans(wheels, ENVIRONMENT)
    assert len(plans) == 3 + wheel_layers.SHARES
    assert "largest 1.0" in [plan.title for plan in plans[:3]]


def test_the_same_file_of_two_packages_is_no_conflict(tmp_path: Path, cache: LayerCache) -> None:
    """An empty file that many packages share is there, in each layer once."""
    wheels = [wheel_making.wheel(tmp_path, name, {"nvidia/__init__.py": b"", f"nvidia/{name}": b"1"}) for name in MANY]
    wheel_layers.check_apart(wheels, ENVIRONMENT, cache)
    for layer in cache.layers(wheel_layers.plans(wheels, ENVIRONMENT)):
        names = [each.name for each in layer_reading.members(layer_reading.bytes_of(layer))]
        assert sum(name.endswith("/nvidia/__init__.py") for name in names) == 1


def test_two_packages_with_one_path_are_an_error(tmp_path: Path, cache: LayerCache) -> None:
    """It names the path and both wheels, each time that it is asked for."""
    wheels = [
        wheel_making.wheel(tmp_path, "opencv_python", {"cv2/__init__.py": b"1"}),
        wheel_making.wheel(tmp_path, "opencv_python_headless", {"cv2/__init__.py": b"2"}),
    ]
    for _ in range(2):
        with pytest.raises(errors.WheelsClash) as caught:
            wheel_layers.check_apart(wheels, ENVIRONMENT, cache)
        assert caught.value.path == "opt/noteship/lib/python3.12/site-packages/cv2/__init__.py"
        assert {caught.value.one, caught.value.other} == {wheel.path.name for wheel in wheels}


def test_commands_and_folders_clash_too(tmp_path: Path, cache: LayerCache) -> None:
    """Two commands of one name, and a file where another package has a folder, cannot be together."""
    points = {"entry_points.txt": b"[console_scripts]\nrun = one:main\n"}
    other = {"entry_points.txt": b"[console_scripts]\nrun = two:main\n"}
    commands = [
        wheel_making.wheel(tmp_path, "one", {"one.py": b""}, about=points),
        wheel_making.wheel(tmp_path, "two", {"two.py": b""}, about=other),
    ]
    with pytest.raises(errors.WheelsClash, match="bin/run"):
        wheel_layers.check_apart(commands, ENVIRONMENT, cache)
    folders = [
        wheel_making.wheel(tmp_path, "three", {"thing": b""}),
        wheel_making.wheel(tmp_path, "four", {"thing/__init__.py": b""}),
    ]
    with pytest.raises(errors.WheelsClash, match="site-packages/thing"):
        wheel_layers.check_apart(folders, ENVIRONMENT, cache)


def test_that_packages_fit_is_looked_at_once(tmp_path: Path, cache: LayerCache) -> None:
    """The same wheels are not opened again; with one more they are."""
    wheels = small(tmp_path, MANY[:3])
    wheel_layers.check_apart(wheels, ENVIRONMENT, cache)
    for wheel in wheels:
        wheel.path.write_bytes(b"no zip any more")
    wheel_layers.check_apart(wheels, ENVIRONMENT, cache)
    others = [WheelFile(wheel.path, wheel.digest) for wheel in wheels]
    wheel_layers.check_apart(others, ENVIRONMENT, cache)
    with pytest.raises(errors.DamagedWheel):
        wheel_layers.check_apart([*others, *small(tmp_path, ["more"])], ENVIRONMENT, cache)
