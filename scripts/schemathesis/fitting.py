"""Hooks of Schemathesis: beside what it makes up itself, every operation on rows is asked with requests that
fit the models of scripts/schemathesis.sh, so that right answers are held to their schemas too.
"""
import json
import struct

import schemathesis

MARK = "fitting-request"
# Name → outputs of an infer request. All have one input number; the first is calibrated, the last is a regressor.
MODELS = {"m": ["scores", "distances", "known", "p_value"], "plain": ["scores", "distances"], "regressor": ["outputs", "distances"]}
ROWS = [[-3], [0.5], [90]]


def native(model):
    everything = ["scores", "distances", "contributions", "embedding"]
    yield {"instances": ROWS}
    yield {"instance": [0.5], "outputs": everything}
    yield {"instances": ROWS, "outputs": [], "unknown member": None}
    if model != "regressor":
        yield {"instances": ROWS, "outputs": [*everything, "softmax"], "top_k": 2, "reject": "off"}
    if model == "m":
        yield {"instances": ROWS, "false_reject_rate": 0.01}


def tensor(**members):
    return {"name": "x", "shape": [3, 1], "datatype": "FP32", **members}


def infer(model):
    names = [{"name": name} for name in MODELS[model]]
    yield {"inputs": [tensor(data=[-3, 0.5, 90])]}
    yield {"id": "42", "inputs": [tensor(datatype="INT8", data=[[-3], [0], [90]])], "outputs": names}
    yield {"inputs": [tensor(datatype="FP64", data=ROWS)], "parameters": {"timeout": 60_000_000, "unknown": "member"}}
    yield {"inputs": [tensor(data=ROWS)], "outputs": [{"name": "distances", "parameters": {"binary_data": True}}]}
    if model != "regressor":
        yield {"inputs": [tensor(data=ROWS)], "outputs": [{"name": "scores", "parameters": {"classification": 2}}]}


def infer_binary(model):
    """The length of the JSON, and the body."""
    yield 0, struct.pack("<f", 0.5)
    for datatype, data in ("FP32", struct.pack("<3f", -3, 0.5, 90)), ("BF16", bytes(6)), ("UINT64", bytes(24)):
        text = json.dumps({"inputs": [tensor(datatype=datatype, parameters={"binary_data_size": len(data)})]}).encode("ascii")
        yield len(text), text + data


def serving(model):
    for signature in "serving_default", "distances", "all":
        yield {"instances": ROWS, "signature_name": signature}
        yield {"inputs": {"x": ROWS}, "signature_name": signature}
    yield {"instances": [{"x": row} for row in ROWS]}


def classify(model):
    if model != "regressor":
        yield {"examples": [{"x": row} for row in ROWS]}


BODIES = {
    "PredictRequest": native,
    "InferRequest": infer,
    "ServingPredictRequest": serving,
    "ClassifyRequest": classify,
}


@schemathesis.hook
def before_add_examples(context, examples):
    operation = context.operation
    # By its path: a body that the document forgot is then an error, and no fewer requests.
    if not operation.path.endswith(("predict", "distances", "infer", "classify")):
        return
    content = operation.definition.raw["requestBody"]["content"]
    make = BODIES[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    for model in MODELS if "{model}" in operation.path else ["m"]:
        known = {"model": model, "version": 1, "label": "stable"}
        path = {name: value for name, value in known.items() if f"{{{name}}}" in operation.path}

        def add(body, media_type, **headers):
            examples.append(
                operation.Case(
                    path_parameters=path, headers={"X-Request-ID": MARK, **headers}, body=body, media_type=media_type
                )
            )

        for body in make(model):
            add(body, "application/json")
        if "application/octet-stream" in content:
            for length, body in infer_binary(model):
                add(body, "application/octet-stream", **{"Inference-Header-Content-Length": str(length)})


@schemathesis.hook
def filter_case(context, case):
    """A JSON length of 0 makes a body of any type one raw row; made-up JSON of four bytes, such as null, would be a right one."""
    return case.media_type != "application/json" or str(case.headers.get("Inference-Header-Content-Length")) != "0"


@schemathesis.check
def fitting_request_is_answered(ctx, response, case):
    if case.headers.get("X-Request-ID") == MARK:
        assert response.status_code == 200, f"expected 200 for a request that fits, found {response.status_code}: {response.text}"
        assert response.headers["x-request-id"] == [MARK], "expected the X-Request-ID back"
