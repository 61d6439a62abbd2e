"""What the reading of one document asks of the project, with every answer recorded so that it can be checked again."""

from __future__ import annotations

import ast
import json
import stat
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from noteship import digests
from noteship.notebooks import modules, repositories
from noteship.notebooks.document import Document, read_document
from noteship.notebooks.errors import NotJson, OtherLanguage

__all__ = ["ProjectTexts", "ProjectView"]

# A module or settings file of a person's own is far smaller; data files are not read to find names in them.
TEXT_LIMIT_BYTES = 4 << 20
# Notebooks carry their pictures.
NOTEBOOK_LIMIT_BYTES = 256 << 20


@dataclass
class ProjectTexts:
    """The project's listing and the texts read so far, shared by the views of all documents.

    `made` are the sources and settings that stages write, with their text where it is known: what a stage will write
    counts, not what an earlier run has left there.
    """

    root: Path
    files: frozenset[str]
    made: Mapping[str, str | None] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _trees: dict[str, ast.Module | None] = field(default_factory=dict)
    _documents: dict[str, Document | None] = field(default_factory=dict)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file of the project, the root as `""`."""
        found = {""}
        for path in self.files:
            folder = path.rpartition("/")[0]
            while folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    @cached_property
    def repositories(self) -> frozenset[str]:
        """The names by which the project's repository goes."""
        return repositories.own_names(self.root)

    @cached_property
    def places(self) -> modules.ModulePlaces:
        """Where the project's modules are."""
        return modules.ModulePlaces(self.files | {path for path in self.made if path.endswith(".py")})

    @property
    def consulted(self) -> frozenset[str]:
        """The files whose contents were asked for, and that are there."""
        return frozenset(path for path in self._digests if path in self.files)

    def take(self, made: Mapping[str, str | None]) -> set[str]:
        """Take other sources and settings for what stages write; gives the paths of which something has changed."""
        old, self.made = self.made, made
        nothing = object()
        changed = {path for path in {*old, *made} if old.get(path, nothing) != made.get(path, nothing)}
        for known in (self._texts, self._digests, self._trees, self._documents):
            for path in changed & known.keys():
                del known[path]
        self.__dict__.pop("places", None)
        return changed

    def digest(self, path: str) -> str:
        """The digest of a file's bytes, or a word that says why there is none."""
        if path not in self._digests:
            self.read(path)
        return self._digests[path]

    def read(self, path: str) -> tuple[str | None, str]:
        """A file's text and its digest; no text when it is absent, too large or not UTF-8.

        A notebook's text is not kept, since outputs make it large.
        """
        if path in self._texts:
            return self._texts[path], self._digests[path]
        text, digest = self._read(path)
        self._digests[path] = digest
        if not path.endswith(".ipynb"):
            self._texts[path] = text
        return text, digest

    def _read(self, path: str) -> tuple[str | None, str]:
        made = self.made.get(path)
        if made is not None:
            return made, digests.of_bytes(made.encode("utf-8", "surrogatepass"))
        if path not in self.files:
            return None, "absent"
        place = self.root / path
        try:
            status = place.stat()
            # Opening a pipe would wait for its writer.
            if not stat.S_ISREG(status.st_mode):
                return None, "unreadable"
            if status.st_size > (NOTEBOOK_LIMIT_BYTES if path.endswith(".ipynb") else TEXT_LIMIT_BYTES):
                return None, "large"
            data = place.read_bytes()
        except OSError:
            return None, "unreadable"
        try:
            return data.decode("utf-8-sig"), digests.of_bytes(data)
        except UnicodeDecodeError:
            return None, digests.of_bytes(data)

    def tree(self, path: str) -> ast.Module | None:
        """The syntax tree of a module file."""
        if path not in self._trees:
            text = self.read(path)[0]
            self._trees[path] = None if text is None else _parsed(text)
        return self._trees[path]

    def keep(self, document: Document) -> None:
        """Remember a document that was read."""
        self._documents[document.path] = document

    def document(self, path: str) -> Document | None:
        """The cells of a notebook or script of this project."""
        if path not in self._documents:
            text = self.read(path)[0]
            try:
                self._documents[path] = None if text is None else read_document(path, text)
            except (NotJson, OtherLanguage):
                self._documents[path] = None
        return self._documents[path]


