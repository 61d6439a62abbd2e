"""Imports: modules of the project are executed abstractly once, libraries are known by their dotted names."""

from __future__ import annotations

import ast
import posixpath
from functools import lru_cache

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import path_texts
from noteship.notebooks.interpreter.frames import Flow, Frame, Raised
from noteship.notebooks.interpreter.targets import bind
from noteship.notebooks.interpreter.written_texts import note_made, tree_of
from noteship.notebooks.modules import ModulePlace
from noteship.notebooks.values import Const, Library, ModuleValue, Scope, Value

__all__ = [
    "import_module",
    "library_name",
    "module_attribute",
    "run_import",
    "run_import_from",
    "run_module",
    "search_folders",
]

# Names under which the same library goes, the longest prefix first.
_ALIASES = {
    "tensorflow.python.keras": "keras",
    "tensorflow.keras": "keras",
    "tf_keras": "keras",
    "sklearn.externals.joblib": "joblib",
    "cPickle": "pickle",
    "_pickle": "pickle",
    "pickle5": "pickle",
    "cloudpickle": "pickle",
    "dill": "pickle",
    "simplejson": "json",
    "ujson": "json",
    "rapidjson": "json",
    "pathlib2": "pathlib",
    "posixpath": "os.path",
    "ntpath": "os.path",
    "modin.pandas": "pandas",
    "cudf": "pandas",
    "fireducks.pandas": "pandas",
    "pyspark.pandas": "pandas",
    "databricks.koalas": "pandas",
    "dask.dataframe": "pandas",
    "cupy": "numpy",
    "jax.numpy": "numpy",
    "pylab": "matplotlib.pyplot",
    "matplotlib.pylab": "matplotlib.pyplot",
    "imageio.v2": "imageio",
    "imageio.v3": "imageio",
    "tomli": "tomllib",
    "pysqlite3": "sqlite3",
    "builtins": "",
}
# Whether these are there tells a notebook where it runs: not on that machine.
_ELSEWHERE = ("google.colab", "kaggle_secrets", "kaggle_datasets", "dbutils", "pyodide", "js", "piplite")
DEEPEST_IMPORT = 30


def _is_elsewhere(name: str) -> bool:
    return any(name == other or name.startswith(other + ".") for other in _ELSEWHERE)


@lru_cache(maxsize=4096)
def library_name(name: str) -> str:
    """The one dotted name of a library's thing."""
    for alias, target in _ALIASES.items():
        if name == alias or name.startswith(alias + "."):
            return (target + name[len(alias) :]).removeprefix(".")
    return name


def run_import(machine: Machine, node: ast.Import) -> Flow:
    """`import a.b as c`."""
    for alias in node.names:
        module = import_module(machine, alias.name)
        if alias.asname:
            bind(machine, alias.asname, module)
        elif "." in alias.name:
            top = alias.name.partition(".")[0]
            bind(machine, top, import_module(machine, top))
        else:
            bind(machine, alias.name, module)
    return Flow.NORMAL


def run_import_from(machine: Machine, node: ast.ImportFrom) -> Flow:
    """`from a import b`, relative ones and `*` too."""
    module = _origin(machine, node)
    for alias in node.names:
        if alias.name == "*":
            _import_all(machine, module)
            continue
        value = _imported(machine, module, alias.name)
        name = alias.asname or alias.name
        bind(machine, name, value)
        if isinstance(module, ModuleValue) and alias.name in module.scope.places:
            machine.scope.places[name] = module.scope.places[alias.name]
    return Flow.NORMAL


def _origin(machine: Machine, node: ast.ImportFrom) -> Value:
    name = node.module or ""
    if not node.level:
        return import_module(machine, name)
    place = machine.project.find_relative(machine.frame.path, node.level, name)
    if place is None:
        return Library(name)
    return _loaded(machine, place, name or "package")


