"""Opening, moving and packing files, `os.path` and `pathlib`, databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import analysis, told

PATHS = {
    "os.path": (
        "import os\nD = os.path.join('data', 'raw')\nopen(os.path.join(D, 'a.csv'))",
        "r nbs/data/raw/a.csv",
    ),
    "from import": (
        "from os.path import join as j\nopen(j('a', 'b'))",
        "r nbs/a/b",
    ),
    "dirname and splitext": (
        (
            "import os\np = 'x/a.csv'\n"
            "open(os.path.dirname(p) + '/' + os.path.splitext(os.path.basename(p))[0] + '.txt')"
        ),
        "r nbs/x/a.txt",
    ),
    "slash": (
        "from pathlib import Path\nopen(Path('data') / 'raw' / 'a')",
        "r nbs/data/raw/a",
    ),
    "reversed slash": (
        "from pathlib import Path\nopen('data' / Path('a'))",
        "r nbs/data/a",
    ),
    "joinpath": (
        "from pathlib import Path\nopen(Path('data').joinpath('raw', 'a'))",
        "r nbs/data/raw/a",
    ),
    "with_suffix": (
        ("from pathlib import Path\np = Path('d/a.csv')\nopen(p.with_suffix('.json'))\nopen(p.with_name('b'))"),
        "r nbs/d/a.json|r nbs/d/b",
    ),
    "stem and name": (
        ("from pathlib import Path\np = Path('d/a.csv')\nopen(p.parent / f'{p.stem}_2{p.suffix}')"),
        "r nbs/d/a_2.csv",
    ),
    "parents": (
        ("from pathlib import Path\nopen(Path.cwd().parents[0] / 'a')\nopen(Path().resolve().parent / 'b')"),
        "r a|r b",
    ),
    "climbing": (
        "open('../data/a')",
        "r data/a",
    ),
    "above the project": (
        "open('../../a')",
        "r ../a",
    ),
    "home": (
        "import os\nopen(os.path.expanduser('~/d/a'))",
        "r ~/d/a",
    ),
    "chdir": (
        "import os\nos.chdir('..')\nopen('a')\nos.chdir('data')\nopen('b')",
        "r a|r data/b",
    ),
    "chdir when in a folder": (
        "import os\nif os.path.basename(os.getcwd()) == 'nbs':\n    os.chdir('..')\nopen('a')",
        "r a",
    ),
    "glob": (
        "import glob\nfor p in glob.glob('raw/*.csv'): open(p)",
        "r nbs/raw/*.csv",
    ),
    "deep glob": (
        "from pathlib import Path\nfor p in Path('raw').rglob('*.csv'): open(p)",
        "r nbs/raw/**/*.csv",
    ),
    "names of a pattern": (
        ("import glob, os\nfor p in glob.glob('raw/*.csv'):\n    open(os.path.join('out', os.path.basename(p)), 'w')"),
        "w nbs/out/*.csv",
    ),
    "listdir": (
        ("import os\nfor n in os.listdir('raw'):\n    if n.endswith('.csv'): open(os.path.join('raw', n))"),
        "r nbs/raw/*.csv",
    ),
    "listdir and continue": (
        ("import os\nfor n in os.listdir('r'):\n    if not n.endswith('.b'): continue\n    open('r/' + n)"),
        "r nbs/r/*.b",
    ),
    "listdir in a comprehension": (
        ("import os\n[open('r/' + n) for n in os.listdir('r') if n.endswith('.b') and n.startswith('a')]"),
        "r nbs/r/a*.b",
    ),
    "iterdir and suffix": (
        ("from pathlib import Path\nfor p in Path('r').iterdir():\n    if p.suffix == '.b': open(p)"),
        "r nbs/r/*.b",
    ),
    "walk": (
        "import os\nfor d, _, ns in os.walk('r'):\n    for n in ns: open(os.path.join(d, n))",
        "r nbs/r/**/*",
    ),
    "newest of a pattern": (
        "import glob, os\nopen(max(glob.glob('m/*.pkl'), key=os.path.getctime))",
        "r nbs/m/*.pkl",
    ),
    "root finder": (
        (
            "from pathlib import Path\ndef root():\n    p = Path.cwd()\n"
            "    while not (p / 'pyproject.toml').exists():\n        p = p.parent\n    return p\n"
            "open(root() / 'a')"
        ),
        "r a",
    ),
    "root by next": (
        (
            "from pathlib import Path\n"
            "R = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / '.git').exists())\n"
            "open(R / 'a')"
        ),
        "r a",
    ),
    "absent cloud": (
        ("import os\nD = '/kaggle/input' if os.path.exists('/kaggle/input') else 'd'\nopen(D + '/a')"),
        "r nbs/d/a",
    ),
    "a hosted file may be there": (
        (
            "import os\nfrom pathlib import Path\nif os.path.exists('/kaggle/working/m/a.json'): open('b')\n"
            "if Path('/content/drive/MyDrive/c.csv').is_file(): open('d')\nif os.path.isdir('/kaggle/input'): open('e')"
        ),
        "r nbs/b|r nbs/d",
    ),
    "absolute": (
        "open('/home/me/proj/data/a')",
        "r /home/me/proj/data/a",
    ),
    "drive": (
        "open('C:\\\\Users\\\\me\\\\a.csv')",
        "r C:/Users/me/a.csv",
    ),
}
FILES = {
    "modes": (
        "open('a')\nopen('b', 'w')\nopen('c', mode='ab')\nopen('d', 'r+')",
        "r a|w b|w c|r d|w d",
    ),
    "handle": (
        ("import pickle\nwith open('m', 'rb') as f: m = pickle.load(f)\nwith open('n', 'wb') as f: pickle.dump(m, f)"),
        "r m|w n",
    ),
    "dump into open": (
        "import json\njson.dump({}, open('a', 'w'))",
        "w a",
    ),
    "gzip": (
        "import gzip\nwith gzip.open('a.gz', 'rt') as f: pass",
        "r a.gz",
    ),
    "path methods": (
        (
            "from pathlib import Path\np = Path('a')\np.read_text()\np.write_bytes(b'')\n"
            "p.touch()\nwith p.open('w') as f: pass"
        ),
        "r a|w a|w a|w a",
    ),
    "copy": (
        "import shutil\nshutil.copy('a', 'b')\nshutil.copy('d/a', 'out/')",
        "r a|w b|r d/a|w out/a",
    ),
    "copy into a folder that was made": (
        "import os, shutil\nos.makedirs('bk')\nshutil.copy('d/a', 'bk')",
        "r d/a|w bk/a",
    ),
    "rename": (
        "import os\nos.rename('a', 'b')",
        "r a|w b",
    ),
    "own file renamed": (
        "import os\nopen('a.tmp', 'w')\nos.replace('a.tmp', 'a')",
        "w a",
    ),
    "own file removed": (
        "import os\nopen('a', 'w')\nopen('b', 'w')\nos.remove('a')",
        "w b",
    ),
    "move": (
        "import shutil\nshutil.move('a', 'b')",
        "r a|w b",
    ),
    "archive": (
        "import shutil\nshutil.make_archive('out/pack', 'zip', 'data')",
        "r data|w out/pack.zip",
    ),
    "zip": (
        ("import zipfile\nwith zipfile.ZipFile('a.zip') as z:\n    z.extractall('d')\n    z.extract('m.csv', 'e')"),
        "r a.zip|w d|w e/m.csv",
    ),
    "zip that is made": (
        "import zipfile\nwith zipfile.ZipFile('a.zip', 'w') as z: z.write('m.csv')",
        "w a.zip|r m.csv",
    ),
    "member": (
        ("import pandas as pd, zipfile\nz = zipfile.ZipFile('a.zip')\npd.read_csv(z.open('m.csv'))"),
        "r a.zip",
    ),
    "temporary": (
        (
            "import tempfile\nwith tempfile.TemporaryDirectory() as d: open(d + '/a', 'w')\n"
            "open(tempfile.mkdtemp() + '/b', 'w')"
        ),
        "",
    ),
    "buffer": (
        ("import io\nimport pandas as pd\npd.read_csv(io.StringIO('a,b'))\ndf.to_csv(None)\ndf.to_csv()"),
        "",
    ),
    "download": (
        "from urllib.request import urlretrieve\nurlretrieve('http://x/y', 'd/y')",
        "w d/y",
    ),
    "own module's folder": (
        "import os\nos.makedirs('x', exist_ok=True)\nos.path.exists('y')",
        "",
    ),
}
DATABASES = {
    "read": (
        ("import sqlite3\nimport pandas as pd\nc = sqlite3.connect('a.db')\npd.read_sql('select 1', c)"),
        "r a.db",
    ),
    "to_sql": (
        "import sqlite3\nc = sqlite3.connect('a.db')\ndf.to_sql('t', c)",
        "w a.db",
    ),
    "cursor": (
        ("import sqlite3\nc = sqlite3.connect('a.db').cursor()\nc.execute('CREATE TABLE t (a)')"),
        "w a.db",
    ),
    "only selected": (
        ("import sqlite3\nwith sqlite3.connect('a.db') as c:\n    c.execute('SELECT 1').fetchall()"),
        "r a.db",
    ),
    "nothing known is done": (
        "import sqlite3\nc = sqlite3.connect('a.db')\nuse(c)",
        "r a.db",
    ),
    "memory": (
        "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('CREATE TABLE t (a)')",
        "",
    ),
    "sqlalchemy": (
        (
            "from sqlalchemy import create_engine\ne = create_engine('sqlite:///d/a.db')\n"
            "with e.begin() as c: df.to_sql('t', c)"
        ),
        "w d/a.db",
    ),
    "address": (
        "import pandas as pd\npd.read_sql('select 1', 'sqlite:///a.db')",
        "r a.db",
    ),
    "duckdb": (
        (
            "import duckdb\n"
            "duckdb.sql(\"select * from read_parquet('a/*.parquet') join 'b.csv' using (k)\")\n"
            "duckdb.sql(\"COPY (select 1) TO 'c.parquet'\")"
        ),
        "r a/*.parquet|r b.csv|w c.parquet",
    ),
    "duckdb file": (
        ("import duckdb\nc = duckdb.connect('a.duckdb')\nc.execute(\"create table t as from 'b.csv'\")"),
        "w a.duckdb|r b.csv",
    ),
    "store": (
        ("import pandas as pd\ns = pd.HDFStore('a.h5')\ns['k'] = df\nt = pd.HDFStore('b.h5')\nt['k']"),
        "w a.h5|r b.h5",
    ),
    "hdf modes": (
        "import h5py\nh5py.File('a.h5', 'w')\nwith h5py.File('b.h5') as f: f['x'][:]",
        "w a.h5|r b.h5",
    ),
    "magic": (
        "%sql sqlite:///a.db\n---\n%%sql\nselect 1",
        "r a.db",
    ),
}


@pytest.mark.parametrize(("source", "expected"), PATHS.values(), ids=list(PATHS))
def test_paths_are_put_together(tmp_path: Path, source: str, expected: str) -> None:
    """`os.path`, `pathlib`, the working folder and patterns are followed."""
    files = {"pyproject.toml": "", "nbs/other.ipynb": "{}"}
    assert told(tmp_path, source, files, cwd="nbs", path="nbs/nb.ipynb") == expected.split("|")


@pytest.mark.parametrize(("source", "expected"), FILES.values(), ids=list(FILES))
def test_python_files_are_followed(tmp_path: Path, source: str, expected: str) -> None:
    """Python's own ways with files are reads and writes, and buffers are none."""
    assert told(tmp_path, source) == [part for part in expected.split("|") if part]


