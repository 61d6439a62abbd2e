"""Changes what a service serves with tritonclient: `change_triton.py HOST:PORT MODEL FIRST SECOND [TOKEN WEAKER]`.

FIRST and SECOND are two bundles of the model, of which the service serves the first, which is the latest, too. TOKEN
has the scopes admin, observe and predict, WEAKER all but the first of them.
"""

import json
import sys

from tritonclient import http
from tritonclient.utils import InferenceServerException

address, model, first, second, *tokens = sys.argv[1:]
headers, weaker = [{"Authorization": f"Bearer {token}"} for token in tokens] or (None, None)
client = http.InferenceServerClient(address)


def refused(call, *given, **named):
    try:
        call(*given, **named)
    except InferenceServerException as error:
        return error.status(), error.message()
    raise AssertionError("it was done")


def roles():
    return {each["version"]: each["role"] for each in client.get_model_repository_index(headers=headers)}


client.load_model(model, headers=headers)
assert roles() == {first[:12]: "default"}
client.load_model(model, headers=headers, config=json.dumps({"parameters": {"bundle": second, "canary_percent": 5}}))
assert roles() == {first[:12]: "default", second[:12]: "canary"}
client.load_model(model, headers=headers, config=json.dumps({"bundle": second}))
assert roles() == {first[:12]: "spare", second[:12]: "default"}
assert client.is_model_ready(model, second[:12], headers=headers)

status, said = refused(client.load_model, "other", headers=headers)
assert status == "422" and f"is of model '{model}'" in said, said
status, said = refused(client.load_model, model, headers=headers, config='{"backend": "onnxruntime", "bundle": "x"}')
assert status == "422" and "parameter 'backend' is not known" in said, said
status, said = refused(client.load_model, model, headers=headers, config="{")
assert status == "400" and "'config' is not JSON" in said, said
status, said = refused(client.unload_model, "other", headers=headers)
assert status == "404" and "there is no model 'other'" in said, said
status, said = refused(client.unload_model, model, headers=headers, unload_dependents=True)
assert status == "409" and "load another bundle in its place first" in said, said
if weaker:
    assert refused(client.load_model, model, headers=weaker)[0] == "403"
    assert refused(client.unload_model, model)[0] == "401"
