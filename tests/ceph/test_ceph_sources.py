"""A project whose data come from a bucket that others fill."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.projects import Project
from contracts import store_places

pytestmark = pytest.mark.ceph


def test_a_prefix_is_a_folder_of_the_project(tmp_path: Path) -> None:
    """What is put there, or taken away, makes the next run another one."""
    project = Project(tmp_path)
    code = "import glob\nnames = sorted(glob.glob('data/raw/*'))\n"
    project.write("use.py", f"{code}open('out.txt', 'w').write(''.join(open(n).read() for n in names))\n")
    with store_places.on_gateway() as bucket:
        project.write("noteship.toml", f'[data.raw]\nfrom = "{bucket.url}/raw/"\nto = "data/raw"\n')
        bucket.put("raw/a.csv", [b"a"])
        bucket.put("raw/b.csv", [b"b"])
        assert project.states() == {"data.raw": "executed", "use": "executed"}
        assert project.states() == {"data.raw": "reused", "use": "reused"}
        bucket.put("raw/b.csv", [b"c"])
        assert project.states() == {"data.raw": "executed", "use": "executed"}
        assert project.text("out.txt") == "ac"
        [source] = project.json("data", "sources", "--check")["sources"]
        assert (source["state"], source["last"]["files"]) == ("unmoved", 2)
