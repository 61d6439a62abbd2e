"""Reads notebooks and scripts: which files each one reads and writes, and how that is known."""

from noteship.notebooks.columns import assigned_columns
from noteship.notebooks.document import Cell, Document, read_document
from noteship.notebooks.errors import CellSyntaxError, NotJson, NotReadable, OtherLanguage, UnknownStage
from noteship.notebooks.page import page
from noteship.notebooks.repositories import own_names
from noteship.notebooks.settings import ReadingSettings, StageOverride
from noteship.notebooks.sources import read_project
from noteship.notebooks.taken import left_alone
from noteship.notebooks.uses import Call, Elsewhere, External, ProjectSources, StageSource, Unknown, Use

__all__ = [
    "Call",
    "Cell",
    "CellSyntaxError",
    "Document",
    "Elsewhere",
    "External",
    "NotJson",
    "NotReadable",
    "OtherLanguage",
    "ProjectSources",
    "ReadingSettings",
    "StageOverride",
    "StageSource",
    "Unknown",
    "UnknownStage",
    "Use",
    "assigned_columns",
    "left_alone",
    "own_names",
    "page",
    "read_document",
    "read_project",
]
