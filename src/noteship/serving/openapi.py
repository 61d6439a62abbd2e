"""The OpenAPI document of what is served, made from the models' signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import noteship
from noteship import models
from noteship.serving import access
from noteship.serving.feedback import ITEMS_LIMIT
from noteship.serving.schemes.tables import TABLES, WRITERS
from noteship.serving.served import Served

__all__ = ["openapi"]

Schema = dict[str, Any]
KINDS: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "category": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
}
REFUSALS = {
    "400": "The body is not what its content type says, or did not come whole.",
    "404": "There is no such model or version.",
    "408": "The body did not come in time.",
    "413": "The body, what it unpacks to, or its rows are too many.",
    "415": "The content type or encoding is not known, or needs a library that is not installed.",
    "422": "The rows do not fit the signature; row, field, expected and got say where and how.",
    "429": "Too much is waiting; Retry-After says for how long.",
    "500": "The model failed on these rows.",
    "503": "The model is being loaded.",
    "504": "The request took longer than it may.",
}
LABELS = {
    "400": "The body is not JSON, or did not come whole.",
    "404": "The request is not known, or no longer.",
    "408": "The body did not come in time.",
    "409": "Another label for the row came before.",
    "413": "The body, what it unpacks to, or its labels are too many.",
    "415": "The encoding is not known.",
    "422": "The row or the label is none that the request can have.",
    "503": "The worker that answered the request cannot be asked now.",
}
CALLERS = {
    "401": "The request has no token that is known.",
    "403": "The token is for something else.",
    "503": "Not now.",
}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}


def openapi(catalog: Sequence[Served], *, asks: bool = False) -> dict[str, Any]:
    """Every way of asking the models, at least one; the first is the default. `asks`: callers need a token."""
    paths: dict[str, Any] = {"/predict": _plain(catalog[0])}
    for served in {each.name: each for each in reversed(catalog)}.values():
        paths[f"/models/{served.name}/predict"] = _plain(served)
        paths[f"/v1/models/{served.name}:predict"] = _v1(served)
        paths[f"/v2/models/{served.name}/infer"] = _v2(served)
        paths[f"/v2/models/{served.name}"] = _get("What the model takes and gives, as tensors.", may_be_away=True)
        paths[f"/v2/models/{served.name}/ready"] = _get("Whether the model answers.", may_be_away=True)
    paths["/feedback"] = _feedback()
    for path, summary in (
        ("/v2", "The server's name, version and extensions."),
        ("/signature", "Fields, output and an example of the default model."),
        ("/v1/models", "The names of the models."),
    ):
        paths[path] = _get(summary, may_be_away=path == "/signature")
    for start in ("", "/v2"):
        paths[f"{start}/health/live"] = _get("Whether the service is alive.", may_be_away=True)
        paths[f"{start}/health/ready"] = _get("Whether requests should come here.", may_be_away=True)
    document = {
        "openapi": "3.1.0",
        "info": {"title": catalog[0].name, "version": noteship.__version__},
        "paths": paths,
        "components": {"schemas": {"Error": _error(), "Tensor": _tensor()}},
    }
    return _guarded(document) if asks else document


def _guarded(document: dict[str, Any]) -> dict[str, Any]:
    """With the token that each path needs, and what it is told who has none."""
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if access.needed(method.upper(), path):
                operation["security"] = [{"token": []}]
                operation["responses"] = _refusals(CALLERS) | operation["responses"]
    return document


def _plain(served: Served) -> Schema:
    signature = served.model.signature
    rows = _rows(signature)
    envelope = _object({"rows": rows, "id": {"type": ["string", "integer", "null"], "maxLength": 200}}, ["rows"])
    envelope["additionalProperties"] = False
    body = {"oneOf": [envelope, rows, _row(signature)]}
    content: Schema = {"application/json": {"schema": body, "example": {"rows": [dict(signature.example)]}}}
    content |= {kind: {"schema": {"type": "string"}} for kind in TABLES}
    answer = _object(
        {
            "predictions": {"type": "array", "items": _prediction(signature)},
            "probabilities": {"type": "array", "items": _probabilities(served)},
            **{name: {"type": "string"} for name in ("model", "version", "id")},
            "client_id": {"type": ["string", "integer"]},
        },
        ["predictions", "model", "version", "id"],
    )
    answers = {"application/json": {"schema": answer}} | {kind: {"schema": {"type": "string"}} for kind in WRITERS}
    return _post(f"Predictions of {served.name}.", content, answers)


def _v1(served: Served) -> Schema:
    signature = served.model.signature
    instances = _rows(signature)
    if len(signature.inputs) == 1:
        value = {"type": "array", "minItems": 1, "items": _value(signature.inputs[0])}
        instances = {"oneOf": [*instances["oneOf"], value]}
    body = _object({"instances": instances}, ["instances"])
    example = {"instances": [dict(signature.example)]}
    answer = _object({"predictions": {"type": "array", "items": _prediction(signature)}}, ["predictions"])
    return _post(
        f"Predictions of {served.name} in KServe's first protocol.",
        {"application/json": {"schema": body, "example": example}},
        {"application/json": {"schema": answer}},
    )


def _v2(served: Served) -> Schema:
    tensor = {"$ref": "#/components/schemas/Tensor"}
    wanted = _object({"name": {"type": "string"}, "parameters": {"type": "object"}}, ["name"])
    body = _object(
        {
            "id": {"type": ["string", "integer", "null"], "maxLength": 200},
            "inputs": {"type": "array", "minItems": 1, "items": tensor},
            "outputs": {"type": ["array", "null"], "items": wanted},
            "parameters": {
                "type": ["object", "null"],
                "properties": {
                    "timeout": {"type": "integer", "minimum": 0, "description": "Microseconds; 0 is none."},
                    "binary_data_output": {"type": "boolean"},
                },
            },
        },
        ["inputs"],
    )
    answer = _object(
        {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "id": {"type": ["string", "integer"]},
            "outputs": {"type": "array", "items": tensor},
        },
        ["model_name", "model_version", "id", "outputs"],
    )
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return _post(
        f"Predictions of {served.name} in the Open Inference Protocol.",
        {"application/json": {"schema": body}} | binary,
        {"application/json": {"schema": answer}} | binary,
    )


def _feedback() -> Schema:
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    label: Schema = {"type": ["string", "number", "boolean"]}
    item = _object({"request": {**text, "maxLength": 200}, "row": count, "label": label}, ["request", "row", "label"])
    body = {"oneOf": [item, {"type": "array", "minItems": 1, "maxItems": ITEMS_LIMIT, "items": item}]}
    refused = _object({"item": count, "status": count, "error": text}, ["item", "status", "error"])
    each: Schema = {"type": "array", "items": refused}
    taken = _object({"accepted": count, "known": count, "refused": each, "id": text}, ["accepted", "known", "id"])
    about = "How many labels were taken, and which of a list were not."
    return {
        "post": {
            "summary": "What was right, for rows of requests that were answered.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "202": {"description": about, "content": {"application/json": {"schema": taken}}},
                **_refusals(LABELS),
            },
        }
    }


def _rows(signature: models.Signature) -> Schema:
    width = len(signature.inputs)
    values = list(map(_value, signature.inputs))
    listed: Schema = {"type": "array", "prefixItems": values, "minItems": width, "maxItems": width}
    return {"oneOf": [{"type": "array", "minItems": 1, "items": row} for row in (_row(signature), listed)]}


def _row(signature: models.Signature) -> Schema:
    fields = {column.name: _value(column) for column in signature.inputs}
    needed = [column.name for column in signature.inputs if column.nulls == "refused"]
    return {**_object(fields, needed), "additionalProperties": False}


def _value(column: models.Column) -> Schema:
    """What a field may hold in JSON."""
    schema = dict(KINDS[column.type])
    kinds = set(map(type, column.categories))
    if column.type == "category" and kinds and kinds != {str}:
        schema["type"] = "boolean" if kinds == {bool} else "number" if kinds <= {int, float} else SCALAR["type"]
    if column.categories and column.unseen == "refused":
        schema["enum"] = [*column.categories, *([None] if column.nulls == "allowed" else [])]
    if column.is_plain_number and column.type == "integer":
        schema["minimum"], schema["maximum"] = column.limits
    if column.nulls == "allowed" and isinstance(schema["type"], str):
        schema["type"] = [schema["type"], "null"]
    return schema


def _prediction(signature: models.Signature) -> Schema:
    output = signature.output
    return {"enum": list(output.classes)} if output.classes else {"type": ["number", "null"]}


def _probabilities(served: Served) -> Schema:
    return _object({name: {"type": ["number", "null"]} for name in served.model.class_names}, served.model.class_names)


def _tensor() -> Schema:
    properties: dict[str, Schema] = {
        "name": {"type": "string"},
        "datatype": {"type": "string"},
        "shape": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer", "minimum": 0}},
        "data": {"type": "array", "items": {"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}},
        "parameters": {"type": "object"},
    }
    return _object(properties, ["name", "datatype", "shape"])


def _error() -> Schema:
    return _object({"error": {"type": "string"}, "id": {"type": "string"}}, ["error"])


def _object(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _post(summary: str, content: Schema, answers: Schema) -> Schema:
    responses = {"200": {"description": "The predictions.", "content": answers}, **_refusals(REFUSALS)}
    return {"post": {"summary": summary, "requestBody": {"required": True, "content": content}, "responses": responses}}


def _get(summary: str, *, may_be_away: bool) -> Schema:
    """A question that takes no body; `may_be_away`: it is answered with 503 at times, and then in its own words."""
    told = {"application/json": {"schema": {"type": ["object", "array"]}}}
    responses: Schema = {"200": {"description": summary, "content": told}}
    if may_be_away:
        responses["503"] = {"description": "Not now.", "content": told}
    return {"get": {"summary": summary, "responses": responses}}


def _refusals(told: Mapping[str, str]) -> Schema:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {code: {"description": about, "content": error} for code, about in told.items()}
