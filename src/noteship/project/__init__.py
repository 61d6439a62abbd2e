"""What a project says of itself (`noteship.toml`), and the environment its notebooks run in."""

from noteship.project.environment import Environment, inspect
from noteship.project.interpreter import chosen, not_found
from noteship.project.settings import ServiceSettings, Settings, StageSettings, is_plain, load

__all__ = [
    "Environment",
    "ServiceSettings",
    "Settings",
    "StageSettings",
    "chosen",
    "inspect",
    "is_plain",
    "load",
    "not_found",
]
