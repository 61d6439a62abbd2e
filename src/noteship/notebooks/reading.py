"""Reading one file: its syntax, and what it does with files from a given working folder; plain JSON, for the cache."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from noteship import digests
from noteship.errors import NoteshipError
from noteship.notebooks import calling, errors, magics, modules, parameters, syntax
from noteship.notebooks.document import Cell, Document, read_document
from noteship.notebooks.project_view import ProjectTexts, ProjectView
from noteship.notebooks.raw import CommandLine, Hole, PathText, RawAnalysis, RawExternal, RawUnknown, RawUse, Word

__all__ = ["Analysis", "Reader", "Reading", "line_json", "line_of", "remembered_as"]


# The usual readers and writers, and lines that run on the top level, in a text that does not parse.
TOUCHES = re.compile(
    r"(\bopen|\bread_\w+|\.to_(csv|parquet|pickle|feather|json|excel|hdf|sql)"
    r"|\.(dump|load|save|savez|savefig|loadtxt|savetxt|genfromtxt|read_text|read_bytes|write_text|write_bytes))\s*\("
)
RUNS = re.compile(r"^(if\s+__name__\s*==|[a-z_][\w.]*\()", re.MULTILINE)
TEST_LIBRARIES = frozenset({"pytest", "unittest", "nose", "hypothesis", "doctest"})


@dataclass(frozen=True)
class Analysis:
    """What a document does with files from one working folder, and the answers of the project that this rests on."""

    raw: RawAnalysis
    answers: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        raw = self.raw
        return {
            "uses": [_use_json(use) for use in raw.uses],
            "calls": [[script, line_json(line)] for script, line in raw.calls],
            "external": [list(vars(item).values()) for item in raw.external],
            "unknown": [list(vars(item).values()) for item in raw.unknown],
            "modules": list(raw.modules),
            "runs": list(raw.runs),
            "order": list(raw.order),
            "texts": dict(raw.texts),
            "answers": dict(self.answers),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Analysis:
        """The inverse of `to_json`."""
        raw = RawAnalysis(
            tuple(_use_of(item) for item in value["uses"]),
            tuple(replace(RawExternal(*item), by=tuple(by)) for *item, by in value["external"]),
            tuple(replace(RawUnknown(*item), by=tuple(by)) for *item, by in value["unknown"]),
            tuple(value["modules"]),
            tuple(value["runs"]),
            tuple((script, line_of(line)) for script, line in value["calls"]),
            tuple(value["order"]),
            tuple(value["texts"].items()),
        )
        return cls(raw, value["answers"])


@dataclass
class Reading:
    """One notebook, script or module: what its syntax tells, and its analyses by working folder.

    `needed` are those of its `imports` without which it cannot run. `pieces` are its cells, or its functions and
    classes, each with a digest: they tell what changed. `main` says that
    it has a part under `__name__ == "__main__"` or, of what does not parse, that its text looks as if it ran; `tests`
    that it holds tests, `asked` that a newer interpreter was asked in vain or has read it.
    """

    path: str
    digest: str
    kind: str
    code: str = ""
    pieces: tuple[tuple[str, str], ...] = ()
    imports: tuple[tuple[int, str], ...] = ()
    needed: tuple[tuple[int, str], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    main: bool = False
    tests: bool = False
    asked: bool = False
    fault: NoteshipError | None = None
    analyses: dict[str, Analysis] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "digest": self.digest,
            "kind": self.kind,
            "code": self.code,
            "pieces": self.pieces,
            "imports": self.imports,
            "needed": self.needed,
            "parameters": self.parameters,
            "main": self.main,
            "tests": self.tests,
            "asked": self.asked,
            "fault": None if self.fault is None else _fault_json(self.fault),
            "analyses": {cwd: analysis.to_json() for cwd, analysis in self.analyses.items()},
        }

    @classmethod
    def from_json(cls, path: str, value: Mapping[str, Any]) -> Reading:
        """The inverse of `to_json`."""
        return cls(
            path=path,
            digest=value["digest"],
            kind=value["kind"],
            code=value["code"],
            pieces=tuple((name, digest) for name, digest in value["pieces"]),
            imports=tuple((level, name) for level, name in value["imports"]),
            needed=tuple((level, name) for level, name in value["needed"]),
            parameters=value["parameters"],
            main=value["main"],
            tests=value["tests"],
            asked=value["asked"],
            fault=None if value["fault"] is None else _fault_of(value["fault"]),
            analyses={cwd: Analysis.from_json(item) for cwd, item in value["analyses"].items()},
        )


class Reader:
    """Reads the files of one project."""

    def __init__(self, texts: ProjectTexts, readers: Mapping[str, Any], writers: Mapping[str, Any]) -> None:
        self.texts = texts
        self._extensions = (readers, writers)
        self._catalogue: Any = None

    def read(self, path: str) -> Reading:
        """What the syntax of one file tells; a fault is noted, never raised."""
        text, digest = self.texts.read(path)
        suffix_kind = "notebook" if path.endswith(".ipynb") else "script"
        if text is None:
            return Reading(path, digest, suffix_kind, fault=errors.NotReadable(path, _reason(digest)))
        try:
            document = read_document(path, text)
        except (errors.NotJson, errors.OtherLanguage) as fault:
            return Reading(path, digest, suffix_kind, fault=fault.with_traceback(None))
        self.texts.keep(document)
        return _syntax_reading(document, digest)

    def analyse(self, path: str, cwd: str, values: Mapping[str, Any], lines: Sequence[CommandLine] = ()) -> Analysis:
        """What one document does with files when it runs in `cwd`, with other values of its parameters.

        With `lines` it is interpreted once for each of these command lines, and does all that it does with any.
        """
        from noteship.notebooks import catalogue, interpreter

        if self._catalogue is None:
            self._catalogue = catalogue.catalogue_of(*self._extensions)
        document = self.texts.document(path)
        view = ProjectView(self.texts)
        if document is None:
            return Analysis(RawAnalysis(), {})
        if values:
            document = parameters.applied(document, values)
        found: list[RawAnalysis] = []
        for line in lines or (CommandLine(),):
            raw = interpreter.interpret(view, document, cwd=cwd, catalogue=self._catalogue, words=line.words)
            found.append(calling.told(raw, line))
        return Analysis(calling.united(found), view.answers)


def remembered_as(cwd: str, values: Mapping[str, Any], lines: Sequence[CommandLine] = ()) -> str:
    """The name of an analysis: its folder, its command lines and, where they are not the document's own, its values."""
    called = f"{cwd}!{digests.of_value(repr(lines))}" if lines else cwd
    return f"{called}?{digests.of_value(repr(sorted(values.items())))}" if values else called


