"""The table of readers and writers: well formed, wide, and open to a user's own functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import analysis, shown
from noteship.notebooks.catalogue import catalogue_of
from noteship.notebooks.catalogue_table import TABLE

LIBRARIES = {
    "data sets": (
        "from datasets import load_dataset\nload_dataset('csv', data_files={'a': 'x.csv'})\nload_dataset('glue')",
        "r x.csv",
    ),
    "functions that are not listed": (
        "import lib\nlib.save_table(df, 'a.csv')\nlib.load_frame('b.parquet')\nlib.show('c.csv')\nprint('d.csv')",
        "w a.csv|r b.parquet",
    ),
    "pandas": (
        (
            "import pandas as pd\npd.read_excel('a')\npd.read_parquet(path='b')\ndf.to_csv('c')\n"
            "df.to_json('d')\ndf.to_excel('e')"
        ),
        "r a|r b|w c|w d|w e",
    ),
    "writers of frames": (
        ("df.to_feather('a')\ndf.to_pickle('b')\ndf.to_hdf('c', key='k')\ndf.style.to_html('d')\ndf.to_stata('e')"),
        "w a|w b|w c|w d|w e",
    ),
    "excel writer": (
        ("import pandas as pd\nwith pd.ExcelWriter('a') as w: df.to_excel(w)\npd.ExcelFile('b').parse()"),
        "w a|r b",
    ),
    "language models": (
        (
            "from transformers import AutoModel\nm = AutoModel.from_pretrained('org/name')\n"
            "m.save_pretrained_merged('a', t)\nm.save_pretrained_gguf('b', t)"
        ),
        "r/ org/name|w/ a|w/ b",
    ),
    "tokenizers": (
        (
            "from tokenizers import Tokenizer\nimport sentencepiece as spm\n"
            "Tokenizer(model()).train(['a.txt', 'b.txt'], trainer)\n"
            "spm.SentencePieceTrainer.train(input='c.txt', model_prefix='d')"
        ),
        "r a.txt|r b.txt|r c.txt|w d.model",
    ),
    "cells and trips": (
        (
            "import scvi\nimport trackintel as ti\nscvi.model.SCVI(x).save('a')\nscvi.model.SCVI.load('a')\n"
            "ti.io.file.read_triplegs_csv('b.csv')\nti.io.write_staypoints_csv(sp, 'c.csv')"
        ),
        "w/ a|r/ a|r b.csv|w c.csv",
    ),
    "polars": (
        ("import polars as pl\npl.scan_parquet('a/*.parquet').sink_csv('b')\npl.read_csv('c').write_parquet('d')"),
        "r a/*.parquet|w b|r c|w d",
    ),
    "spark": (
        (
            "df = spark.read.option('header', 1).csv('a')\n"
            "df.write.mode('overwrite').parquet('b')\nspark.read.parquet('c')"
        ),
        "r a|w b|r c",
    ),
    "numpy": (
        (
            "import numpy as np\nnp.save('a', x)\nnp.load('a.npy')\n"
            "np.savez_compressed('b', x=x)\nnp.loadtxt('c')\nnp.savetxt('d', x)"
        ),
        "w a.npy|r a.npy|w b.npz|r c|w d",
    ),
    "scipy": (
        (
            "import scipy.io as sio\nfrom scipy import sparse\nsio.loadmat('a.mat')\n"
            "sparse.save_npz('b.npz', m)\nsparse.load_npz('c.npz')"
        ),
        "r a.mat|w b.npz|r c.npz",
    ),
    "arrow": (
        "import pyarrow.parquet as pq\npq.write_table(t, 'a')\npq.read_table('b')",
        "w a|r b",
    ),
    "joblib": (
        (
            "import joblib\njoblib.dump(m, 'a')\njoblib.load('b')\n"
            "from joblib import dump, load\ndump(m, filename='c')\nload('d')"
        ),
        "w a|r b|w c|r d",
    ),
    "torch": (
        ("import torch\ntorch.save(m.state_dict(), 'a.pt')\nm.load_state_dict(torch.load('b.pt', map_location='cpu'))"),
        "w a.pt|r b.pt",
    ),
    "keras": (
        (
            "from tensorflow import keras\nm = keras.Sequential()\nm.save('a')\n"
            "m.save_weights('b.h5')\nkeras.models.load_model('c.h5')\n"
            "from tensorflow.keras.callbacks import ModelCheckpoint as C\nC(filepath='d.keras')"
        ),
        "w a|w b.h5|r c.h5|w d.keras",
    ),
    "boosting": (
        (
            "import xgboost as xgb, lightgbm as lgb\nb = xgb.Booster(model_file='a.json')\n"
            "b.save_model('b.json')\nlgb.Booster(model_file='c.txt')\n"
            "from catboost import CatBoostClassifier as C\nC().load_model('d.cbm')"
        ),
        "r a.json|w b.json|r c.txt|r d.cbm",
    ),
    "skops": (
        "import skops.io as sio\nsio.dump(m, 'a.skops')\nsio.load('b.skops')",
        "w a.skops|r b.skops",
    ),
    "transformers": (
        ("m.save_pretrained('out/m')\nfrom datasets import load_from_disk\nload_from_disk('d').save_to_disk('e')"),
        "w/ out/m|r/ d|w/ e",
    ),
    "figures": (
        (
            "import matplotlib.pyplot as plt\nplt.savefig('a.png')\nfig.savefig('b')\n"
            "px.bar(df).write_html('c.html')\nfig.write_image('d.svg')"
        ),
        "w a.png|w b.png|w c.html|w d.svg",
    ),
    "altair": (
        "import altair as alt\nalt.Chart(df).mark_bar().save('a.json')",
        "w a.json",
    ),
    "images": (
        (
            "from PIL import Image\nimport cv2, imageio\n"
            "Image.open('a').resize((1, 1)).save('b')\ncv2.imwrite('d', cv2.imread('c'))\n"
            "imageio.mimsave('e', x)"
        ),
        "r a|w b|r c|w d|w e",
    ),
    "sound": (
        "import librosa, soundfile as sf\nlibrosa.load('a')\nsf.write('b', x, 1)",
        "r a|w b",
    ),
    "maps": (
        (
            "import geopandas as gpd\ngpd.read_file('a').to_file('b')\nimport rasterio\n"
            "rasterio.open('c')\nrasterio.open('d', 'w')"
        ),
        "r a|w b|r c|w d",
    ),
    "climate": (
        ("import xarray as xr\nxr.open_dataset('a').to_netcdf('b')\nxr.open_mfdataset('c/*.nc').to_zarr('d')"),
        "r a|w b|r c/*.nc|w/ d",
    ),
    "graphs": (
        "import networkx as nx\nnx.write_gexf(nx.read_graphml('a'), 'b')",
        "r a|w b",
    ),
    "words": (
        (
            "import spacy\nfrom gensim.models import Word2Vec\nWord2Vec.load('a')\n"
            "m = Word2Vec(x)\nm.save('b')\nnlp.to_disk('c')"
        ),
        "r a|w b|w/ c",
    ),
    "spreadsheets": (
        ("from openpyxl import Workbook, load_workbook\nload_workbook('a.xlsx')\nWorkbook().save('b.xlsx')"),
        "r a.xlsx|w b.xlsx",
    ),
    "logging": (
        "import logging\nlogging.basicConfig(filename='a.log')\nlogging.FileHandler('b.log')",
        "w a.log|w b.log",
    ),
    "notebooks": (
        "import papermill as pm\npm.execute_notebook('a.ipynb', 'b.ipynb', parameters={})",
        "r a.ipynb|w b.ipynb",
    ),
    "weak methods": (
        ("thing.save('a.bin')\nthing.save('fast')\nthing.save(x)\nthing.dump({'a': 1})\nthing.load(x)"),
        "w a.bin",
    ),
    "no files": (
        (
            "import json\njson.dumps({})\ndf.to_dict()\nfig.show()\nm.save\nplt.show()\n"
            "model.load_state_dict(x)\ndf.to_string()"
        ),
        "",
    ),
    "addresses": (
        "import pandas as pd\npd.read_csv('s3://b/a.csv')\npd.read_csv('https://x.org/a.csv')",
        "",
    ),
}


@pytest.mark.parametrize(("source", "expected"), LIBRARIES.values(), ids=list(LIBRARIES))
def test_libraries_are_known(tmp_path: Path, source: str, expected: str) -> None:
    """Readers and writers of many libraries are known by name, and look-alikes are not taken for them."""
    told = [shown(use, marks=True) for use in analysis(tmp_path, source).uses]
    assert told == [part for part in expected.split("|") if part]


def test_the_table_is_well_formed() -> None:
    """Every line has an action, a name, an argument and known options."""
    for line in filter(None, TABLE.splitlines()):
        action, name, argument, *options = line.split()
        assert action in {"read", "write"}, line
        assert name.replace("{", "").replace("}", "").replace(",", "")[-1:].isalnum() or name.endswith("}"), line
        assert argument.partition("|")[0] in {"-", "0", "1", "2"}, line
        known = {"folder", "weak", "doubtful", "external", "ext", "mode"}
        assert {option.partition("=")[0] for option in options} <= known, line


def test_a_users_functions_are_known(tmp_path: Path) -> None:
    """Functions named in the settings read and write what stands in their argument, before the table's own rules."""
    own = catalogue_of({"mylib.frame": "path", "*.pull": 1}, {"mylib.keep": 1, "pandas.read_csv": 0})
    calls = [
        "mylib.frame('a')",
        "mylib.frame(path='b')",
        "mylib.keep(df, 'c')",
        "x.pull(1, 'd')",
        "pandas.read_csv('e')",
    ]
    source = "\n".join(["import mylib, pandas", *calls])
    uses = analysis(tmp_path, source, catalogue=own).uses
    assert [shown(use) for use in uses] == ["r a", "r b", "w c", "r d", "w e"]


def test_a_doubtful_use_is_marked(tmp_path: Path) -> None:
    """What may be a name on a hub as well as a folder is marked, so that something must confirm it."""
    (use,) = analysis(tmp_path, "from transformers import AutoModel\nAutoModel.from_pretrained('org/name')").uses
    assert use.doubtful
