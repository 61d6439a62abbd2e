"""Libraries that read settings: their results are the values in the project's files."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter import imports
from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.builtin_models import BUILTIN_MODELS
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.emission import path_texts, used
from noteship.notebooks.interpreter.file_models import OpenFile
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.modelling import first_argument
from noteship.notebooks.interpreter.settings_files import load_ini, load_settings, parse_settings, settings_text
from noteship.notebooks.interpreter.subscripts import subscript
from noteship.notebooks.values import NONE, Const, Library, Mapping, Seq, Unknown, Value

__all__ = ["SETTINGS_MODELS"]


def _source_paths(machine: Machine, value: Value | None) -> list[str]:
    """The paths behind an open file or a text that was read."""
    if isinstance(value, Library) and isinstance(value.data, OpenFile):
        return path_texts(machine, value.data.path)
    return []


def _from_file(kind: str, dotted: bool = False) -> Model:
    """`load(f)`, `loads(text)`, or `load(path)`: the file is read, its values are known when it is there."""

    def model(machine: Machine, call: Call) -> Value:
        value = call.get(0, "f", "fp", "stream", "s", "path", "filename", "file_", "path_or_fp", "config_file")
        texts = _source_paths(machine, value)
        if not texts and isinstance(value, Const) and isinstance(value.value, str):
            found = parse_settings(value.value, kind, dotted) if not has_hole(value.value) else None
            if isinstance(found, (Mapping, Seq)):
                return found
        if (
            not texts
            and not (isinstance(value, Library) and value.data is not None)
            and not call.name.endswith("loads")
        ):
            texts = used(machine, value, "read", call) if not isinstance(value, (Unknown, Library)) else []
        for text in texts:
            found = load_settings(machine, text, kind, dotted)
            if found is not None:
                return found
        return _absent(call, texts, dotted)

    return model


def _absent(call: Call, texts: list[str], dotted: bool) -> Value:
    name = posixpath.basename(texts[0]) if texts and not has_hole(texts[0]) else "a file"
    return (
        Mapping({}, Unknown(f"an item of {name}"), dotted)
        if dotted
        else Library(f"{call.name}()", f"the content of {name}")
    )


def _dotted(machine: Machine, call: Call) -> Value:
    """`Box(settings)`, `OmegaConf.create(settings)`: keys are attributes too."""
    value = call.get(0)
    found = _as_dotted(value) if value is not None else Mapping({}, None, True)
    if isinstance(found, Mapping):
        found.items.update({key: _as_dotted(item) for key, item in call.arguments.keywords.items()})
        found.rest = found.rest or call.arguments.spread
    return found


def _as_dotted(value: Value) -> Value:
    if isinstance(value, Mapping):
        return Mapping({key: _as_dotted(item) for key, item in value.items.items()}, value.rest, True, value.depth)
    if isinstance(value, Seq):
        return Seq(value.kind, [_as_dotted(item) for item in value.items], value.rest, value.fuzzy, value.depth)
    return value


def _merged(machine: Machine, call: Call) -> Value:
    found = Mapping({}, None, True, machine.maybe)
    for value in call.arguments.positional:
        if isinstance(value, Mapping):
            _merge(found, value)
        else:
            found.rest = Unknown(machine.reason(value))
    return found


def _merge(base: Mapping, other: Mapping) -> None:
    for key, value in other.items.items():
        old = base.items.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            copy = Mapping(dict(old.items), old.rest, True)
            _merge(copy, value)
            base.items[key] = copy
        else:
            base.items[key] = value


def _parser(machine: Machine, call: Call) -> Value:
    extended = isinstance(found := call.get(None, "interpolation"), Library) and "Extended" in found.name
    return Library("configparser.ConfigParser()", "", Mapping({"": Const(extended)}))


def _parser_read(machine: Machine, call: Call) -> Value:
    value = call.get(0, "filenames", "f")
    texts = _source_paths(machine, value) or used(machine, value, "read", call)
    for text in texts:
        load_ini(machine, text, call.data, extended=call.data.items.get("") == Const(True))
    return NONE


def _parser_get(machine: Machine, call: Call) -> Value:
    section, option = call.get(0, "section"), call.get(1, "option")
    if section is None:
        return Unknown("a setting")
    table = subscript(machine, call.data, section)
    if option is None:
        return table
    key = machine.key(option)
    wanted = Const(key.lower()) if isinstance(key, str) else option
    fallback = call.get(None, "fallback")
    if fallback is not None and isinstance(table, Mapping) and machine.key(wanted) not in table.items:
        return fallback
    return subscript(machine, table, wanted)


def _parser_sections(machine: Machine, call: Call) -> Value:
    return Seq("list", [Const(name) for name in call.data.items if name not in {"", "DEFAULT"}])


def _parser_items(machine: Machine, call: Call) -> Value:
    section = call.get(0)
    table = subscript(machine, call.data, section) if section is not None else call.data
    return machine.invoke(machine.attribute(table, "items")) if isinstance(table, Mapping) else Unknown("settings")


def _environment(machine: Machine, call: Call) -> Value:
    """`load_dotenv()`: the variables of the project's `.env`, if there is one."""
    for text in path_texts(machine, call.get(0, "dotenv_path")) or [".env", f"{machine.root}/.env"]:
        found = load_settings(machine, text, "env")
        if isinstance(found, Mapping):
            for key, value in found.items.items():
                machine.environ.items.setdefault(key, value)
            break
    return Const(True)


def _hydra(machine: Machine, call: Call) -> Value:
    """`hydra.main(config_path=..., config_name=...)`: the composed settings beside the module."""
    folder = call.constant(0, "config_path", default="") or ""
    name = call.constant(1, "config_name", default="config") or "config"
    base = posixpath.join(machine.place(posixpath.dirname(machine.frame.path)), str(folder))
    return Library("hydra.main()", "", _composed(machine, base, str(name)))