@pytest.mark.parametrize(("source", "expected"), DATABASES.values(), ids=list(DATABASES))
def test_databases_are_followed(tmp_path: Path, source: str, expected: str) -> None:
    """What is done through a connection decides whether its file is read or written."""
    assert told(tmp_path, source) == [part for part in expected.split("|") if part]


LACKING = {
    "guarded": "if not os.path.exists('a'): open('a', 'w')",
    "otherwise": "if os.path.exists('a'): pass\nelse: open('a', 'w')",
    "named": "there = Path('a').is_file()\nif not there and x: open('a', 'w')",
    "in a function": "def make(): open('a', 'w')\nif not Path('a').exists(): make()",
    "left early": "def load():\n    if os.path.exists('a'): return\n    open('a', 'w')\nload()",
    "both": "if not (os.path.exists('b') or os.path.exists('a')): open('a', 'w')",
    "twice": "def make(): open('a', 'w')\nif not os.path.exists('a'):\n    for i in range(2): make()",
}
NOT_LACKING = {
    "another file": "if not os.path.exists('b'): open('a', 'w')",
    "it is there": "if os.path.exists('a'): open('a', 'w')",
    "afterwards": "if not os.path.exists('a'): pass\nopen('a', 'w')",
    "after the function": "def f():\n    if os.path.exists('a'): return 1\nf()\nopen('a', 'w')",
    "one of two": "if not (os.path.exists('b') and os.path.exists('a')): open('a', 'w')",
    "in any case, too": "def make(): open('a', 'w')\nif not os.path.exists('a'): make()\n---\nopen('a', 'w')",
}


@pytest.mark.parametrize("case", [*LACKING, *NOT_LACKING])
def test_what_is_made_where_it_is_missing(tmp_path: Path, case: str) -> None:
    """A write that happens only where its file is not there is told from others."""
    source = "import os\nfrom pathlib import Path\n" + {**LACKING, **NOT_LACKING}[case]
    written = [use for use in analysis(tmp_path, source).uses if use.action == "write"]
    assert all(use.guarded for use in written) == (case in LACKING)


def test_addresses_are_external_without_credentials(tmp_path: Path) -> None:
    """Addresses and servers are told as external, and no secret gets into the text."""
    found = analysis(
        tmp_path,
        """\
        import pandas as pd, requests
        from sqlalchemy import create_engine
        pd.read_csv("https://me:secret@example.org/a.csv?token=secret&x=1")
        pd.read_sql("select 1", create_engine("postgresql://me:secret@db/x"))
        requests.get("http://example.org/api")
        """,
    )
    whats = [external.what for external in found.external]
    assert whats == ["https://example.org/a.csv?token=…&x=1", "postgresql://db/x", "http://example.org/api"]
    assert not found.uses
