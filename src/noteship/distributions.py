"""What to install for a module that is missing: not always a package of its name."""

from __future__ import annotations

import shlex

__all__ = ["install_command", "of_module"]

# Where the name to install is not the name to import.
DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "bs4": "beautifulsoup4",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "Crypto": "pycryptodome",
    "attr": "attrs",
}


def of_module(module: str) -> str:
    """The package that has a module, as its name says.

    >>> of_module("sklearn.linear_model"), of_module("pandas")
    ('scikit-learn', 'pandas')
    """
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(top, top)


def install_command(python: str, *modules: str, has_pip: bool = True) -> str:
    """The command that installs what has these modules into the environment of an interpreter; uv's without pip.

    >>> install_command(".venv/bin/python", "sklearn.svm", "yaml")
    '.venv/bin/python -m pip install scikit-learn pyyaml'
    """
    names = map(of_module, modules)
    if has_pip:
        return shlex.join([python, "-m", "pip", "install", *names])
    return shlex.join(["uv", "pip", "install", "--python", python, *names])
