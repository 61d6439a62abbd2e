"""What can go wrong between fitted steps and a service's scorer."""

from noteship.models.errors.bundles import (
    BundleTooNew,
    DamagedBundle,
    EnvironmentDiffers,
    NotPortable,
    PickleRefused,
    SourceRefused,
    UntrustedTypes,
)
from noteship.models.errors.comparison import (
    DoesNotReproduce,
    NotComparable,
)
from noteship.models.errors.rows import (
    BadRows,
    MissingColumns,
    UnfitColumn,
    UnreadableTable,
)
from noteship.models.errors.steps import (
    MissingFeatures,
    NotAStep,
    NotFitted,
    RowsNotTaken,
    StepDoesNotUnpickle,
    StepOutOfPlace,
    StepsDoNotFit,
)

__all__ = [
    "BadRows",
    "BundleTooNew",
    "DamagedBundle",
    "DoesNotReproduce",
    "EnvironmentDiffers",
    "MissingColumns",
    "MissingFeatures",
    "NotAStep",
    "NotComparable",
    "NotFitted",
    "NotPortable",
    "PickleRefused",
    "RowsNotTaken",
    "SourceRefused",
    "StepDoesNotUnpickle",
    "StepOutOfPlace",
    "StepsDoNotFit",
    "UnfitColumn",
    "UnreadableTable",
    "UntrustedTypes",
]
