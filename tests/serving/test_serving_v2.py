from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from noteship import serving

from .asking import infer, outputs, packed
from .served import Served, loaded, served, sizes_bundle

TEXT = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["my dear aunt"]}


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running service over three plain numbers, one of which may be null."""
    model = loaded(sizes_bundle(tmp_path_factory.mktemp("sizes")), tmp_path_factory.mktemp("sizes-store"))
    with served(model) as one:
        yield one


def ask(one: Served, tensor: dict[str, Any], **more: Any) -> httpx.Response:
    return infer(one.client, "letters", {"inputs": [TEXT | tensor], **more})


def test_an_inference_names_model_version_and_id(service: Served, letters: serving.Model) -> None:
    """The client's id comes back; a `model_name` that the protocol does not know is passed over."""
    response = ask(service, {}, id="mine", model_name="letters")
    told = response.json()
    assert (told["model_name"], told["model_version"], told["id"]) == ("letters", letters.digest[:12], "mine")
    assert response.headers["content-type"] == "application/json"
    predictions, probabilities = told["outputs"]
    assert predictions == {"name": "predictions", "shape": [1], "datatype": "BYTES", "data": ["letter"]}
    assert (probabilities["shape"], probabilities["datatype"]) == ([1, 2], "FP64")
    assert sum(probabilities["data"]) == pytest.approx(1)


def test_without_an_id_the_answer_has_the_requests(service: Served) -> None:
    """An inference without an id is known by the service's own."""
    response = ask(service, {})
    assert response.json()["id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("shape", [[2], [2, 1]])
@pytest.mark.parametrize("data", [["dear", "snack"], [["dear"], ["snack"]]])
def test_data_may_be_flat_or_nested(service: Served, shape: list[int], data: list[Any]) -> None:
    """One column has one size or two, and its elements stand in one line or in lists; its name may be any."""
    told = outputs(ask(service, {"name": "input-0", "shape": shape, "data": data}))
    assert told["predictions"] == outputs(ask(service, {"shape": [2], "data": ["dear", "snack"]}))["predictions"]


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT64", "INT8"])
@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]])
def test_one_tensor_holds_all_columns_in_the_signatures_order(sized: Served, datatype: str, data: Any) -> None:
    """A tensor of shape (n, k) is a table, whatever it is called."""
    tensor = {"name": "x", "shape": [2, 3], "datatype": datatype, "data": data}
    told = outputs(infer(sized.client, "sizes", {"inputs": [tensor]}))["predictions"]
    assert told == sized.predict([[1, 2, 3], [4, 5, 6]]).json()["predictions"]


def test_null_is_null_in_json_and_nan_in_bytes(sized: Served) -> None:
    """What is missing may be null in JSON, NaN in a binary tensor, or a tensor that is not there."""
    expected = sized.predict([{"a": 1, "b": 2, "c": None}]).json()["predictions"]
    table = {"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, None]}
    assert outputs(infer(sized.client, "sizes", {"inputs": [table]}))["predictions"] == expected
    ones = [{"name": name, "shape": [1], "datatype": "INT32", "data": [value]} for name, value in (("b", 2), ("a", 1))]
    assert outputs(infer(sized.client, "sizes", {"inputs": ones}))["predictions"] == expected
    del table["data"]
    binary = b"\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\xf8\x7f"
    value = {"inputs": [table | {"parameters": {"binary_data_size": 24}}]}
    assert outputs(infer(sized.client, "sizes", value, binary))["predictions"] == expected


def test_outputs_are_chosen_and_go_back_as_bytes_where_asked(service: Served) -> None:
    """Only what is asked for goes back, each as JSON or as bytes behind it."""
    wanted = [{"name": "probabilities", "parameters": {"binary_data": True}}, {"name": "predictions"}]
    response = ask(service, {}, outputs=wanted)
    told = outputs(response)
    assert list(told) == ["probabilities", "predictions"]
    assert told["predictions"] == ["letter"]
    assert sum(told["probabilities"]) == pytest.approx(1)
    assert response.headers["content-type"] == "application/octet-stream"
    assert list(outputs(ask(service, {}, outputs=[{"name": "predictions"}]))) == ["predictions"]
    told = outputs(ask(service, {}, parameters={"binary_data_output": True}))
    assert told["predictions"] == ["letter"]


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"name": "txet", "data": ["a", "b"], "shape": [1, 2]}, {}, "tensor 'txet': expected a field of the model"),
    ({"data": [7]}, {}, "tensor 'text': expected elements of BYTES, got an integer"),
    ({"data": ["a", "b"]}, {}, "tensor 'text': expected 1 elements, as its shape says, got 2"),
    ({"data": [["a"], ["b", "c"]], "shape": [3]}, {}, "tensor 'text': expected lists of 1 elements each"),
    ({"data": None}, {}, "tensor 'text': expected 'data' as a list, or 'binary_data_size', got null"),
    ({"shape": []}, {}, "tensor 'text': expected a shape of one or two sizes"),
    ({"shape": [-1]}, {}, "tensor 'text': expected a shape of one or two sizes"),
    ({"shape": [0], "data": []}, {}, "expected at least one row, got none"),
    ({"datatype": "STRING"}, {}, "tensor 'text': expected a datatype of the protocol"),
    ({"datatype": "INT64", "data": [7]}, {}, "row 0, field 'text': expected text, got an integer"),
    ({"data": [None]}, {}, "row 0, field 'text': expected text, got null or nothing"),
    ({"parameters": {"binary_data_size": 4}}, {}, "as many bytes as 'binary_data_size' says"),
    ({}, {"outputs": [{"name": "predictoins"}]}, "there is no output 'predictoins'; nearest: 'predictions'"),
    ({}, {"parameters": {"timeout": -1}}, "parameter 'timeout': expected an integer of microseconds"),
    ({}, {"id": ["x"]}, "the body is not an inference request"),
    ({}, {"inputs": []}, "tensor 'inputs': expected at least one tensor"),
    ({}, {"inputs": [TEXT, TEXT]}, "tensor 'text': expected each tensor once"),
]


