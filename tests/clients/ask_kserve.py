"""Asks a running service with KServe's client, in an environment of its own: HOST:PORT MODEL VERSION."""

import asyncio
import sys

import httpx
import numpy
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

address, model, version = sys.argv[1:]
base = f"http://{address}"
TEXTS = ["my dear aunt", "crunchy snack, five stars"]


def request(is_binary: bool) -> InferRequest:
    given = InferInput("text", [2], "BYTES")
    given.set_data_from_numpy(numpy.array(TEXTS, dtype=object), binary_data=is_binary)
    wanted = [RequestedOutput(name, {"binary_data": is_binary}) for name in ("predictions", "probabilities")]
    return InferRequest(model, [given], request_id="mine", request_outputs=wanted)


async def second() -> None:
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        assert await client.is_server_live(base)
        assert await client.is_server_ready(base)
        assert await client.is_model_ready(base, model)
        assert not await client.is_model_ready(base, "other")
        for is_binary in (True, False):
            answer = await client.infer(base, request(is_binary), model_name=model)
            assert (answer.id, answer.model_name) == ("mine", model)
            labels, probabilities = answer.outputs
            assert [str(each) if isinstance(each, str) else str(each, "utf-8") for each in labels.data] == [
                "letter",
                "review",
            ]
            assert probabilities.as_numpy().shape == (2, 2)
        try:
            await client.infer(base, request(False), model_name="other")
        except httpx.HTTPStatusError as error:
            assert "there is no model 'other'" in str(error)
        else:
            raise AssertionError("a model that is not there answered")


async def first() -> None:
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        assert await client.is_model_ready(base, model)
        answer = await client.infer(base, {"instances": TEXTS}, model_name=model)
        assert answer == {"predictions": ["letter", "review"]}


asyncio.run(second())
asyncio.run(first())
