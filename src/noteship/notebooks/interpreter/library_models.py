"""Functions of the standard and other libraries that hand values or functions on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter import imports
from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.emission import path_texts, used
from noteship.notebooks.interpreter.evidence import Manner, evidence_of
from noteship.notebooks.interpreter.modelling import (
    argument_text,
    constant_result,
    distributed,
    first_argument,
    unknown,
)
from noteship.notebooks.interpreter.sequence_models import SEQUENCE_MODELS
from noteship.notebooks.values import (
    NONE,
    ClassValue,
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    ModuleValue,
    Seq,
    Unknown,
    Value,
)

__all__ = ["LIBRARY_MODELS"]


def _partial(machine: Machine, call: Call) -> Value:
    function, *given = call.arguments.positional or [Unknown("partial")]
    return Library("functools.partial()", "", (function, given, dict(call.arguments.keywords)))


def _call_partial(machine: Machine, call: Call) -> Value:
    function, given, keywords = call.data
    merged = Arguments(
        [*given, *call.arguments.positional], {**keywords, **call.arguments.keywords}, call.arguments.spread
    )
    return machine.parts.invoke(machine, function, merged, call.node)


def _wraps(machine: Machine, call: Call) -> Value:
    return Library("functools.wraps()")


def _reduce(machine: Machine, call: Call) -> Value:
    function, source = call.get(0), call.get(1)
    items, rest = machine.items(source) if source is not None else ([], None)
    start = call.get(2)
    values = [*([start] if start is not None else []), *items]
    if function is None or not (values or rest):
        return Unknown("what reduce gives")
    found = values[0] if values else Unknown("what reduce gives")
    for value in [*values[1:100], *([rest] if rest is not None else [])]:
        with machine.perhaps(value is rest):
            found = machine.invoke(function, found, value)
    return found if rest is None else Unknown("what reduce gives")


def _product(machine: Machine, call: Call) -> Value:
    sources = [machine.items(value) for value in call.arguments.positional]
    columns = [items or [rest or Unknown("an item")] for items, rest in sources]
    rows = itertools.islice(itertools.product(*columns), 400)
    return Seq("list", [Seq("tuple", list(row)) for row in rows], depth=machine.maybe)


def _chain(machine: Machine, call: Call) -> Value:
    sources = call.arguments.positional
    if call.name.endswith("from_iterable") and sources:
        sources = machine.items(sources[0])[0]
    found = Seq("list", [], depth=machine.maybe)
    for source in sources:
        items, rest = machine.items(source)
        found.items.extend(items)
        found.rest = found.rest or rest
    return found


def _deep_copy(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Seq):
        return Seq(value.kind, list(value.items), value.rest, value.fuzzy, machine.maybe)
    if isinstance(value, Mapping):
        return Mapping(dict(value.items), value.rest, value.dotted, machine.maybe)
    if isinstance(value, Instance):
        return Instance(value.cls, dict(value.attributes), machine.maybe)
    return value if value is not None else NONE


def _namespace(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    items = dict(value.items) if isinstance(value, Mapping) else {}
    return Mapping({**items, **call.arguments.keywords}, call.arguments.spread, True, machine.maybe)


def _default_dict(machine: Machine, call: Call) -> Value:
    value = call.get(1)
    made = call.get(0)
    rest = machine.invoke(made) if made is not None and made != NONE else None
    rest = rest if isinstance(rest, (Seq, Mapping)) else Unknown("an item of a dictionary")
    return Mapping(dict(value.items) if isinstance(value, Mapping) else {}, rest)


def _named_tuple(machine: Machine, call: Call) -> Value:
    """`namedtuple("Paths", "raw clean")`, `Enum("Names", ...)`: a class with fields."""
    names = call.get(1, "field_names")
    if isinstance(names, Const) and isinstance(names.value, str):
        fields = names.value.replace(",", " ").split()
    else:
        fields = [item.value for item in machine.items(names or NONE)[0] if isinstance(item, Const)]
    scope = type(machine.scope)({}, None)
    return ClassValue(argument_text(machine, call, 0), [Library("typing.NamedTuple")], scope, fields)


def _field(machine: Machine, call: Call) -> Value:
    """The default of a data class's field."""
    default = call.get(None, "default")
    if default is not None:
        return default
    factory = call.get(None, "default_factory", "factory")
    return machine.invoke(factory) if factory is not None else Unknown("a field without a default")


