"""What a project says of itself (`noteship.toml`), and the environment its notebooks run in."""

from noteship.project.data_settings import DataSettings
from noteship.project.environment import Environment, inspect
from noteship.project.interpreter import chosen, not_found
from noteship.project.settings import ServiceSettings, Settings, StageSettings, is_plain, load, place
from noteship.project.tune_settings import TuneSettings
from noteship.project.validate_settings import ValidateSettings

__all__ = [
    "DataSettings",
    "Environment",
    "ServiceSettings",
    "Settings",
    "StageSettings",
    "TuneSettings",
    "ValidateSettings",
    "chosen",
    "inspect",
    "is_plain",
    "load",
    "not_found",
    "place",
]
