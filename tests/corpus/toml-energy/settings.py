import tomllib
from types import SimpleNamespace


def _namespace(value):
    if isinstance(value, dict):
        return SimpleNamespace(**{key: _namespace(item) for key, item in value.items()})
    return value


with open("settings.toml", "rb") as handle:
    RAW = tomllib.load(handle)

settings = _namespace(RAW)
paths = SimpleNamespace(**RAW["paths"])
