"""Opening, reading and writing files with Python's own means."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.emission import cwd_texts, path_texts, used
from noteship.notebooks.interpreter.evidence import Manner
from noteship.notebooks.interpreter.existence import is_folder
from noteship.notebooks.interpreter.holes import TEMPORARY, has_hole
from noteship.notebooks.interpreter.modelling import argument_text
from noteship.notebooks.interpreter.rules import actions_of_mode
from noteship.notebooks.interpreter.written_texts import add_text, begin_text, copy_text
from noteship.notebooks.uses import Action
from noteship.notebooks.values import NONE, Const, Library, PathValue, Seq, Unknown, Value

__all__ = ["FILE_MODELS", "OpenFile", "write_into"]


@dataclass(frozen=True)
class OpenFile:
    """What an open file, or a text that was read, comes from."""

    path: Value
    write: bool = False


def _open(machine: Machine, call: Call) -> Value:
    value = call.get(0, "file", "filename", "name", "uri", "path")
    mode = call.constant(1, "mode", default="r")
    return _opened(machine, call, value, mode if isinstance(mode, str) else "r")


def _opened(machine: Machine, call: Call, value: Value | None, mode: str) -> Value:
    actions = actions_of_mode(mode)
    for action in actions:
        used(machine, value, action, call)
    if "write" in actions and value is not None:
        begin_text(machine, value, append="a" in mode or "+" in mode)
    return Library("open()", "the content of a file", OpenFile(value or NONE, "write" in actions))


def _write(machine: Machine, call: Call) -> Value:
    """`f.write(text)`."""
    if isinstance(call.data, OpenFile):
        value = call.get(0)
        add_text(machine, call.data.path, machine.text(value) if isinstance(value, Const) else None)
    return Unknown("a number of characters")


def _write_lines(machine: Machine, call: Call) -> Value:
    items, rest = machine.items(call.get(0) or NONE)
    texts = [machine.text(item) if isinstance(item, Const) else None for item in items]
    known = [text for text in texts if text is not None]
    if isinstance(call.data, OpenFile):
        add_text(machine, call.data.path, "".join(known) if rest is None and len(known) == len(texts) else None)
    return NONE


def _path_open(machine: Machine, call: Call) -> Value:
    mode = call.constant(0, "mode", default="r")
    return _opened(machine, call, call.receiver, mode if isinstance(mode, str) else "r")


def _file_name(machine: Machine, call: Call) -> Value:
    return call.data.path if isinstance(call.data, OpenFile) else Unknown("the name of a file")


def _content(machine: Machine, call: Call) -> Value:
    return Library("open().read()", "the content of a file", call.data)


def _lines(machine: Machine, call: Call) -> Value:
    return Seq("list", [], Unknown("a line of a file"))


def _path_use(action: Action) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        used(machine, call.receiver, action, call)
        if action == "read":
            return Library("open().read()", "the content of a file", OpenFile(call.receiver or NONE))
        if call.receiver is not None:
            begin_text(machine, call.receiver)
            text = call.get(0, "data")
            add_text(machine, call.receiver, machine.text(text) if isinstance(text, Const) else None)
        return NONE

    return model


def _unknown_path_use(action: Action) -> Model:
    """`read_text` and the like on what is not known."""

    def model(machine: Machine, call: Call) -> Value:
        if call.name.startswith("?."):
            used(machine, Unknown(call.reason or "a path that is not known"), action, call)
        return Library("open().read()", "the content of a file")

    return model


def _removed(machine: Machine, value: Value | None) -> None:
    for text in path_texts(machine, value):
        if not machine.maybe:
            machine.findings.remove(text, cwd_texts(machine)[0])


def _remove(machine: Machine, call: Call) -> Value:
    _removed(machine, call.get(0, "path"))
    return NONE


def _path_remove(machine: Machine, call: Call) -> Value:
    _removed(machine, call.receiver)
    return NONE


def _move_between(machine: Machine, call: Call, source: Value | None, target: Value | None) -> Value:
    """A file that the document wrote itself moves silently; another one is read."""
    texts = path_texts(machine, source)
    own = [text for text in texts if not machine.maybe and machine.findings.remove(text, cwd_texts(machine)[0])]
    if not own:
        used(machine, source, "read", call)
    if target is not None:
        write_into(machine, call, target, texts)
    return target if target is not None else NONE


def _move(machine: Machine, call: Call) -> Value:
    return _move_between(machine, call, call.get(0, "src"), call.get(1, "dst"))


def _path_move(machine: Machine, call: Call) -> Value:
    return _move_between(machine, call, call.receiver, call.get(0, "target"))


def _copy(machine: Machine, call: Call) -> Value:
    source, target = call.get(0, "src"), call.get(1, "dst")
    used(machine, source, "read", call)
    if target is not None:
        write_into(machine, call, target, path_texts(machine, source))
        copy_text(machine, source or NONE, target)
    return target or NONE


def write_into(machine: Machine, call: Call, target: Value, names: list[str]) -> None:
    """Record that a copy goes to a path: below it, under its old name, when the path is a folder."""
    for text in path_texts(machine, target):
        if names and is_folder(machine, text):
            for name in names:
                place = posixpath.join(text, posixpath.basename(name.rstrip("/")))
                used(machine, Const(place), "write", call)
        else:
            used(machine, Const(text), "write", call)
    if not path_texts(machine, target):
        used(machine, target, "write", call)


def _copy_tree(machine: Machine, call: Call) -> Value:
    used(machine, call.get(0, "src"), "read", call, Manner(folder=True))
    used(machine, call.get(1, "dst"), "write", call, Manner(folder=True))
    return NONE


def _make_archive(machine: Machine, call: Call) -> Value:
    base, kind = call.get(0, "base_name"), call.constant(1, "format", default="zip")
    endings = {"zip": ".zip", "tar": ".tar", "gztar": ".tar.gz", "bztar": ".tar.bz2", "xztar": ".tar.xz"}
    extension = endings.get(kind, "") if isinstance(kind, str) else ""
    folder = call.get(2, "root_dir")
    if folder is not None:
        used(machine, folder, "read", call, Manner(folder=True))
    used(machine, base, "write", call, Manner(extension=extension))
    return Unknown("the path of an archive")


def _unpack_archive(machine: Machine, call: Call) -> Value:
    used(machine, call.get(0, "filename"), "read", call)
    used(machine, call.get(1, "extract_dir"), "write", call, Manner(folder=True))
    return NONE


# -- archives ---------------------------------------------------------------------------------------------------------


def _archive(kind: str) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        value = call.get(0, "file", "name")
        mode = call.constant(1, "mode", default="r")
        actions = actions_of_mode(mode.partition(":")[0] if isinstance(mode, str) else "r")
        if not isinstance(value, Library):
            for action in actions:
                used(machine, value, action, call)
        return Library(kind, "an archive", OpenFile(value or NONE, "write" in actions))

    return model


def _extract_all(machine: Machine, call: Call) -> Value:
    target = call.get(0, "path")
    if target is not None:
        used(machine, target, "write", call, Manner(folder=True))
    return NONE


def _extract(machine: Machine, call: Call) -> Value:
    member, target = argument_text(machine, call, 0, "member"), call.get(1, "path")
    folders = path_texts(machine, target) if target is not None else ["."]
    found = [posixpath.join(folder, member) for folder in folders]
    if found:
        used(machine, Seq("list", [Const(text) for text in found]), "write", call)
    else:
        used(machine, target, "write", call)
    return Const(found[0]) if found else Unknown("an extracted file")


def _add_member(machine: Machine, call: Call) -> Value:
    used(machine, call.get(0, "filename", "name"), "read", call)
    return NONE


def _member(machine: Machine, call: Call) -> Value:
    return Library("zipfile.ZipFile().open()", "a member of an archive")


# -- temporary places -------------------------------------------------------------------------------------------------


def _temporary(machine: Machine, call: Call) -> Value:
    return Const(f"{TEMPORARY}/folder")


def _temporary_pair(machine: Machine, call: Call) -> Value:
    return Seq("tuple", [Unknown("a file's number"), Const(f"{TEMPORARY}/file")])


def _temporary_file(machine: Machine, call: Call) -> Value:
    return Library("open()", "the content of a file", OpenFile(Const(f"{TEMPORARY}/file")))


def _temporary_folder(machine: Machine, call: Call) -> Value:
    return Library("tempfile.TemporaryDirectory()", "a folder", OpenFile(Const(f"{TEMPORARY}/folder")))


def _entered(machine: Machine, call: Call) -> Value:
    return call.data.path if isinstance(call.data, OpenFile) else Unknown("a folder")


def _file_source(machine: Machine, call: Call) -> Value:
    """`print(..., file=f)`, `csv.writer(f)` and such: what matters happened when the file was opened."""
    return Library(f"{call.name}()")


def _text_lines_of(machine: Machine, call: Call) -> Value:
    value = call.receiver
    text = value.text if isinstance(value, PathValue) else ""
    return Unknown("a file's state" if not has_hole(text) else "a path")


_OPENERS = [
    "aiofiles.open",
    "bz2.BZ2File",
    "bz2.open",
    "codecs.open",
    "fsspec.open",
    "gzip.GzipFile",
    "gzip.open",
    "io.FileIO",
    "io.open",
    "lzma.LZMAFile",
    "lzma.open",
    "open",
    "os.open",
    "pandas.io.common.get_handle",
    "smart_open.open",
    "smart_open.smart_open",
    "tensorflow.compat.v1.gfile.GFile",
    "tensorflow.gfile.GFile",
    "tensorflow.io.gfile.GFile",
    "wave.open",
    "xopen.xopen",
    "zstandard.open",
]

FILE_MODELS: MappingType[str, Model] = {
    **dict.fromkeys(_OPENERS, _open),
    "@open().name": _file_name,
    "open().read": _content,
    "open().write": _write,
    "open().writelines": _write_lines,
    "open().readline": _content,
    "open().readlines": _lines,
    "path.open": _path_open,
    "path.read_text": _path_use("read"),
    "path.read_bytes": _path_use("read"),
    "path.write_text": _path_use("write"),
    "path.write_bytes": _path_use("write"),
    "path.touch": _path_use("write"),
    "*.read_text": _unknown_path_use("read"),
    "*.read_bytes": _unknown_path_use("read"),
    "*.write_text": _unknown_path_use("write"),
    "*.write_bytes": _unknown_path_use("write"),
    "path.unlink": _path_remove,
    "path.rmdir": _path_remove,
    "path.rename": _path_move,
    "path.replace": _path_move,
    "path.move": _path_move,
    "path.stat": _text_lines_of,
    "os.remove": _remove,
    "os.unlink": _remove,
    "os.rename": _move,
    "os.renames": _move,
    "os.replace": _move,
    "shutil.move": _move,
    "shutil.copy": _copy,
    "shutil.copy2": _copy,
    "shutil.copyfile": _copy,
    "os.link": _copy,
    "os.symlink": _copy,
    "shutil.copytree": _copy_tree,
    "shutil.rmtree": _remove,
    "shutil.make_archive": _make_archive,
    "shutil.unpack_archive": _unpack_archive,
    "distutils.dir_util.copy_tree": _copy_tree,
    "distutils.file_util.copy_file": _copy,
    "zipfile.ZipFile": _archive("zipfile.ZipFile()"),
    "tarfile.open": _archive("tarfile.open()"),
    "tarfile.TarFile": _archive("tarfile.open()"),
    "tarfile.TarFile.open": _archive("tarfile.open()"),
    "py7zr.SevenZipFile": _archive("zipfile.ZipFile()"),
    "rarfile.RarFile": _archive("zipfile.ZipFile()"),
    **{f"{kind}.extractall": _extract_all for kind in ("zipfile.ZipFile()", "tarfile.open()")},
    **{f"{kind}.extract": _extract for kind in ("zipfile.ZipFile()", "tarfile.open()")},
    "zipfile.ZipFile().write": _add_member,
    "tarfile.open().add": _add_member,
    "zipfile.ZipFile().open": _member,
    "zipfile.ZipFile().read": _member,
    "tarfile.open().extractfile": _member,
    "tempfile.mkdtemp": _temporary,
    "tempfile.gettempdir": _temporary,
    "tempfile.mktemp": _temporary,
    "tempfile.mkstemp": _temporary_pair,
    "tempfile.NamedTemporaryFile": _temporary_file,
    "tempfile.TemporaryFile": _temporary_file,
    "tempfile.TemporaryDirectory": _temporary_folder,
    "tempfile.TemporaryDirectory().__enter__": _entered,
    "@tempfile.TemporaryDirectory().name": _entered,
    "csv.writer": _file_source,
    "csv.DictWriter": _file_source,
    "csv.DictReader": _file_source,
}
