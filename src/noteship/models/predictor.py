"""The step that predicts: classes, probabilities and predictions in plain forms."""

from __future__ import annotations

from typing import Any

import numpy

from noteship.models.scorer import Scores

__all__ = ["Predictor"]


class Predictor:
    """A fitted model, and the encoder that turns its numbers into labels, if there is one.

    - classes: plain values, in the order of the probabilities; empty for a regression
    - own_classes: the same as the model itself knows them: numbers where an encoder makes labels of them

    Cost: a pipeline's transformers run once for predictions and probabilities together.
    """

    def __init__(self, model: Any, labels: Any | None = None) -> None:
        self.labels = labels
        self.front, self.model = _split(model)
        _one_job(model)
        self.own_classes = _classes(self.model)
        self.classes = _plain(labels.inverse_transform(self.own_classes) if labels is not None else self.own_classes)

    def predict(self, given: Any) -> Scores:
        """Scores of n rows in the form the model takes."""
        if self.front is not None:
            given = self.front.transform(given)
        predictions = numpy.asarray(self.model.predict(given))
        if predictions.ndim == 2 and predictions.shape[1] == 1:
            predictions = predictions[:, 0]
        if self.labels is not None:
            predictions = self.labels.inverse_transform(predictions)
        return Scores(predictions, self._probabilities(given), self.classes)

    def _probabilities(self, given: Any) -> Any:
        # Meta-estimators have the method only where their inner model does, hence no check by class.
        if not self.classes or not hasattr(self.model, "predict_proba"):
            return None
        return numpy.asarray(self.model.predict_proba(given))


def _split(model: Any) -> tuple[Any, Any]:
    """A scikit-learn pipeline as its transformers and its last step; anything else whole."""
    from sklearn.pipeline import Pipeline  # type: ignore[import-untyped]

    if type(model) is Pipeline and len(model.steps) > 1 and model.steps[-1][1] not in (None, "passthrough"):
        return model[:-1], model.steps[-1][1]
    return None, model


def _one_job(model: Any) -> None:
    """A thread pool for each request costs more than it gains, and adds trees up in no fixed order."""
    parameters = model.get_params(deep=True) if hasattr(model, "get_params") else {}
    told = [name for name, value in parameters.items() if value is not None]
    jobs = {name: None for name in told if name.rpartition("__")[2] == "n_jobs"}
    if jobs:
        model.set_params(**jobs)


def _classes(model: Any) -> Any:
    """The classes that a model can predict, in the order of its probabilities; empty for a regression."""
    classes = getattr(model, "classes_", None)
    if classes is not None:
        return classes
    kind = getattr(model, "_estimator_type", None)
    if kind is None and hasattr(model, "__sklearn_tags__"):
        kind = model.__sklearn_tags__().estimator_type
    if kind == "outlier_detector":
        return numpy.array([-1, 1])
    return numpy.unique(model.labels_) if kind == "clusterer" and hasattr(model, "labels_") else numpy.array([])


def _plain(classes: Any) -> tuple[Any, ...]:
    return tuple(value.item() if isinstance(value, numpy.generic) else value for value in classes)