@pytest.mark.parametrize(("tensor", "more", "message"), BAD, ids=[message[:60] for _, _, message in BAD])
def test_bad_tensors_are_told_what_was_expected(
    service: Served, tensor: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    """A tensor that does not fit gets 422 and a sentence that names it, in JSON."""
    response = ask(service, tensor, **more)
    assert response.status_code == 422
    assert message in response.json()["error"]
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("size", "binary", "message"),
    [
        (5, b"\x09\0\0\0a", "expected texts as long as they say"),
        (2, b"\x01\0", "expected four bytes of length"),
        (5, b"\x01\0\0\0\xff", "expected text in Unicode, got bytes that are not UTF-8"),
        (5, b"\x01\0\0\0aa", "1 bytes behind the last tensor belong to none"),
    ],
)
def test_bad_bytes_are_told_what_was_expected(service: Served, size: int, binary: bytes, message: str) -> None:
    """A binary tensor that is not whole gets 422."""
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": size}}
    response = infer(service.client, "letters", {"inputs": [tensor]}, binary)
    assert response.status_code == 422
    assert message in response.json()["error"]


@pytest.mark.parametrize("length", ["x", "-1", "9" * 5000, "1000"])
def test_a_wrong_length_of_the_json_is_refused(service: Served, length: str) -> None:
    """A header that is no length of a part of the body gets 400."""
    headers = {"Inference-Header-Content-Length": length}
    response = service.client.post("/v2/models/letters/infer", content=b"{}", headers=headers)
    assert response.status_code == 400


def test_a_timeout_is_in_microseconds(service: Served) -> None:
    """A generous one is kept; zero is none."""
    assert ask(service, {}, parameters={"timeout": 10_000_000}).status_code == 200
    assert ask(service, {}, parameters={"timeout": 0}).status_code == 200


def test_the_server_and_its_models_are_told(service: Served, letters: serving.Model) -> None:
    """Metadata, health, readiness and the index are as the protocol has them."""
    get = service.client.get
    version = letters.digest[:12]
    assert get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert get("/v2/health/live").json() == {"live": True}
    assert get("/v2/health/ready").json() == {"ready": True}
    told = get("/v2/models/letters").json()
    assert told == get(f"/v2/models/letters/versions/{version}").json()
    assert (told["name"], told["versions"]) == ("letters", [version])
    assert told["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert told["outputs"] == [
        {"name": "predictions", "datatype": "BYTES", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]},
    ]
    assert get("/v2/models/letters/ready").json() == {"name": "letters", "ready": True}
    assert get("/v1/models").json() == {"models": ["letters"]}
    assert get("/v1/models/letters").json() == {"name": "letters", "ready": True}
    index = service.client.post("/v2/repository/index", json={"ready": True}).json()
    own = {"bundle": letters.digest, "role": "default"}
    assert index == [{"name": "letters", "version": version, "state": "READY", "reason": ""} | own]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/models/other"),
        ("POST", "/v2/models/other/infer"),
        ("GET", "/v2/models/letters/versions/7/ready"),
        ("POST", "/v1/models/other:predict"),
        ("GET", "/v1/models/other"),
    ],
)
def test_models_that_are_not_there_get_404(service: Served, method: str, path: str) -> None:
    """A name or version that is not served is an error in JSON."""
    response = service.client.request(method, path)
    assert response.status_code == 404
    assert response.json()["error"].startswith(("there is no model 'other'", "model 'letters' has no version"))


def test_the_first_protocol_takes_values_for_a_model_of_one_field(service: Served) -> None:
    """Instances are objects, lists, or values where there is one field; the answer has predictions alone."""
    for instances in ([{"text": "dear aunt"}], [["dear aunt"]], ["dear aunt"]):
        told = service.client.post("/v1/models/letters:predict", json={"instances": instances}).json()
        assert told == {"predictions": ["letter"]}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{", 400, "the body is not JSON"),
        (b"{}", 422, 'the body is not {"instances": [...]}'),
        (b'{"instances": {}}', 422, "expected 'instances' to be a list"),
        (b'{"instances": []}', 422, "expected at least one row"),
        (b'{"instances": [7]}', 422, "row 0, field 'text': expected text, got an integer"),
    ],
)
def test_bad_instances_are_told_what_was_expected(service: Served, body: bytes, code: int, message: str) -> None:
    """A body that is no list of instances gets a status and a sentence."""
    response = service.client.post("/v1/models/letters:predict", content=body)
    assert response.status_code == code
    assert message in response.json()["error"]


def test_metrics_name_routes_and_not_paths(service: Served) -> None:
    """However many models are asked for, the metrics have as many routes as there are."""
    for number in range(5):
        infer(service.client, f"other-{number}", {"inputs": [TEXT]})
        service.client.get(f"/v2/models/other-{number}")
    families = text_string_to_metric_families(service.client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    routes = {sample.labels["route"] for sample in samples if "route" in sample.labels}
    assert {"/v2/models/NAME/infer", "/v2/models/NAME"} <= routes
    assert not any("other-" in route for route in routes)


def test_texts_of_bytes_hold_any_letters(service: Served) -> None:
    """Binary texts are UTF-8, and may be empty."""
    piece = packed(["", "dear ÿ€𝄞"], "BYTES")
    tensor = {"name": "text", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": len(piece)}}
    response = infer(service.client, "letters", {"inputs": [tensor]}, piece)
    assert len(outputs(response)["predictions"]) == 2
    assert json.loads(response.content)
