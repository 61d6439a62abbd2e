"""Asks a running service with tritonclient, in an environment of its own: `ask_triton.py HOST:PORT MODEL VERSION`."""

import sys

import numpy
from tritonclient import http
from tritonclient.utils import InferenceServerException

address, model, version = sys.argv[1:]
client = http.InferenceServerClient(address)
assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(model)
assert client.is_model_ready(model, version)
assert not client.is_model_ready("other")
assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
assert client.get_model_metadata(model)["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
assert client.get_model_repository_index()[0]["name"] == model

texts = numpy.array(["my dear aunt", "crunchy snack, five stars"], dtype=object)
for is_binary in (True, False):
    given = http.InferInput("text", [2], "BYTES")
    given.set_data_from_numpy(texts, binary_data=is_binary)
    for compression in (None, "gzip"):
        answer = client.infer(
            model, [given], request_id="mine", timeout=5_000_000, request_compression_algorithm=compression
        )
        assert answer.get_response()["id"] == "mine"
        assert answer.as_numpy("predictions").tolist() == [b"letter", b"review"]
        assert answer.as_numpy("probabilities").shape == (2, 2)
    wanted = [http.InferRequestedOutput("predictions", binary_data=is_binary)]
    answer = client.infer(model, [given], version, outputs=wanted)
    assert [str(each, "utf-8") if is_binary else each for each in answer.as_numpy("predictions")] == [
        "letter",
        "review",
    ]
    assert answer.as_numpy("probabilities") is None
assert client.async_infer(model, [given]).get_result().as_numpy("predictions").shape == (2,)

try:
    client.infer("other", [given])
except InferenceServerException as error:
    assert error.status() == "404"
    assert "there is no model 'other'" in error.message()
else:
    raise AssertionError("a model that is not there answered")