def _reason(digest: str) -> str:
    reasons = {"absent": "it is not there", "large": "it is larger than noteship reads", "unreadable": "no permission"}
    return reasons.get(digest, "it is not UTF-8 text")


def _syntax_reading(document: Document, digest: str) -> Reading:
    parsed: list[tuple[Cell, ast.Module]] = []
    fault: NoteshipError | None = None
    for cell in document.code:
        try:
            parsed.append((cell, magics.parse_cell(cell.source)))
        except SyntaxError as error:
            fault = fault or _cell_fault(document, cell, error)
    trees = [tree for _, tree in parsed]
    imports = {found for tree in trees for found in modules.imported_names(tree)}
    return Reading(
        path=document.path,
        digest=digest,
        kind=document.kind,
        code="" if fault else syntax.cells_digest(trees),
        pieces=() if fault else tuple(_pieces(document.kind, parsed)),
        imports=tuple(sorted(imports)),
        needed=tuple(sorted({found for tree in trees for found in modules.needed_names(tree)})),
        parameters=_parameters(document),
        main=_looks_run(document) if fault else any(_has_main(tree) for tree in trees),
        tests=any(map(_has_tests, trees)) or any(name.partition(".")[0] in TEST_LIBRARIES for _, name in imports),
        fault=fault,
    )


