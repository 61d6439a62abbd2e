"""An image in a folder, unpacked so that its noteship runs: its files as they are, real packages for the small ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

VENV = "opt/noteship"
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
# Run by the image's Python: what `carried.unpacked` makes of the image and the store, and the keys of its stages.
ASKING = """
import json, os, sys
from pathlib import Path
from noteship import store, workflow
from noteship.operations import carried
from noteship.operations.opened import OpenedProject
from noteship.operations.stages import chosen_of, graph_of
url, digest, image, target = sys.argv[1:]
root = carried.unpacked(store.open_store(url, Path(target)), digest, Path(image), Path(target))
opened = OpenedProject.at(root)
graph = chosen_of(opened, graph_of(opened), ())
carried.check(opened, graph, digest)
keys = {}
for name, choice in workflow.plan(graph, opened.workplace).items():
    keys[name] = choice.result.key if isinstance(choice, workflow.Reuse) else choice.text
print(json.dumps({"root": str(root), "environment": opened.environment.digest, "keys": keys, "name": opened.name}))
"""


class UnpackedImage:
    """A folder that stands for the root of a container."""

    def __init__(self, found: Mapping[str, bytes], folder: Path) -> None:
        """`found` has the image's files by path."""
        self.root = folder
        self.python = folder / VENV / "bin/python"
        make_venv(folder / VENV, ("noteship", "_editable_impl_noteship"))
        small = f"{VENV}/lib/"
        for path, data in found.items():
            if not path.startswith((small, f"{VENV}/bin/", f"{VENV}/pyvenv")) or "/site-packages/noteship/" in path:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def call(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Its Python, with nothing of this process's environment but the path."""
        given = {name: os.environ[name] for name in ("PATH", "TMPDIR", "HOME") if name in os.environ}
        return subprocess.run(
            [str(self.python), *words], capture_output=True, text=True, env=given | variables, cwd="/", check=False
        )

    def asked(self, url: str, digest: str, target: Path) -> Any:
        """What its stages' keys are."""
        answer = self.call("-c", ASKING, url, digest, str(self.root / "project"), str(target))
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)


def make_venv(folder: Path, without: tuple[str, ...], only: Collection[str] = ()) -> None:
    """A virtual environment with links to what is installed here: all, all but what begins so, or only these."""
    site = folder / f"lib/python{MINOR}/site-packages"
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    home = Path(sys.base_prefix, "bin")
    (folder / "bin/python").symlink_to(home / f"python{MINOR}")
    (folder / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not (without and entry.name.startswith(without)) and (not only or entry.name in only):
            (site / entry.name).symlink_to(entry)
