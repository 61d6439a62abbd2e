"""Files that are found by listing a folder, and by all the ways of picking from what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import told

START = "import glob, os\nfrom pathlib import Path\n"
FILES = "files = glob.glob('out/*.csv')\n"

# Each reads one or more of the files out/*.csv.
PICKED = {
    "sorted": "for f in sorted(files):\n    open(f)",
    "sorted by a key, the last": "open(sorted(files, key=os.path.getmtime)[-1])",
    "the newest": "open(max(files, key=os.path.getmtime))",
    "of pairs": "t, f = max((os.path.getmtime(f), f) for f in files)\nopen(f)",
    "or others": "for f in files or ['x.csv']:\n    open(f)",
    "at random": "import random\nopen(random.choice(files))",
    "several at random": "import random\n[open(f) for f in random.choices(files, k=2)]",
    "by numpy": "import numpy as np\nopen(np.random.choice(files))",
    "in groups": "from itertools import groupby\nfor key, group in groupby(files):\n    [open(f) for f in group]",
    "in a dictionary of lists": (
        "from collections import defaultdict\nd = defaultdict(list)\nfor f in files:\n    d[f[:3]].append(f)\n"
        "for k, v in d.items():\n    [open(f) for f in v]"
    ),
    "as a series": "import pandas as pd\nfor f in pd.Series(files):\n    open(f)",
    "as keys": "sizes = {f: os.path.getsize(f) for f in files}\nopen(max(sizes, key=sizes.get))",
    "as keys set one by one": "d = {}\nfor f in files:\n    d[f] = 1\nfor f, n in d.items():\n    open(f)",
    "as keys of a literal": "d = {files[0]: 1}\nfor f in d:\n    open(f)",
    "as keys of pairs": "d = dict(zip(files, range(3)))\n[open(f) for f in d]",
    "among others": "[open(f) for f in [*files, *[]]]",
    "the largest": "import heapq\n[open(f) for f in heapq.nlargest(2, files)]",
    "the first few": "from itertools import islice\n[open(f) for f in islice(files, 3)]",
    "split": (
        "from sklearn.model_selection import train_test_split\n"
        "one, two = train_test_split(files)\n[open(f) for f in one]"
    ),
    "reduced": "from functools import reduce\nreduce(lambda a, f: open(f), files, None)",
    "reduced without a start": "from functools import reduce\nreduce(lambda a, f: open(f), files)",
    "in batches": "from itertools import batched\nfor part in batched(files, 2):\n    [open(f) for f in part]",
}

# Each names the files of a folder in its own way.
LISTED = {
    "os.listdir": ("[open(os.path.join('out', f)) for f in sorted(os.listdir('out'))]", "r out/*"),
    "the name without its end": (
        "for f in os.listdir('out'):\n    name = f.split('.')[0]\n    open('out/' + name + '.csv')",
        "r out/*.csv",
    ),
    "the name in parts": (
        "for f in os.listdir('out'):\n    stem, dot, end = f.rpartition('.')\n    open(f'out/{stem}.{end}')",
        "r out/*.*",
    ),
    "in a folder that was entered": ("os.chdir('out')\nfor f in os.listdir():\n    open(f)", "r out/*"),
    "a pattern in a folder that was entered": ("os.chdir('out')\n[open(f) for f in glob.glob('*.csv')]", "r out/*.csv"),
    "ls with a pattern": ("files = !ls out/*.csv\nfor f in files:\n    open(f)", "r out/*.csv"),
    "ls of a folder": ("files = !ls out\nfor f in files:\n    open('out/' + f)", "r out/*"),
    "ls of a folder, with sizes": ("files = !ls -l out\nfor f in files:\n    open('out/' + f)", "r out/{}"),
    "find": ("files = !find out -name '*.csv'\nfor f in files:\n    open(f)", "r out/**/*.csv"),
}


@pytest.mark.parametrize("source", PICKED.values(), ids=list(PICKED))
def test_what_is_picked_is_one_of_those_found(tmp_path: Path, source: str) -> None:
    """However a list of files is sorted, cut and searched, what comes out is one of them."""
    assert "r out/*.csv" in told(tmp_path, START + FILES + source)


@pytest.mark.parametrize(("source", "expected"), LISTED.values(), ids=list(LISTED))
def test_listings_are_patterns(tmp_path: Path, source: str, expected: str) -> None:
    """The names in a folder are any names in that folder."""
    assert told(tmp_path, START + source) == [expected]


def test_any_file_of_the_first_folder_says_nothing(tmp_path: Path) -> None:
    """Reading whatever lies around is no read of the project."""
    assert told(tmp_path, START + "for f in os.listdir():\n    open(f)") == []
