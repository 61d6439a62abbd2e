"""`os.path` and `pathlib`, on paths that may have holes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from pathlib import PurePosixPath

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.clones import entered
from noteship.notebooks.interpreter.core import LONGEST_TEXT, Machine, Model
from noteship.notebooks.interpreter.emission import absolute_texts, cwd_texts
from noteship.notebooks.interpreter.existence import made_folders, path_exists
from noteship.notebooks.interpreter.holes import HOME, has_hole
from noteship.notebooks.interpreter.modelling import argument_text, distributed, first_argument
from noteship.notebooks.values import Const, PathValue, Seq, Unknown, Value, join, options

__all__ = ["PATH_MODELS"]


def _own(call: Call) -> str:
    return call.receiver.text if isinstance(call.receiver, PathValue) else ""


def _normal(text: str) -> str:
    """A path as `pathlib` writes it; of what doubles in a loop, as much as a path can be."""
    text = text[-LONGEST_TEXT:]
    return str(PurePosixPath(text.replace("\\", "/") if "\\" in text else text))


def _path(machine: Machine, call: Call) -> Value:
    parts = [machine.written(value) for value in call.arguments.positional]
    return PathValue(_normal(posixpath.join(*parts) if parts else "."))


def _joined(machine: Machine, call: Call) -> Value:
    parts = [machine.written(value) for value in call.arguments.positional]
    if call.arguments.spread is not None:
        parts.append(machine.hole(machine.reason(call.arguments.spread)))
    return Const(posixpath.join(*parts)) if parts else Const("")


def _text_function(change: Callable[[str], str]) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        return Const(change(argument_text(machine, call, 0, "path", "p")))

    return distributed(model)


def _split_function(change: Callable[[str], tuple[str, ...]]) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        return Seq("tuple", [Const(part) for part in change(argument_text(machine, call, 0))])

    return distributed(model)


def _absolute(machine: Machine, call: Call) -> Value:
    text = argument_text(machine, call, 0)
    if text.startswith(HOME):
        return Const(text)
    return join(Const(place) for place in absolute_texts(machine, text))


def _relative(machine: Machine, call: Call) -> Value:
    text = argument_text(machine, call, 0, "path")
    start = argument_text(machine, call, 1, "start") if call.get(1, "start") is not None else cwd_texts(machine)[0]
    place, base = absolute_texts(machine, text)[0], absolute_texts(machine, start)[0]
    if has_hole(base) or not (place + "/").startswith("/") or place[:2] != base[:2]:
        return Const(machine.hole("a relative path"))
    return Const(posixpath.relpath(place, base))


def _exists(machine: Machine, call: Call) -> Value:
    return path_exists(machine, argument_text(machine, call, 0))


def _is_folder(machine: Machine, call: Call) -> Value:
    return _folder_test(machine, argument_text(machine, call, 0))


def _folder_test(machine: Machine, text: str) -> Value:
    found = path_exists(machine, text)
    if not isinstance(found, Const) and not has_hole(text) and "." in text.rpartition("/")[2].strip("."):
        return Unknown("whether a folder exists", likely=False)
    return found


def _expanded(machine: Machine, call: Call) -> Value:
    text = argument_text(machine, call, 0)
    for key, value in machine.environ.items.items():
        if isinstance(value, Const) and isinstance(key, str):
            text = text.replace(f"${{{key}}}", str(value.value)).replace(f"${key}", str(value.value))
    return Const(text.replace("$HOME", HOME))


# -- pathlib ----------------------------------------------------------------------------------------------------------


def _property(change: Callable[[PurePosixPath], str]) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        return Const(change(PurePosixPath(_own(call))))

    return model


def _suffix(machine: Machine, call: Call) -> Value:
    own = PurePosixPath(_own(call))
    return Const(own.suffix or (machine.hole("the suffix of a path") if has_hole(own.name) else ""))


def _split_suffix(machine: Machine, call: Call) -> Value:
    text = argument_text(machine, call, 0)
    stem, suffix = posixpath.splitext(text)
    if not suffix and has_hole(posixpath.basename(stem)):
        suffix = machine.hole("the suffix of a path")
    return Seq("tuple", [Const(stem), Const(suffix)])


def _parent(machine: Machine, call: Call) -> Value:
    return PathValue(str(PurePosixPath(_own(call)).parent))


def _parents(machine: Machine, call: Call) -> Value:
    return Seq("tuple", [PathValue(str(parent)) for parent in PurePosixPath(_own(call)).parents])


def _parts(machine: Machine, call: Call) -> Value:
    return Seq("tuple", [Const(part) for part in PurePosixPath(_own(call)).parts])


def _suffixes(machine: Machine, call: Call) -> Value:
    return Seq("list", [Const(part) for part in PurePosixPath(_own(call)).suffixes])


def _same(machine: Machine, call: Call) -> Value:
    return PathValue(_own(call))


def _as_text(machine: Machine, call: Call) -> Value:
    return Const(_own(call))


def _with(name: str) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        text = argument_text(machine, call, 0)
        own = PurePosixPath(_own(call))
        try:
            return PathValue(str(getattr(own, name)(text)))
        except ValueError:
            if name == "with_suffix":
                return PathValue(str(own).removesuffix(own.suffix) + text)
            return PathValue(str(own.parent / machine.hole("a changed name")))

    return distributed(model)


def _join_path(machine: Machine, call: Call) -> Value:
    parts = [machine.written(value) for value in call.arguments.positional]
    return PathValue(_normal(posixpath.join(_own(call), *parts)))


def _resolved(machine: Machine, call: Call) -> Value:
    if _own(call).startswith(HOME):
        return PathValue(_own(call))
    return join(PathValue(place) for place in absolute_texts(machine, _own(call)))


def _relative_to(machine: Machine, call: Call) -> Value:
    own, base = PurePosixPath(_own(call)), argument_text(machine, call, 0)
    try:
        return PathValue(str(own.relative_to(base)))
    except ValueError:
        return PathValue(machine.hole("a relative path"))


def _path_exists(machine: Machine, call: Call) -> Value:
    return path_exists(machine, _own(call))


def _path_is_folder(machine: Machine, call: Call) -> Value:
    return _folder_test(machine, _own(call))


def _is_absolute(machine: Machine, call: Call) -> Value:
    text = _own(call)
    return Unknown("a path") if has_hole(text[:1]) else Const(text.startswith("/"))


def _glob(machine: Machine, call: Call) -> Value:
    pattern = argument_text(machine, call, 0, "pattern")
    found = posixpath.join(_own(call), machine.holes.wildcards(pattern))
    return Seq("list", [], PathValue(found))


def _deep_glob(machine: Machine, call: Call) -> Value:
    pattern = machine.holes.wildcards(argument_text(machine, call, 0, "pattern"))
    return Seq("list", [], PathValue(posixpath.join(_own(call), machine.hole("a pattern", "deep"), pattern)))


def _entries(machine: Machine, call: Call) -> Value:
    return Seq("list", [], PathValue(posixpath.join(_own(call), machine.hole("a pattern", "segment"))))


def _walk(machine: Machine, call: Call) -> Value:
    base = _own(call) if call.receiver is not None else argument_text(machine, call, 0, "top")
    deep, segment = machine.hole("a pattern", "deep"), machine.hole("a pattern", "segment")
    folder: Value = Const(posixpath.join(base, deep))
    if call.receiver is not None:
        folder = PathValue(posixpath.join(base, deep))
    names = Seq("list", [], Const(segment))
    return Seq("list", [], Seq("tuple", [folder, names, names]))


def _home(machine: Machine, call: Call) -> Value:
    return PathValue(HOME)


def _cwd_path(machine: Machine, call: Call) -> Value:
    return join(PathValue(place) for place in cwd_texts(machine))


def _cwd_text(machine: Machine, call: Call) -> Value:
    return join(Const(place) for place in cwd_texts(machine))


def _chdir(machine: Machine, call: Call) -> Value:
    value = call.get(0, "path")
    texts = []
    for option in [] if value is None else options(value):
        text = machine.text(option)
        if text is not None and not (has_hole(text) and len(machine.holes.split(text)) == 1):
            texts.append(text)
    if texts:
        machine.cwd = join(Const(place) for text in texts for place in entered(machine, text))
    return Const(None)


# -- listings ---------------------------------------------------------------------------------------------------------


def _glob_function(machine: Machine, call: Call) -> Value:
    pattern = argument_text(machine, call, 0, "pathname")
    folder = call.text_of(None, "root_dir")
    return Seq("list", [], Const(machine.holes.wildcards(pattern)), fuzzy=folder is not None)


def _listdir(machine: Machine, call: Call) -> Value:
    return Seq("list", [], Const(machine.hole("a pattern", "segment")))


def _scandir(machine: Machine, call: Call) -> Value:
    base = argument_text(machine, call, 0, "path") if call.arguments.positional else "."
    return Seq("list", [], PathValue(posixpath.join(base, machine.hole("a pattern", "segment"))))


def _same_function(machine: Machine, call: Call) -> Value:
    return first_argument(machine, call)


def _make_folder(machine: Machine, call: Call) -> Value:
    text = _own(call) if call.receiver is not None else argument_text(machine, call, 0, "name")
    made_folders(machine).update(absolute_texts(machine, text))
    return Const(None)


def _base(path: str) -> str:
    """The last part; a pattern that spans folders ends in front of it."""
    return posixpath.basename(path.replace("\\", "/"))


def _root(machine: Machine, call: Call) -> Value:
    return PathValue(machine.root)


def _from_root(machine: Machine, call: Call) -> Value:
    parts = [machine.written(value, "a part of a path") for value in call.arguments.positional]
    return PathValue(_normal(posixpath.join(machine.root, *parts)))


_KINDS = ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")

PATH_MODELS: MappingType[str, Model] = {
    "os.path.join": distributed(_joined),
    "os.path.basename": _text_function(_base),
    "os.path.dirname": _text_function(posixpath.dirname),
    "os.path.normpath": _text_function(posixpath.normpath),
    "os.path.normcase": _text_function(str),
    "os.path.expanduser": distributed(_same_function),
    "os.path.expandvars": distributed(_expanded),
    "os.path.splitext": distributed(_split_suffix),
    "os.path.split": _split_function(posixpath.split),
    "os.path.splitdrive": _split_function(lambda path: ("", path)),
    "os.path.abspath": distributed(_absolute),
    "os.path.realpath": distributed(_absolute),
    "os.path.relpath": distributed(_relative),
    "os.path.exists": distributed(_exists),
    "os.path.lexists": distributed(_exists),
    "os.path.isfile": distributed(_exists),
    "os.path.isdir": distributed(_is_folder),
    "os.fspath": distributed(_same_function),
    "os.fsdecode": distributed(_same_function),
    **{f"pathlib.{kind}": distributed(_path) for kind in _KINDS},
    **{f"pathlib.{kind}.home": _home for kind in _KINDS},
    **{f"pathlib.{kind}.cwd": _cwd_path for kind in _KINDS},
    "upath.UPath": distributed(_path),
    "cloudpathlib.AnyPath": distributed(_path),
    "path.Path": distributed(_path),
    "fastcore.xtras.Path": distributed(_path),
    "pyprojroot.here": _from_root,
    "pyprojroot.find_root": _root,
    "pyprojroot.here.here": _from_root,
    "pyrootutils.setup_root": _root,
    "rootutils.setup_root": _root,
    "git.Repo().git.rev_parse": _root,
    "path@parent": _parent,
    "path@parents": _parents,
    "path@parts": _parts,
    "path@suffixes": _suffixes,
    "path@name": _property(lambda path: path.name),
    "path@stem": _property(lambda path: path.stem),
    "path@suffix": _suffix,
    "path@anchor": _property(lambda path: path.anchor),
    "path@root": _property(lambda path: path.root),
    "path@path": _as_text,
    "path.joinpath": distributed(_join_path),
    "path.with_suffix": _with("with_suffix"),
    "path.with_name": _with("with_name"),
    "path.with_stem": _with("with_stem"),
    "path.resolve": _resolved,
    "path.absolute": _resolved,
    "path.expanduser": _same,
    "path.as_posix": _as_text,
    "path.__str__": _as_text,
    "path.__fspath__": _as_text,
    "path.relative_to": distributed(_relative_to),
    "path.exists": _path_exists,
    "path.is_file": _path_exists,
    "path.is_dir": _path_is_folder,
    "path.is_absolute": _is_absolute,
    "path.glob": distributed(_glob),
    "path.rglob": distributed(_deep_glob),
    "path.iterdir": _entries,
    "path.ls": _entries,
    "path.walk": _walk,
    "path.mkdir": _make_folder,
    "os.getcwd": _cwd_text,
    "os.getcwdb": _cwd_text,
    "os.chdir": _chdir,
    "os.makedirs": _make_folder,
    "os.mkdir": _make_folder,
    "os.listdir": _listdir,
    "os.scandir": distributed(_scandir),
    "os.walk": distributed(_walk),
    "glob.glob": distributed(_glob_function),
    "glob.iglob": distributed(_glob_function),
    "fnmatch.filter": first_argument,
    "tensorflow.io.gfile.glob": distributed(_glob_function),
    "natsort.natsorted": first_argument,
}
