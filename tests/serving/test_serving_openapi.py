from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from noteship import serving

from .served import Served, served


def schema_of(told: dict[str, Any], path: str) -> jsonschema.Draft202012Validator:
    body = told["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema.Draft202012Validator({**body, "components": told["components"]})


BODIES: list[tuple[str, Any, bool]] = [
    ("/predict", {"size": 5, "district": "north"}, True),
    ("/predict", {"rows": [[5, "north"]], "id": "mine"}, True),
    ("/predict", [{"size": 5.0, "district": "elsewhere"}], True),
    ("/predict", [{"size": "5", "district": "north"}], False),
    ("/predict", [{"size": 5}], False),
    ("/predict", [[5]], False),
    ("/predict", [], False),
    ("/predict", {"rows": [[5, "north"]], "idd": 1}, False),
    ("/v1/models/rents:predict", {"instances": [[5, "north"]], "signature_name": "x"}, True),
    ("/v1/models/rents:predict", {"instances": [5]}, False),
    ("/v2/models/rents/infer", {"inputs": [], "id": "x"}, False),
    (
        "/v2/models/rents/infer",
        {
            "inputs": [
                {"name": "size", "shape": [1], "datatype": "INT64", "data": [5]},
                {"name": "district", "shape": [1, 1], "datatype": "BYTES", "data": [["north"]]},
            ]
        },
        True,
    ),
]


def test_the_document_says_what_is_taken(rents: serving.Model) -> None:
    """What the document allows is answered with 200, what it forbids with 422; each answer fits its schema."""
    with served(rents) as one:
        told = one.client.get("/openapi.json").json()
        for path, body, is_right in BODIES:
            response = one.client.post(path, json=body)
            code = str(response.status_code)
            assert (code, schema_of(told, path).is_valid(body)) == (("200", True) if is_right else ("422", False)), body
            schema = told["paths"][path]["post"]["responses"][code]["content"]["application/json"]["schema"]
            jsonschema.validate(response.json(), {**schema, "components": told["components"]})


def test_the_document_holds_the_example(service: Served) -> None:
    """The example of each body is right, and gets an answer."""
    told = service.client.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    for path, methods in told["paths"].items():
        if "post" not in methods:
            assert service.client.get(path).status_code == 200, path
            continue
        example = methods["post"]["requestBody"]["content"]["application/json"].get("example")
        if example is not None:
            assert service.client.post(path, json=example).status_code == 200


@pytest.mark.parametrize("path", ["/predict", "/models/letters/predict"])
def test_the_document_names_every_status(service: Served, path: str) -> None:
    """Whoever asks for predictions knows beforehand what may come."""
    told = service.client.get("/openapi.json").json()
    codes = {"200", "400", "404", "408", "413", "415", "422", "429", "500", "503", "504"}
    assert set(told["paths"][path]["post"]["responses"]) == codes
