"""The Open Inference Protocol, version 2, over REST, with its extension for binary tensors."""

from __future__ import annotations

import difflib
import re
import weakref
from dataclasses import dataclass, field
from typing import Any

from noteship import models
from noteship.errors import cut
from noteship.serving import messages, typed_json
from noteship.serving.calls import Asked, Call, Reply, Target
from noteship.serving.limits import Limits
from noteship.serving.refusals import Refused
from noteship.serving.schemes.tensors import TYPES, Tensor, TensorMetadata, packed, rows_of, type_of
from noteship.serving.served import Served

__all__ = ["V2Scheme", "inputs_of", "outputs_of"]

PATH = re.compile(r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?/infer")
# The length of the JSON, where tensors stand behind it as bytes.
LENGTH = b"inference-header-content-length"
BINARY = (b"content-type", b"application/octet-stream")
PREDICTIONS, PROBABILITIES = "predictions", "probabilities"
US_PER_S = 1_000_000
# A year; whoever allows more, allows what the service does.
LONGEST_US = 365 * 24 * 3600 * US_PER_S


@dataclass(slots=True)
class _Wanted:
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Inference:
    """A request's JSON; `model_name` and whatever else some clients send is passed over."""

    inputs: list[Tensor]
    id: str | int | None = None
    outputs: list[_Wanted] | None = None
    parameters: dict[str, Any] | None = None


DECODE = typed_json.decoder(_Inference)


def inputs_of(signature: models.Signature) -> tuple[TensorMetadata, ...]:
    """One tensor a column; each may have the shape (n, 1) as well."""
    return tuple(
        TensorMetadata(
            column.name, type_of(column.categories) if column.type == "category" else TYPES[column.type], (-1,)
        )
        for column in signature.inputs
    )


def outputs_of(served: Served) -> tuple[TensorMetadata, ...]:
    """The predictions, and the probabilities of the classes in the signature's order where the model has them."""
    output = served.model.signature.output
    datatype = type_of(output.classes) if output.kind == "classification" else "FP64"
    found = [TensorMetadata(PREDICTIONS, datatype, (-1,))]
    if served.example.probabilities is not None:
        found.append(TensorMetadata(PROBABILITIES, "FP64", (-1, len(served.example.classes))))
    return tuple(found)


class V2Scheme:
    """`POST /v2/models/NAME/infer`, and `/v2/models/NAME/versions/VERSION/infer`."""

    def __init__(self) -> None:
        self._outputs: weakref.WeakKeyDictionary[Served, dict[str, TensorMetadata]] = weakref.WeakKeyDictionary()

    def target(self, path: str) -> Target | None:
        """Whom a path asks."""
        found = PATH.fullmatch(path)
        return Target(self, "/v2/models/NAME/infer", found["name"], found["version"]) if found else None

    def is_slow(self, asked: Asked) -> bool:  # noqa: ARG002 - the seam's
        """Never: a body that is small is decoded quickly."""
        return False

    def call(self, served: Served, asked: Asked, limits: Limits) -> Call:
        """The rows of one tensor, or of one a column. Raises Refused."""
        size = _json_size(asked)
        binary = memoryview(asked.body)[size:]
        inference = _decoded(asked.body[:size])
        messages.check_client_id(inference.id)
        parameters = inference.parameters or {}
        outputs = self._outputs.get(served)
        if outputs is None:
            outputs = self._outputs[served] = {output.name: output for output in outputs_of(served)}
        wanted = _wanted(outputs, inference.outputs, parameters.get("binary_data_output") is True)
        rows = rows_of(served.model.signature, inference.inputs, binary, limits.rows)
        told = {
            "model_name": served.name,
            "model_version": served.version,
            "id": asked.id if inference.id is None else inference.id,
        }
        return Call(rows, lambda scores: _reply(told, wanted, scores), _timeout_s(parameters))


def _json_size(asked: Asked) -> int:
    told = asked.header(LENGTH)
    if not told:
        return len(asked.body)
    # As many digits as a length has: Python would take any number of them.
    if not (told.isascii() and told.isdecimal() and len(told) < 20) or int(told) > len(asked.body):
        raise Refused(400, "the header Inference-Header-Content-Length is not the length of a part of the body")
    return int(told)


def _decoded(body: bytes) -> _Inference:
    try:
        return DECODE(body)
    except typed_json.NotJson as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    except typed_json.NotOfShape as error:
        raise Refused(422, f"the body is not an inference request: {error}") from error


def _timeout_s(parameters: dict[str, Any]) -> float | None:
    """The time that the client allows, which is in microseconds; none where it is zero."""
    timeout = parameters.get("timeout", 0)
    if type(timeout) is not int or timeout < 0:
        got = "a negative one" if type(timeout) is int else models.type_word(timeout)
        message = f"parameter 'timeout': expected an integer of microseconds, got {got}"
        raise Refused(422, message, {"field": "timeout"})
    return min(timeout, LONGEST_US) / US_PER_S if timeout else None


def _wanted(
    outputs: dict[str, TensorMetadata], asked: list[_Wanted] | None, is_binary: bool
) -> list[tuple[TensorMetadata, bool]]:
    """The outputs that go back, and whether as bytes."""
    if not asked:
        return [(output, is_binary) for output in outputs.values()]
    found = []
    for each in asked:
        if each.name not in outputs:
            near = difflib.get_close_matches(each.name, outputs, 1) or [PREDICTIONS]
            message = f"there is no output '{cut(each.name, 60)}'; nearest: '{near[0]}'"
            raise Refused(422, message, {"field": cut(each.name, 60)})
        if each.parameters.get("classification"):
            message = "outputs are not ranked into classes here ('classification'); ask for 'probabilities'"
            raise Refused(422, message, {"field": "classification"})
        found.append((outputs[each.name], each.parameters.get("binary_data", is_binary) is True))
    if len({output.name for output, _ in found}) < len(found):
        raise Refused(422, "expected each output once, got one again", {"field": "outputs"})
    return found


def _reply(told: dict[str, Any], wanted: list[tuple[TensorMetadata, bool]], scores: models.Scores) -> Reply:
    tensors, pieces = [], []
    for output, is_binary in wanted:
        values, size = _values(output, scores)
        tensor: dict[str, Any] = {"name": output.name, "shape": size, "datatype": output.datatype}
        if is_binary:
            pieces.append(packed(values, output.datatype))
            tensor["parameters"] = {"binary_data_size": len(pieces[-1])}
        else:
            tensor["data"] = values
        tensors.append(tensor)
    text = typed_json.encode({**told, "outputs": tensors})
    if not pieces:
        return Reply(text)
    length = (b"inference-header-content-length", b"%d" % len(text))
    return Reply(b"".join((text, *pieces)), (BINARY, length))


def _values(output: TensorMetadata, scores: models.Scores) -> tuple[list[Any], list[int]]:
    """An output's elements in one line, and its shape."""
    if output.name == PROBABILITIES and scores.probabilities is not None:
        return scores.probabilities.ravel().tolist(), list(scores.probabilities.shape)
    values = scores.predictions.tolist()
    if output.datatype == "BYTES":
        values = [value if isinstance(value, str) else messages.dumps(value).decode() for value in values]
    elif output.datatype == "FP64":
        values = list(map(float, values))
    return values, [len(values)]
