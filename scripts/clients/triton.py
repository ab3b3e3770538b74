"""Calls every method of tritonclient's HTTP client, synchronous and asyncio, and compares each inference with the native answers.

    triton.py HOST:PORT HOST:PORT      a server, and one that was started with --allow-unload

Both serve the default model under the name m. Ends with 1 at the first check that fails.
"""

import asyncio
import inspect
import json
import pathlib
import sys
import traceback
import urllib.request

import numpy as np
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "Tests/EndToEndTests/Data/mnist-sample.json"


def native(address: str, path: str, rows: np.ndarray) -> dict:
    request = urllib.request.Request(f"http://{address}{path}", json.dumps({"instances": rows.tolist()}).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


class Checks:
    """One client of one kind, and what has been asked of it."""

    def __init__(self, kind, address: str, rows: np.ndarray):
        self.kind, self.address, self.rows = kind, address, rows
        self.client = kind.InferenceServerClient(address)
        self.called: set[str] = set()
        self.last = "none"
        self.passed = 0
        predictions = native(address, "/predict", rows)["predictions"]
        self.scores = np.array([p["scores"] for p in predictions], np.float32)
        self.distances = np.array(native(address, "/distances", rows)["distances"], np.float32)
        self.predictions = predictions

    async def call(self, method: str, *arguments, **options):
        self.called.add(method)
        self.last = method
        result = getattr(self.client, method)(*arguments, **options)
        return await result if inspect.isawaitable(result) else result

    def check(self, what: str, expected, found) -> None:
        if expected != found:
            sys.exit(f"{self.kind.__name__}, {what}: expected {expected!r}, found {found!r}")
        self.passed += 1

    def check_numbers(self, what: str, expected: np.ndarray, found) -> None:
        """Bit for bit as FP32, so that a NaN equals itself; names the first number that differs."""
        found = np.asarray(found, np.float32)
        self.check(f"{what}, shape", expected.shape, found.shape)
        for index in np.argwhere(expected.view(np.uint32) != found.view(np.uint32)):
            at = tuple(index.tolist())
            sys.exit(f"{self.kind.__name__}, {what}, number {list(at)}: expected {expected[at]!r}, found {found[at]!r}")
        self.passed += 1

    async def refused(self, status: str | None, method: str, *arguments, **options) -> None:
        try:
            found = await self.call(method, *arguments, **options)
        except InferenceServerException as error:
            self.check(f"{method} refused with", status or error.status(), error.status())
            self.check(f"{method} says why", True, bool(error.message()))
        else:
            sys.exit(f"{self.kind.__name__}, {method}: expected a refusal, found {found!r}")

    def input(self, values: np.ndarray, binary: bool = True):
        tensor = self.kind.InferInput("x", list(values.shape), np_to_triton_dtype(values.dtype))
        tensor.set_data_from_numpy(values, binary_data=binary)
        return [tensor]

    def outputs(self, **binary: bool):
        return [self.kind.InferRequestedOutput(name, binary_data=value) for name, value in binary.items()]

    async def run(self, unloading: str) -> None:
        await self.discovery()
        await self.inference()
        await self.extensions()
        await self.errors()
        await self.repository(unloading)
        methods = {name for name in dir(self.client) if not name.startswith("_")}
        self.check("methods that were not called", set(), methods - self.called)
        print(f"{self.kind.__name__}: {len(self.called)} methods, {self.passed} checks passed")
        await self.call("close")

    async def discovery(self) -> None:
        self.check("live", True, await self.call("is_server_live"))
        self.check("ready", True, await self.call("is_server_ready"))
        self.check("model ready", True, await self.call("is_model_ready", "m"))
        self.check("version ready", True, await self.call("is_model_ready", "m", "1"))
        self.check("unknown model ready", False, await self.call("is_model_ready", "nope"))
        self.check("server", "radial", (await self.call("get_server_metadata"))["name"])
        metadata = await self.call("get_model_metadata", "m", "1")
        self.check("outputs", ["scores", "distances"], [output["name"] for output in metadata["outputs"]])
        self.check("input", [-1, 784], metadata["inputs"][0]["shape"])
        self.check("config", [784], (await self.call("get_model_config", "m"))["input"][0]["dims"])
        index = await self.call("get_model_repository_index")
        self.check("index", [("m", "1", "READY")], [(entry["name"], entry["version"], entry["state"]) for entry in index])

    def compare(self, what: str, result, rows: slice = slice(None), only: tuple[str, ...] = ("scores", "distances")) -> None:
        self.check(f"{what}, model", "m", result.get_response()["model_name"])
        for name, expected in (("scores", self.scores), ("distances", self.distances)):
            found = result.as_numpy(name)
            if name in only:
                self.check_numbers(f"{what}, {name}", expected[rows], found)
            else:
                self.check(f"{what}, {name}", None, found)

    async def inference(self) -> None:
        rows = self.rows
        before = (await self.call("get_inference_statistics", "m"))["model_stats"][0]["inference_stats"]["success"]["count"]
        self.compare("binary", await self.call("infer", "m", self.input(rows)))
        after = (await self.call("get_inference_statistics", "m", "1"))["model_stats"][0]["inference_stats"]["success"]["count"]
        self.check("statistics", before + 1, after)
        self.check("all statistics", 1, len((await self.call("get_inference_statistics"))["model_stats"]))
        self.compare("JSON in", await self.call("infer", "m", self.input(rows, binary=False)))
        self.compare("JSON", await self.call(
            "infer", "m", self.input(rows, binary=False), outputs=self.outputs(scores=False, distances=False)))
        mixed = await self.call("infer", "m", self.input(rows), "1", self.outputs(scores=True, distances=False))
        self.compare("mixed", mixed)
        self.compare("one output", await self.call("infer", "m", self.input(rows), outputs=self.outputs(distances=True)), only=("distances",))
        for datatype in (np.float64, np.float16, np.uint8, np.uint16, np.uint32, np.uint64, np.int16, np.int32, np.int64):
            self.compare(datatype.__name__, await self.call("infer", "m", self.input(rows.astype(datatype))))
        numbers = np.array([[float("nan"), float("inf"), float("-inf")] + [0] * 781], np.float32)
        for binary in (True, False):
            beside = np.concatenate([rows[:1], numbers, rows[1:2]])
            found = (await self.call("infer", "m", self.input(beside, binary))).as_numpy("scores")
            self.check_numbers("rows beside a NaN", self.scores[:2], found[[0, 2]])
            self.check("a row of NaN", True, bool(np.isnan(found[1]).all()))

    async def extensions(self) -> None:
        rows = self.rows
        # Short answers are left as they are: these are long enough to be compressed, which the client does not say.
        copies = 8
        many = self.input(np.concatenate([rows] * copies))
        for request in (None, "gzip", "deflate"):
            for response in (None, "gzip", "deflate"):
                result = await self.call(
                    "infer", "m", many, request_compression_algorithm=request, response_compression_algorithm=response)
                for name, expected in (("scores", self.scores), ("distances", self.distances)):
                    self.check_numbers(f"{request} and {response}, {name}", np.concatenate([expected] * copies), result.as_numpy(name))
        named = await self.call(
            "infer", "m", self.input(rows), request_id='a "1" é', sequence_id=7, sequence_start=True, sequence_end=True, priority=3,
            timeout=30_000_000, headers={"X-Request-ID": "seen"}, query_params={"a": "b c"}, parameters={"own": 1, "text": "t"})
        self.compare("everything", named)
        self.check("id", 'a "1" é', named.get_response()["id"])
        for binary in (True, False):
            output = self.kind.InferRequestedOutput("scores", binary_data=binary, class_count=2)
            found = (await self.call("infer", "m", self.input(rows), outputs=[output])).as_numpy("scores")
            best = [[entry.decode() if binary else entry for entry in row] for row in found.tolist()]
            expected = [[f"{score:f}" for score in sorted(row, reverse=True)[:2]] for row in self.scores]
            self.check("their scores", expected, [[entry.split(":")[0] for entry in row] for row in best])
            first = [row[0].split(":", 1)[1] for row in best]
            self.check("classes", [f"{p['class']}:{p['label']}" for p in self.predictions], first)
        verdict = await self.call("infer", "m", self.input(rows), outputs=self.outputs(known=True, p_value=False))
        self.check("known", [p["known"] for p in self.predictions], verdict.as_numpy("known").tolist())
        self.check_numbers("p", np.array([p["p_value"] for p in self.predictions], np.float32), verdict.as_numpy("p_value"))
        if hasattr(self.client, "async_infer"):
            client = self.kind.InferenceServerClient(self.address, concurrency=4)
            pending = [client.async_infer("m", self.input(rows[i : i + 1]), request_id=str(i)) for i in range(len(rows))]
            self.called.add("async_infer")
            for index, request in enumerate(pending):
                self.compare("async_infer", request.get_result(), slice(index, index + 1))
            client.close()
        else:
            results = await asyncio.gather(*(self.call("infer", "m", self.input(rows[i : i + 1])) for i in range(len(rows))))
            for index, result in enumerate(results):
                self.compare("gathered", result, slice(index, index + 1))
        self.called |= {"register_plugin", "plugin", "unregister_plugin", "generate_request_body", "parse_response_body"}
        for inputs, coding, rows_back in ((self.input(rows), None, 1), (many, "gzip", copies), (many, "deflate", copies)):
            body, header_length = self.client.generate_request_body(inputs)
            headers = {"Inference-Header-Content-Length": str(header_length), "Accept-Encoding": coding or "identity"}
            with urllib.request.urlopen(urllib.request.Request(f"http://{self.address}/v2/models/m/infer", bytes(body), headers)) as answer:
                self.check("the answer's coding", coding, answer.headers["Content-Encoding"])
                length = int(answer.headers["Inference-Header-Content-Length"])
                result = self.client.parse_response_body(answer.read(), header_length=length, content_encoding=coding)
            self.check_numbers(f"by hand, {coding}", np.concatenate([self.scores] * rows_back), result.as_numpy("scores"))

        class Plugin(tritonclient.http.InferenceServerClientPlugin):
            def __call__(self, request):
                request.headers["X-Request-ID"] = "plugged"

        self.client.register_plugin(Plugin())
        self.check("plugin", True, self.client.plugin() is not None)
        self.compare("with a plugin", await self.call("infer", "m", self.input(rows)))
        self.client.unregister_plugin()

    async def errors(self) -> None:
        rows = self.rows
        await self.refused("404", "infer", "nope", self.input(rows))
        await self.refused("404", "infer", "m", self.input(rows), "9")
        await self.refused("400", "infer", "m", self.input(rows[:, :-1]))
        await self.refused("400", "infer", "m", self.input(rows.astype(bool)))
        await self.refused("400", "infer", "m", self.input(rows), outputs=self.outputs(nope=True))
        await self.refused("400", "infer", "m", self.input(rows), outputs=[self.kind.InferRequestedOutput("distances", class_count=1)])
        await self.refused("504", "infer", "m", self.input(rows), timeout=1)
        await self.refused("404", "get_model_metadata", "nope")
        await self.refused(None, "get_inference_statistics", "nope")
        # What is neither offered nor announced.
        for method, arguments in {
            "get_trace_settings": (), "update_trace_settings": (), "get_log_settings": (), "update_log_settings": ({},),
            "get_system_shared_memory_status": (), "register_system_shared_memory": ("a", "b", 1), "unregister_system_shared_memory": (),
            "get_cuda_shared_memory_status": (), "register_cuda_shared_memory": ("a", b"b", 0, 1), "unregister_cuda_shared_memory": (),
        }.items():
            await self.refused("404", method, *arguments)
        self.compare("after all that", await self.call("infer", "m", self.input(rows)))

    async def repository(self, unloading: str) -> None:
        await self.refused("503", "unload_model", "m")
        self.check("still ready", True, await self.call("is_model_ready", "m"))
        await self.call("load_model", "m")
        await self.refused("404", "load_model", "nope")
        await self.refused("400", "load_model", "m", config="{}")
        kept, self.client = self.client, self.kind.InferenceServerClient(unloading)
        await self.call("unload_model", "m")
        self.check("unloaded", False, await self.call("is_model_ready", "m"))
        await self.call("load_model", "m")
        self.check("loaded again", True, await self.call("is_model_ready", "m"))
        await self.call("close")
        self.client = kept


async def main() -> None:
    sample = json.loads(SAMPLE.read_text())
    rows = np.array(sample["rows"][:6], np.float32)
    for kind in (tritonclient.http, tritonclient.http.aio):
        checks = Checks(kind, sys.argv[1], rows)
        try:
            await checks.run(sys.argv[2])
        except Exception as error:
            traceback.print_exc()
            sys.exit(f"{kind.__name__}, {checks.last}: expected an answer or a refusal, found {error!r}")


asyncio.run(main())
