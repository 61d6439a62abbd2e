"""Figures that several notebooks draw in the same manner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

__all__ = ["COLOURS", "confusion", "histogram"]

COLOURS = {"legitimate": "#3b6ea5", "spam": "#d1603d"}


def histogram(axes: Axes, values: pd.Series, labels: pd.Series, bins: Sequence[float] | int = 30) -> None:
    """Draw the distribution of a value for each label, on shared bins."""
    edges = np.histogram_bin_edges(values, bins=bins)
    for label, colour in COLOURS.items():
        axes.hist(values[labels == label], bins=edges, color=colour, alpha=0.6, label=label)
    axes.set_ylabel("documents")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def confusion(axes: Axes, truth: pd.Series, predicted: pd.Series) -> None:
    """Draw how many documents of each label were taken for which."""
    counts = pd.crosstab(truth, predicted).reindex(index=list(COLOURS), columns=list(COLOURS), fill_value=0)
    axes.imshow(counts, cmap="Blues")
    axes.set_xticks(range(len(counts)), counts.columns)
    axes.set_yticks(range(len(counts)), counts.index)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    half = counts.to_numpy().max() / 2
    for row, label in enumerate(counts.index):
        for column, taken_for in enumerate(counts.columns):
            count = counts.loc[label, taken_for]
            axes.text(column, row, f"{count:,}", ha="center", va="center", color="white" if count > half else "black")
