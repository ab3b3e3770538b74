"""Calls every method of KServe's InferenceRESTClient, for both versions of the protocol, and compares with the native answers.

    rest_client.py http://HOST:PORT
"""

import asyncio
import json
import pathlib
import sys
import urllib.request

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "Tests/EndToEndTests/Data/mnist-sample.json"
passed = 0


def check(what: str, expected, found) -> None:
    global passed
    if expected != found:
        sys.exit(f"KServe's client, {what}: expected {expected!r}, found {found!r}")
    passed += 1


def check_numbers(what: str, expected: np.ndarray, found) -> None:
    """Bit for bit as FP32; names the first number that differs."""
    global passed
    found = np.asarray(found, np.float32)
    check(f"{what}, shape", expected.shape, found.shape)
    for index in np.argwhere(expected.view(np.uint32) != found.view(np.uint32)):
        at = tuple(index.tolist())
        sys.exit(f"KServe's client, {what}, number {list(at)}: expected {expected[at]!r}, found {found[at]!r}")
    passed += 1


async def refused(what: str, status: int, call) -> None:
    try:
        found = await call
    except httpx.HTTPStatusError as error:
        check(f"{what} refused with", status, error.response.status_code)
        # The client quotes a reason only from an answer of exactly application/json.
        check(f"{what} says why", True, error.response.json()["error"] in str(error))
    else:
        sys.exit(f"KServe's client, {what}: expected {status}, found {found!r}")


def tensor(rows: np.ndarray, binary: bool) -> list[InferInput]:
    made = InferInput("x", list(rows.shape), "FP32")
    made.set_data_from_numpy(rows, binary_data=binary)
    return [made]


async def main() -> None:
    url = sys.argv[1]
    rows = np.array(json.loads(SAMPLE.read_text())["rows"][:4], np.float32)
    # Enough of them that answers are compressed, which this client asks for by default.
    rows = np.concatenate([rows] * 10)
    with urllib.request.urlopen(f"{url}/predict", json.dumps({"instances": rows.tolist()}).encode()) as answer:
        predictions = json.load(answer)["predictions"]
    expected = {name: np.array([p[name] for p in predictions], np.float32) for name in ("scores", "distances")}

    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        check("v1 live", True, await client.is_server_live(url))
        check("v1 model ready", True, await client.is_model_ready(url, "m"))
        found = await client.infer(url, {"instances": rows.tolist()}, model_name="m")
        check_numbers("v1 predictions", expected["scores"], found["predictions"])
        await refused("v1 readiness of an unknown model", 404, client.is_model_ready(url, "nope"))
        await refused("v1 width", 400, client.infer(url, {"instances": [[1.0]]}, model_name="m"))
        await refused("v1 explanation", 400, client.explain(url, "m", {"instances": rows.tolist()}))

    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        check("v2 live", True, await client.is_server_live(url))
        check("v2 ready", True, await client.is_server_ready(url))
        check("v2 model ready", True, await client.is_model_ready(url, "m"))
        check("v2 unknown model ready", False, await client.is_model_ready(url, "nope"))
        for binary_input in (False, True):
            for binary_output in (False, True):
                request = InferRequest(
                    "m", tensor(rows, binary_input), request_id="42", parameters={"binary_data_output": binary_output})
                headers: dict[str, str] = {}
                response = await client.infer(url, request, model_name="m", response_headers=headers)
                what = f"v2 binary {binary_input} to {binary_output}"
                check(f"{what}, id", "42", response.id)
                check(f"{what}, compressed", "gzip", headers.get("content-encoding"))
                check(f"{what}, framed", binary_output, "inference-header-content-length" in headers)
                for name, values in expected.items():
                    check_numbers(f"{what}, {name}", values, response.get_output_by_name(name).as_numpy())
        outputs = [RequestedOutput("distances", {"binary_data": True})]
        response = await client.infer(url, InferRequest("m", tensor(rows, True), request_outputs=outputs), model_name="m")
        check("v2 one output", ["distances"], [output.name for output in response.outputs])
        await refused("v2 width", 400, client.infer(url, InferRequest("m", tensor(rows[:, :-1], True)), model_name="m"))
        await refused("v2 unknown model", 404, client.infer(url, InferRequest("nope", tensor(rows, True)), model_name="nope"))
    print(f"KServe's InferenceRESTClient, v1 and v2: {passed} checks passed")


asyncio.run(main())
