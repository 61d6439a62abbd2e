"""How a report of a validation is read, for who sees one for the first time."""

from __future__ import annotations

from noteship.reporting.words import percent
from noteship.validation.judgement import Judgement
from noteship.validation.measures import means_of

__all__ = ["terms"]

# One paragraph each, its first words up to the colon being what is explained.
TERMS = """
Clone: The bundle's steps with the same settings, fitted anew without the held-out rows. What a notebook did with these
rows, it did to the bundle; the clone cannot know them. So the clone is judged, and the bundle is what is promoted.

Held-out rows: Rows that what was judged was not fitted on. All numbers here are of these, unless something else is
said.

Interval: In {confidence:g} of 100 such judgings, with other rows drawn in the same way, the line through a mark holds
the value that all rows there could be would give. It says nothing of rows that are of another kind than these.

Gate: A condition that [validate] asks for. It is held against the value, not against the interval, unless it says so,
as f1.low >= 0.9 does. A gate about the champion is passed where there is none.

Difference: Both models answered the same rows, so they are compared row by row; that is surer than to compare two
intervals, which may overlap though one model is better. Only the main metric's is called better or worse: of ten, one
or the other is so by chance.

Mean of classes: [validate] positive names no class, so each such number is the mean of those of {every} class, in gates
and next to the champion, too. Where one class is what matters, name it: its numbers may be far lower.

Slice: Held-out rows that are alike in one column. A slice is called worse where {slices},
and chance does so much in less than {level} of such judgings, all slices together being reckoned with.

Calibration: Of rows with a probability of 80 %, 80 % should be so. Above the diagonal a model is too cautious, below
it too sure. Few rows are off the diagonal by chance: that is what a calibrated model's error is told for.

Threshold: The probability from which on a row is flagged. The model's own is drawn where it has one; the best on these
rows will be a little worse on others, since it was chosen on these.

Robustness: The same rows with one input changed as it may change in production. It tells how much depends on that
input, not how likely such a change is.

Bundle and clone: The bundle was fitted on more rows, perhaps on these. Its numbers here may be too good, and are no
judgement of it. So both are also asked about these rows changed a little, which no model knows by heart. If the bundle
is worse than its clone by more than chance on the one or the other, something is wrong with it.

Best of several: If several models were judged on these rows and the best was chosen by that, its numbers are better
here than they will be on other rows.
"""

OF_MEANS = "Mean of classes"
# Where there was none, nothing is said of it.
OF_CLONES = ("Clone", "Bundle and clone")


def terms(judgement: Judgement) -> list[tuple[str, str]]:
    """Each word with what it means, as plain text."""
    slices = "its answers are wrong more often than those to other rows of the same class"
    if judgement.kind == "regression":
        slices = "its answers are farther off than those to other rows"
    every = "either" if len(judgement.classes) == 2 else "every"
    percents = {"confidence": 100 * judgement.confidence, "level": percent(judgement.level)}
    text = TERMS.format(**percents, slices=slices, every=every)
    parted = [each.replace("\n", " ").partition(": ") for each in text.strip().split("\n\n")]
    told = [(term, meaning) for term, _, meaning in parted]
    left_out = () if judgement.judged == "clone" else OF_CLONES
    means = means_of(judgement.classes, judgement.positive)
    return [each for each in told if each[0] not in left_out and (means or each[0] != OF_MEANS)]