def _model_field(machine: Machine, call: Call) -> Value:
    """The default of a pydantic field or a typer option, which comes first."""
    default = call.get(0, "default")
    if isinstance(default, Const) and default.value is Ellipsis:
        return Unknown("a value given from outside")
    return default if default is not None else _field(machine, call)


def _as_dict(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Instance):
        return Mapping({key: item for key, item in value.attributes.items() if key != "_fields"}, depth=machine.maybe)
    return value if isinstance(value, Mapping) else Unknown("a dictionary")


def _replaced(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Instance):
        return Instance(value.cls, {**value.attributes, **call.arguments.keywords}, machine.maybe)
    return value or NONE


def _import_by_name(machine: Machine, call: Call) -> Value:
    name = argument_text(machine, call, 0, "name")
    return (
        imports.import_module(machine, name.lstrip("."))
        if name.replace(".", "").isidentifier()
        else Unknown("a module")
    )


def _reload(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    return value if isinstance(value, (ModuleValue, Library)) else NONE


def _arange(machine: Machine, call: Call) -> Value:
    return SEQUENCE_MODELS["range"](machine, call)


def _array(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Seq) and all(isinstance(item, Const) for item in value.items):
        return value
    return Library(f"{call.name}()")


def _getenv(machine: Machine, call: Call) -> Value:
    key, default = call.get(0, "key"), call.get(1, "default")
    name = machine.key(key) if key is not None else None
    if name is not None and name in machine.environ.items:
        return machine.environ.items[name]
    return default if default is not None else Unknown(f"the environment variable {name}", likely=False)


def _environ(machine: Machine, call: Call) -> Value:
    return machine.environ


def _sys_path(machine: Machine, call: Call) -> Value:
    return machine.sys_path


def _argv(machine: Machine, call: Call) -> Value:
    return machine.argv


def _modules(machine: Machine, call: Call) -> Value:
    known: list[str] = ["os", "sys"]
    if machine.document.kind == "notebook":
        known += ["ipykernel", "IPython"]
    found = Mapping({name: Library(name) for name in known}, Unknown("a module that is loaded"))
    for name in ("google.colab", "google", "colab"):
        found.items.pop(name, None)
    return found


def _ipython(machine: Machine, call: Call) -> Value:
    if machine.document.kind == "notebook":
        return Library("get_ipython()")
    return NONE


def _raw_input(machine: Machine, call: Call) -> Value:
    return Unknown("typed in by a person")


def _hub_dataset(machine: Machine, call: Call) -> Value:
    """`load_dataset("csv", data_files=...)` reads files, `load_dataset("name")` asks a hub."""
    files, folder = call.get(None, "data_files"), call.get(None, "data_dir")
    if isinstance(files, Mapping):
        files = Seq("list", list(files.items.values()), files.rest)
    used(machine, files, "read", call)
    used(machine, folder, "read", call, Manner(folder=True))
    if files is None and folder is None:
        for text in path_texts(machine, call.get(0, "path")):
            machine.findings.external(text, evidence_of(machine, call, "read", Manner()))
    return Library("datasets.load_dataset()")


def _atexit(machine: Machine, call: Call) -> Value:
    function = call.get(0, "func")
    return machine.invoke(function) if isinstance(function, (Func, Method)) else Unknown("what runs at the exit")


_SAME = [
    "alive_progress.alive_it",
    "asyncio.create_task",
    "asyncio.get_event_loop().run_until_complete",
    "asyncio.run",
    "collections.deque",
    "contextlib.closing",
    "contextlib.nullcontext",
    "dask.compute",
    "dask.delayed",
    "fastprogress.fastprogress.progress_bar",
    "fastprogress.progress_bar",
    "functools.cache",
    "functools.lru_cache",
    "functools.singledispatch",
    "inspect.cleandoc",
    "ipypb.track",
    "itertools.cycle",
    "joblib.delayed",
    "joblib.parallel.delayed",
    "more_itertools.always_iterable",
    "nest_asyncio.apply",
    "numpy.asarray",
    "numpy.sort",
    "numpy.unique",
    "progressbar.progressbar",
    "random.sample",
    "ray.get",
    "ray.remote",
    "rich.progress.track",
    "stqdm.stqdm",
    "sys.intern",
    "tqdm",
    "tqdm.auto.tqdm",
    "tqdm.autonotebook.tqdm",
    "tqdm.notebook.tqdm",
    "tqdm.std.tqdm",
    "tqdm.tqdm",
    "tqdm.tqdm_notebook",
    "track",
    "types.MappingProxyType",
    "weakref.proxy",
]


LIBRARY_MODELS: MappingType[str, Model] = {
    **dict.fromkeys(_SAME, first_argument),
    "functools.partial": _partial,
    "functools.partial()": _call_partial,
    "functools.wraps": _wraps,
    "functools.wraps()": first_argument,
    "functools.reduce": _reduce,
    "itertools.product": _product,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain,
    "copy.copy": _deep_copy,
    "copy.deepcopy": _deep_copy,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "collections.OrderedDict": SEQUENCE_MODELS["dict"],
    "collections.defaultdict": _default_dict,
    "collections.namedtuple": _named_tuple,
    "dataclasses.field": _field,
    "attr.ib": _field,
    "attr.field": _field,
    "attrs.field": _field,
    "dataclasses.asdict": _as_dict,
    "dataclasses.replace": _replaced,
    "pydantic.Field": _model_field,
    "typer.Option": _model_field,
    "typer.Argument": _model_field,
    "atexit.register": _atexit,
    "importlib.import_module": _import_by_name,
    "__import__": _import_by_name,
    "importlib.reload": _reload,
    "reload": _reload,
    "numpy.arange": _arange,
    "numpy.array": _array,
    "os.getenv": distributed(_getenv),
    "@os.environ": _environ,
    "@sys.path": _sys_path,
    "@sys.argv": _argv,
    "@sys.modules": _modules,
    "@sys.platform": constant_result("linux"),
    "@os.name": constant_result("posix"),
    "@os.sep": constant_result("/"),
    "@os.path.sep": constant_result("/"),
    "@os.pardir": constant_result(".."),
    "@os.path.pardir": constant_result(".."),
    "@os.curdir": constant_result("."),
    "@os.linesep": constant_result("\n"),
    "@os.devnull": constant_result("/dev/null"),
    "@os.extsep": constant_result("."),
    "@typing.TYPE_CHECKING": constant_result(False),
    "@string.ascii_lowercase": constant_result("abcdefghijklmnopqrstuvwxyz"),
    "@string.ascii_uppercase": constant_result("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "@string.digits": constant_result("0123456789"),
    "platform.system": constant_result("Linux"),
    "get_ipython": _ipython,
    "IPython.get_ipython": _ipython,
    "datasets.load_dataset": _hub_dataset,
    "input": _raw_input,
    "getpass.getpass": _raw_input,
    "time.strftime": unknown("the time"),
    "datetime.datetime.now": unknown("the time"),
    "datetime.datetime.today": unknown("the time"),
    "datetime.date.today": unknown("the date"),
    "uuid.uuid4": unknown("a random number"),
    "random.randint": unknown("a random number"),
    "object.__init__": constant_result(None),
}
