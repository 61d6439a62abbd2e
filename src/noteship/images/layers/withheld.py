"""What never enters a layer: version control, environments, what tools leave, and what looks like a secret."""

from __future__ import annotations

import re

__all__ = ["KEY_PIECE_BYTES", "confidential", "reason_by_content", "reason_by_name", "reason_of_folder"]

VERSIONS = "version control"
LEFT_BY_TOOLS = "left by tools"
SECRET = "its name says that it holds a secret"  # noqa: S105 - a sentence
SECRETS = "its name says that it holds secrets"
FOLDERS = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", ".jj", "CVS"), VERSIONS),
    ".noteship": "noteship's own folder",
    **dict.fromkeys(
        ("__pycache__", "node_modules", "site-packages", ".ipynb_checkpoints", ".virtual_documents"), LEFT_BY_TOOLS
    ),
    **dict.fromkeys(
        (".aws", ".azure", ".docker", ".gcloud", ".gnupg", ".kaggle", ".kube", ".oci", ".secrets", ".ssh", "secrets"),
        SECRETS,
    ),
}
JUNK = frozenset({".DS_Store", "Thumbs.db"})
# Names of files in which tools keep keys, passwords and tokens; compared in small letters.
SECRET_NAMES = re.compile(
    r"""
      \.env(\..+)?  | .+\.env                                      # variables, and those of one environment
    | .+\.(pem|key|p12|pfx|pkcs12|jks|keystore|kdbx|ppk|ovpn|gpg|asc|token|password|secret|tfstate|tfvars)
    | (\w+_)?id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\.pub)?              # of ssh
    | [._]netrc | \.pgpass | \.my\.cnf | \.pypirc | \.npmrc | \.yarnrc | pip\.conf | \.htpasswd
    | \.git-credentials | \.dockercfg | \.dockerconfigjson | \.s3cfg | \.boto | \.databrickscfg | \.snowsql
    | kaggle\.json | (.+[._-])?kubeconfig([._-].+)?
    | (.*[._-])?(credentials?|secrets?|passwords?|passwd|tokens?)([._-](dev|test|prod|production|staging|local))?
      (\.(json|toml|ya?ml|ini|cfg|conf|txt|xml|properties))?
    | client_secret.*\.json | (.*[._-])?service[._-]?account.*\.json | .*adminsdk.*\.json
    | application_default_credentials\.json
    """,
    re.VERBOSE,
)
# Of these, people write templates without secrets.
TEMPLATES = re.compile(r".*[._-](example|sample|template|dist)(\..+)?")
# A private key in any of PEM's forms, the certificates of a kubeconfig, an account's key of Google's.
SECRET_TEXT = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|client-key-data:|\"private_key\":")
# Code that only speaks of keys.
CODE = (".py", ".ipynb", ".md", ".rst", ".r", ".sql", ".html")
KEY_PIECE_BYTES = 1 << 16


def reason_of_folder(name: str) -> str:
    """Why a folder stays out, by its name alone; empty where it need not.

    >>> reason_of_folder(".git"), reason_of_folder("src")
    ('version control', '')
    """
    return FOLDERS.get(name, "")


def reason_by_name(name: str) -> str:
    """Why a file stays out, by its name alone; empty where it need not.

    >>> reason_by_name(".env.production"), reason_by_name(".env.example"), reason_by_name("tokens.py")
    ('its name says that it holds a secret', '', '')
    """
    small = name.lower()
    if name in JUNK or small.endswith((".pyc", ".pyo")):
        return LEFT_BY_TOOLS
    if SECRET_NAMES.fullmatch(small) and not TEMPLATES.fullmatch(small):
        return SECRET
    return ""


def reason_by_content(name: str, beginning: bytes) -> str:
    """Why a file stays out, by how it begins; code is believed to hold no key of its own."""
    if not name.lower().endswith(CODE) and SECRET_TEXT.search(beginning):
        return "it holds a private key"
    return ""


def confidential(path: str, beginning: bytes) -> str:
    """Why a file of the project must not leave its machine in any way; empty where it may.

    - path: relative to the project's root
    - beginning: its first `KEY_PIECE_BYTES`

    >>> confidential("config/.env", b""), confidential("data/.DS_Store", b"")
    ('its name says that it holds a secret', '')
    """
    *folders, name = path.split("/")
    reasons = [*map(reason_of_folder, folders), reason_by_name(name), reason_by_content(name, beginning)]
    return next((reason for reason in reasons if reason and reason != LEFT_BY_TOOLS), "")