class ProjectView:
    """The project as one document's interpretation sees it."""

    def __init__(self, texts: ProjectTexts) -> None:
        self._texts = texts
        self.root = texts.root
        self.answers: dict[str, Any] = {}

    def read_text(self, path: str) -> str | None:
        """The text of a small UTF-8 file of the project, else None."""
        text, digest = self._texts.read(path)
        self.answers[_question("text", path)] = digest
        return text

    def exists(self, path: str) -> bool:
        """Whether the project's listing has this file or folder; its root is taken for its repository's."""
        texts = self._texts
        answer = path == ".git" or path in texts.files or path in texts.made or self._texts_folder(path)
        self.answers[_question("exists", path)] = answer
        return answer

    def is_made(self, path: str) -> bool:
        """Whether a stage of the project writes this source."""
        answer = path in self._texts.made
        self.answers[_question("made", path)] = answer
        return answer

    def is_repository(self, name: str) -> bool:
        """Whether the project's own repository goes by this name."""
        answer = name in self._texts.repositories
        self.answers[_question("repository", name)] = answer
        return answer

    def is_folder(self, path: str) -> bool:
        """Whether the project's listing has files below this folder."""
        answer = self._texts_folder(path)
        self.answers[_question("folder", path)] = answer
        return answer

    def module_tree(self, path: str) -> ast.Module | None:
        """The tree of a module file, shared: not to be changed. None when it is absent or does not parse."""
        self.answers[_question("text", path)] = self._texts.digest(path)
        return self._texts.tree(path)

    def document(self, path: str) -> Document | None:
        """Another notebook or script of the project, as cells."""
        self.answers[_question("text", path)] = self._texts.digest(path)
        return self._texts.document(path)

    def find_module(self, name: str, search: Sequence[str]) -> modules.ModulePlace | None:
        """The project's module of this absolute name; `search` are project-relative folders, first match wins."""
        answer = self._texts.places.find(name, search)
        self.answers[_question("module", name, *search)] = _plain(answer)
        return answer

    def find_relative(self, importer: str, level: int, name: str) -> modules.ModulePlace | None:
        """The module that `from ..name import x` in the module file `importer` means."""
        answer = self._texts.places.relative(importer, level, name)
        self.answers[_question("relative", importer, str(level), name)] = _plain(answer)
        return answer

    def _texts_folder(self, path: str) -> bool:
        return ("" if path == "." else path) in self._texts.folders

    @staticmethod
    def still_true(texts: ProjectTexts, answers: Mapping[str, Any]) -> bool:
        """Whether every recorded question would be answered alike now."""
        view = ProjectView(texts)
        return all(view._ask(json.loads(question)) == answer for question, answer in answers.items())

    def _ask(self, question: Sequence[str]) -> Any:
        kind, *rest = question
        if kind == "text":
            return self._texts.digest(rest[0])
        if kind == "exists":
            return self.exists(rest[0])
        if kind == "made":
            return self.is_made(rest[0])
        if kind == "folder":
            return self.is_folder(rest[0])
        if kind == "repository":
            return self.is_repository(rest[0])
        if kind == "module":
            return _plain(self._texts.places.find(rest[0], rest[1:]))
        return _plain(self._texts.places.relative(rest[0], int(rest[1]), rest[2]))


def _question(*parts: str) -> str:
    return json.dumps(parts)


def _plain(place: modules.ModulePlace | None) -> list[Any] | None:
    return None if place is None else [place.path, place.folder, place.is_package]


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