def _imported(machine: Machine, module: Value, name: str) -> Value:
    if isinstance(module, ModuleValue):
        return module_attribute(machine, module, name) or Library(f"{module.name}.{name}")
    if isinstance(module, Library):
        full = f"{module.name}.{name}" if module.name else name
        if _is_elsewhere(full):
            raise Raised("ImportError")
        return machine.attribute(module, name)
    return machine.attribute(module, name)


def _import_all(machine: Machine, module: Value) -> None:
    if isinstance(module, Library):
        machine.state.setdefault("stars", []).append(module.name)
        return
    if not isinstance(module, ModuleValue):
        return
    listed = module.scope.names.get("__all__")
    names = [item.value for item in machine.items(listed)[0] if isinstance(item, Const)] if listed is not None else None
    for name in names if names else [name for name in module.scope.names if not name.startswith("_")]:
        value = module_attribute(machine, module, str(name))
        if value is not None:
            bind(machine, str(name), value)
            if name in module.scope.places:
                machine.scope.places[str(name)] = module.scope.places[name]


def import_module(machine: Machine, name: str) -> Value:
    """The project's module of this name, else the library."""
    if _is_elsewhere(name) and machine.project.find_module(name, []) is None:
        raise Raised("ImportError")
    place = machine.project.find_module(name, search_folders(machine))
    if place is None or (not place.path and _is_plain_folder(name)):
        return Library(library_name(name))
    if "." in name:
        import_module(machine, name.rpartition(".")[0])
    return _loaded(machine, place, name)


def _is_plain_folder(name: str) -> bool:
    """A folder without `__init__.py` is a package only where a library is not meant: `import datasets`."""
    return "." not in name and name in {"data", "datasets", "models", "notebooks", "test", "tests", "evaluate", "docs"}


def search_folders(machine: Machine) -> list[str]:
    """The project's folders on `sys.path`, in order."""
    found: list[str] = []
    for item in machine.sys_path.items:
        for text in path_texts(machine, item):
            for cwd in path_texts(machine, machine.cwd):
                folder = machine.inside(posixpath.normpath(posixpath.join(cwd, text)))
                if folder is not None and folder not in found:
                    found.append(folder)
    own = machine.document.path.rpartition("/")[0]
    return [*found, own] if own not in found else found


def _loaded(machine: Machine, place: ModulePlace, name: str) -> ModuleValue:
    note_made(machine, place.path, f"import {name}")
    key = place.path or f"{place.folder}/"
    module = machine.modules.get(key)
    if module is None:
        path = place.path or f"{place.folder}/__init__.py"
        scope = Scope({"__name__": Const(name), "__file__": Const(machine.place(path))}, path=path)
        module = ModuleValue(name, scope, place.path, place.folder)
        machine.modules[key] = module
        if place.path:
            run_module(machine, scope, place.path)
    return module


def run_module(machine: Machine, scope: Scope, path: str) -> None:
    """Execute a module's statements in a scope."""
    tree = tree_of(machine, path)
    if tree is None or len(machine.frames) > DEEPEST_IMPORT:
        return
    frame = Frame(scope, "the import", path, None, 1)
    depth = len(machine.frames)
    machine.frames.append(frame)
    maybe = machine.maybe
    try:
        for statement in tree.body:
            try:
                machine.run([statement])
            except Raised as error:
                if error.name in {"ImportError", "ModuleNotFoundError"} and machine.catches(error.name):
                    raise
                del machine.frames[depth + 1 :]
    finally:
        del machine.frames[depth:]
        machine.maybe = maybe


def module_attribute(machine: Machine, module: ModuleValue, name: str) -> Value | None:
    """A name of a module, or the module below a package."""
    found = module.scope.names.get(name)
    if found is not None:
        return found
    if module.folder:
        place = machine.project.find_module(f"{module.folder.replace('/', '.')}.{name}", [""])
        if place is not None and (place.path or place.folder).startswith(module.folder + "/"):
            return _loaded(machine, place, f"{module.name}.{name}")
    getter = module.scope.names.get("__getattr__")
    return machine.invoke(getter, Const(name)) if getter is not None else None