def _pieces(kind: str, parsed: Sequence[tuple[Cell, ast.Module]]) -> Iterator[tuple[str, str]]:
    for cell, tree in parsed:
        if kind == "script":
            yield from syntax.definitions_of(tree)
        elif tree.body:
            yield f"cell {cell.index}", syntax.piece_digest(tree)


def _cell_fault(document: Document, cell: Cell, error: SyntaxError) -> errors.CellSyntaxError:
    number = cell.index if document.kind != "script" else None
    line = (error.lineno or 1) + cell.line - 1
    return errors.CellSyntaxError(document.path, number, line, _line_text(cell.source, error), error.msg)


def _line_text(source: str, error: SyntaxError) -> str:
    lines = source.splitlines()
    number = (error.lineno or 1) - 1
    return lines[number] if 0 <= number < len(lines) else ""


def _has_main(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and "__name__" in ast.dump(node.test)
        for node in tree.body
    )


def _looks_run(document: Document) -> bool:
    """Whether a text that does not parse looks as if it touched files, and not only when somebody imports it."""
    lines = [line for cell in document.code for line in cell.source.splitlines() if not line.lstrip().startswith("#")]
    touching = [line for line in lines if TOUCHES.search(line)]
    return any(not line[0].isspace() for line in touching) or (
        bool(touching) and RUNS.search("\n".join(lines)) is not None
    )


def _has_tests(tree: ast.Module) -> bool:
    """Whether functions or classes are named as test runners look for them."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name.startswith(("test_", "Test"))
        for node in tree.body
    )


def _parameters(document: Document) -> dict[str, Any]:
    """Literals assigned at the top level; a cell tagged `parameters` wins, else the first assignment does."""
    found: dict[str, Any] = {}
    cells = sorted(document.code, key=lambda cell: "parameters" not in cell.tags)
    for cell in cells:
        try:
            statements = magics.parse_cell(cell.source).body
        except SyntaxError:
            continue
        for statement in statements:
            name, value = _assigned(statement)
            if name is not None and value is not None and name not in found:
                try:
                    literal = ast.literal_eval(value)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    continue
                if _is_plain(literal):
                    found[name] = literal
    return found


def _assigned(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        value = statement.value
        if isinstance(value, ast.Constant | ast.UnaryOp | ast.List | ast.Dict):
            return statement.targets[0].id, value
    return None, None


def _is_plain(value: Any) -> bool:
    if value is None or isinstance(value, bool | str):
        return True
    if isinstance(value, int):
        return abs(value) < 1 << 63
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    if isinstance(value, list):
        return len(value) <= 1000 and all(map(_is_plain, value))
    return isinstance(value, dict) and all(isinstance(key, str) and _is_plain(item) for key, item in value.items())


_USE_FIELDS = tuple(each.name for each in fields(RawUse))[1:]


def line_json(line: CommandLine) -> list[Any]:
    """A command line as plain values."""
    return [[_parts_json(word) for word in line.words], line.origin, line.cwd, line.module]


def line_of(value: Sequence[Any]) -> CommandLine:
    """The inverse of `line_json`."""
    return CommandLine(tuple(_parts_of(word) for word in value[0]), *value[1:])


def _parts_json(parts: Word) -> list[Any]:
    return [part if isinstance(part, str) else [part.reason, part.kind] for part in parts]


def _parts_of(parts: Sequence[Any]) -> Word:
    return tuple(part if isinstance(part, str) else Hole(*part) for part in parts)


def _use_json(use: RawUse) -> list[Any]:
    return [_parts_json(use.path.parts), use.path.anchor, *(getattr(use, name) for name in _USE_FIELDS)]


def _use_of(item: list[Any]) -> RawUse:
    parts, anchor, *others, by = item
    return replace(RawUse(PathText(_parts_of(parts), anchor), *others), by=tuple(by))


def _fault_json(fault: NoteshipError) -> list[Any]:
    return [type(fault).__name__, *(getattr(fault, each.name) for each in fields(fault))]


def _fault_of(value: list[Any]) -> NoteshipError:
    fault: NoteshipError = getattr(errors, value[0])(*value[1:])
    return fault
