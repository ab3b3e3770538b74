"""Speaks TensorFlow Serving's REST and KServe's version 1 as their users do, with requests, and compares with the native answers.

    rest.py http://HOST:PORT
"""

import json
import pathlib
import sys

import requests

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "Tests/EndToEndTests/Data/mnist-sample.json"


def main() -> None:
    url = sys.argv[1]
    rows = json.loads(SAMPLE.read_text())["rows"][:4]
    expected = requests.post(f"{url}/predict", json={"instances": rows}, timeout=30).json()["predictions"]
    scores = [p["scores"] for p in expected]
    distances = [p["distances"] for p in expected]
    passed = 0

    def check(what: str, wanted, found) -> None:
        nonlocal passed
        if wanted != found:
            sys.exit(f"{what}: expected {wanted!r}, found {found!r}")
        passed += 1

    def post(path: str, body: dict) -> dict:
        # As the tutorials do: a string of JSON, and its type.
        answer = requests.post(f"{url}/v1/models/m{path}", data=json.dumps(body), headers={"content-type": "application/json"}, timeout=30)
        check(f"{path} status", 200, answer.status_code)
        return answer.json()

    signature = {"signature_name": "serving_default"}
    check("predict", scores, post(":predict", signature | {"instances": rows})["predictions"])
    check("by version", scores, post("/versions/1:predict", {"instances": [{"x": row} for row in rows]})["predictions"])
    check("by label", distances, post("/labels/stable:predict", {"signature_name": "distances", "inputs": rows})["outputs"])
    check("columns", {"scores": scores, "distances": distances}, post(":predict", {"signature_name": "all", "inputs": {"x": rows}})["outputs"])
    classes = post(":classify", {"examples": [{"x": row} for row in rows]})["results"]
    check("classify", [p["label"] for p in expected], [max(result, key=lambda pair: pair[1])[0] for result in classes])
    status = requests.get(f"{url}/v1/models/m", timeout=30).json()
    check("status", "AVAILABLE", status["model_version_status"][0]["state"])
    check("KServe's readiness", True, status["ready"])
    check("models", {"models": ["m"]}, requests.get(f"{url}/v1/models", timeout=30).json())
    described = requests.get(f"{url}/v1/models/m/metadata", timeout=30).json()["metadata"]["signature_def"]["signature_def"]
    check("input", ["-1", "784"], [dim["size"] for dim in described["serving_default"]["inputs"]["x"]["tensor_shape"]["dim"]])
    for path, status, body in (
        ("nope:predict", 404, {"instances": rows}), ("m:explain", 400, {"instances": rows}), ("m:predict", 400, {"instances": [[1, 2, 3]]}),
        ("m:predict", 400, signature | {"signature_name": "nope", "instances": rows}),
    ):
        refusal = requests.post(f"{url}/v1/models/{path}", json=body, timeout=30)
        check(f"{path} refused with", status, refusal.status_code)
        check(f"{path} says why", True, bool(refusal.json()["error"]))
    nan = post(":predict", {"instances": [[float("nan")] * 784, rows[0]]})["predictions"]
    check("beside a NaN", scores[0], nan[1])
    print(f"requests: {passed} checks passed")


main()