def _composed(machine: Machine, base: str, name: str) -> Mapping:
    found = load_settings(machine, posixpath.join(base, f"{name.removesuffix('.yaml')}.yaml"), "yaml", True)
    if not isinstance(found, Mapping):
        return Mapping({}, Unknown("a setting"), True)
    whole = Mapping({}, None, True)
    defaults = found.items.pop("defaults", None)
    for item in machine.items(defaults)[0] if defaults is not None else []:
        if isinstance(item, Mapping):
            for group, choice in item.items.items():
                part = load_settings(
                    machine, posixpath.join(base, str(group), f"{machine.text(choice)}.yaml"), "yaml", True
                )
                if part is not None:
                    whole.items[str(group).rpartition("/")[2]] = part
    _merge(whole, found)
    return whole


def _hydra_compose(machine: Machine, call: Call) -> Value:
    base = machine.state.get("hydra folder", machine.root)
    return _composed(machine, base, str(call.constant(0, "config_name", default="config")))


def _hydra_initialize(machine: Machine, call: Call) -> Value:
    folder = call.constant(1, "config_path", default=None) or call.constant(0, "config_dir", default=".") or "."
    base = machine.place(posixpath.dirname(machine.frame.path))
    machine.state["hydra folder"] = posixpath.normpath(posixpath.join(base, str(folder)))
    return NONE


def _dynaconf(machine: Machine, call: Call) -> Value:
    files = call.get(None, "settings_files", "settings_file")
    found = Mapping({}, Unknown("a setting"), True)
    for text in path_texts(machine, files) or ["settings.toml", "settings.yaml"]:
        part = load_settings(machine, text, "", True)
        if isinstance(part, Mapping):
            inner = part.items.get("default", part)
            _merge(found, inner if isinstance(inner, Mapping) else part)
    upper = {str(key).upper(): value for key, value in found.items.items()}
    found.items.update({key: value for key, value in upper.items() if key not in found.items})
    return found


def _execute(machine: Machine, call: Call) -> Value:
    """`exec(open("settings.py").read())` runs the file here."""
    value = call.get(0)
    value = value.data if isinstance(value, Library) and value.name == "compile()" else value
    for text in _source_paths(machine, value):
        found = settings_text(machine, text)
        if found is not None and found[0].endswith(".py"):
            imports.run_module(machine, machine.scope, found[0])
            return NONE
    return BUILTIN_MODELS["exec"](machine, call)


def _compiled(machine: Machine, call: Call) -> Value:
    return Library("compile()", "", call.get(0))


_OMEGA = "omegaconf.OmegaConf"
_DOTTED = [
    "addict.Dict",
    "attrdict.AttrDict",
    "box.Box",
    "box.ConfigBox",
    "bunch.Bunch",
    "dotmap.DotMap",
    "easydict.EasyDict",
    "edict.EasyDict",
    "ml_collections.ConfigDict",
    "ml_collections.FrozenConfigDict",
    "ml_collections.config_dict.ConfigDict",
    "munch.Munch",
    "munch.Munch.fromDict",
    "munch.munchify",
    "omegaconf.DictConfig",
    "omegaconf.OmegaConf.create",
    "sklearn.utils.Bunch",
]
_YAML = [
    "oyaml.safe_load",
    "ruamel.yaml.YAML().load",
    "ruamel.yaml.load",
    "ruamel.yaml.safe_load",
    "ruamel_yaml.YAML().load",
    "srsly.read_yaml",
    "yaml.full_load",
    "yaml.load",
    "yaml.safe_load",
    "yaml.unsafe_load",
]

SETTINGS_MODELS: MappingType[str, Model] = {
    **dict.fromkeys(_YAML, _from_file("yaml")),
    **dict.fromkeys(("json.load", "json.loads", "json5.load", "orjson.loads", "srsly.read_json"), _from_file("json")),
    **dict.fromkeys(
        ("tomllib.load", "tomllib.loads", "toml.load", "toml.loads", "tomlkit.load", "rtoml.load"), _from_file("toml")
    ),
    f"{_OMEGA}.load": _from_file("yaml", dotted=True),
    "mmcv.Config.fromfile": _from_file("", dotted=True),
    "box.Box.from_yaml": _from_file("yaml", dotted=True),
    "box.Box.from_json": _from_file("json", dotted=True),
    "box.Box.from_toml": _from_file("toml", dotted=True),
    "anyconfig.load": _from_file(""),
    f"{_OMEGA}.merge": _merged,
    **dict.fromkeys(_DOTTED, _dotted),
    f"{_OMEGA}.to_container": first_argument,
    "configparser.ConfigParser": _parser,
    "configparser.RawConfigParser": _parser,
    "configparser.SafeConfigParser": _parser,
    "ConfigParser.ConfigParser": _parser,
    "configparser.ConfigParser().read": _parser_read,
    "configparser.ConfigParser().read_file": _parser_read,
    "configparser.ConfigParser().readfp": _parser_read,
    **{f"configparser.ConfigParser().{name}": _parser_get for name in ("get", "getint", "getfloat", "getboolean")},
    "configparser.ConfigParser().sections": _parser_sections,
    "configparser.ConfigParser().items": _parser_items,
    "dotenv.load_dotenv": _environment,
    "hydra.main": _hydra,
    "hydra.compose": _hydra_compose,
    "hydra.initialize": _hydra_initialize,
    "hydra.initialize_config_dir": _hydra_initialize,
    "dynaconf.Dynaconf": _dynaconf,
    "exec": _execute,
    "compile": _compiled,
}
