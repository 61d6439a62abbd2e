"""noteship itself in an image, as it is installed here, and the virtual environment that it is in there."""

from __future__ import annotations

import base64
from importlib import metadata
from pathlib import Path

import noteship
from noteship.images.layers import commands, folder_files
from noteship.images.layers.entry import Content, Entry, Held, Link, OnDisk
from noteship.images.layers.environment import Environment

__all__ = ["entries", "files"]

NAME = "noteship"
# Of what is beside the code: direct_url.json and RECORD tell of this machine.
ABOUT = ("METADATA", "entry_points.txt")
WHEEL = b"Wheel-Version: 1.0\nGenerator: noteship\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def entries(environment: Environment) -> list[Entry | Link]:
    """The environment's own, and noteship's (`files`). Raises FileUnfit."""
    return [*environment.entries, *files(environment)]


def files(environment: Environment) -> list[Entry]:
    """The package with its metadata, whether it is installed from a wheel or its sources. Raises FileUnfit."""
    site = environment.site_packages
    package = [
        entry
        for entry in folder_files.entries(Path(noteship.__file__).parent, f"{site}/{NAME}")
        if "/__pycache__/" not in entry.path
    ]
    about = {"WHEEL": WHEEL, **_about()}
    folder = f"{site}/{NAME}-{noteship.__version__}.dist-info"
    described = [Entry(f"{folder}/{name}", Held(data)) for name, data in about.items()]
    scripts = [
        Entry(f"{environment.scripts}/{name}", Held(commands.script(environment, target)), executable=True)
        for name, target in commands.parsed(about.get("entry_points.txt", b"").decode()).items()
    ]
    record = Entry(f"{folder}/RECORD", Held(_record([*package, *described], site, f"{folder}/RECORD")))
    return [*package, *described, *scripts, record]


def _about() -> dict[str, bytes]:
    try:
        found = metadata.distribution(NAME)
        texts = {name: found.read_text(name) for name in ABOUT}
    except metadata.PackageNotFoundError:
        texts = {}
    least = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {noteship.__version__}\n"
    return {"METADATA": least.encode()} | {name: text.encode() for name, text in texts.items() if text}


def _record(installed: list[Entry], site: str, own: str) -> bytes:
    lines = [
        f"{_quoted(entry.path.removeprefix(f'{site}/'))},sha256={_encoded(entry.content)},{entry.content.size}"
        for entry in sorted(installed, key=lambda each: each.path)
    ]
    return "\n".join([*lines, f"{own.removeprefix(f'{site}/')},,", ""]).encode()


def _quoted(path: str) -> str:
    return f'"{path}"' if "," in path else path


def _encoded(content: Content) -> str:
    assert isinstance(content, Held | OnDisk)  # whose digest is a SHA-256
    return base64.urlsafe_b64encode(bytes.fromhex(content.digest)).rstrip(b"=").decode()
