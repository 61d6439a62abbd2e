import json
import os

_HERE = os.path.dirname(os.path.abspath(__file__))


def get_config(name="config.json"):
    """Read the configuration that lies beside this module."""
    with open(os.path.join(_HERE, name)) as f:
        return json.load(f)


def data_path(*parts):
    cfg = get_config()
    return os.path.join(os.path.dirname(_HERE), cfg["data_dir"], *parts)
