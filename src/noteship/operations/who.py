"""Who acts, as far as the machine or the pipeline that runs this says."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping

from noteship.errors import cut

__all__ = ["who"]

# More is no name.
LONGEST = 120


def who(environment: Mapping[str, str] | None = None) -> str:
    """A person's name; in a pipeline of GitHub or GitLab whoever started it, and which one it is.

    >>> who({"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "ada", "GITHUB_REPOSITORY": "team/mail", "GITHUB_RUN_ID": "7"})
    'ada, in run 7 of team/mail'
    """
    known = os.environ if environment is None else environment
    if known.get("GITHUB_ACTIONS") == "true":
        return _in_pipeline(known, "GITHUB_ACTOR", "run", "GITHUB_RUN_ID", "GITHUB_REPOSITORY")
    if known.get("GITLAB_CI") == "true":
        return _in_pipeline(known, "GITLAB_USER_LOGIN", "job", "CI_JOB_ID", "CI_PROJECT_PATH")
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "somebody"  # in a container nobody may have a name


def _in_pipeline(known: Mapping[str, str], actor: str, kind: str, run: str, repository: str) -> str:
    told = f"{known.get(actor) or 'somebody'}, in {kind} {known.get(run, '?')} of {known.get(repository, '?')}"
    return cut(told, LONGEST)
