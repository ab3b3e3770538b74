"""Sends requests of every kind to replicas and holds what a Prometheus that scrapes them says to what was sent.

    check.py PROMETHEUS REPLICA…      URLs

Every expression of the Grafana dashboard must find data.
"""

import collections
import concurrent.futures
import gzip
import http.client
import json
import math
import pathlib
import struct
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/manifests"))
import dashboard

SAMPLE = json.loads((ROOT / "Tests/EndToEndTests/Data/mnist-sample.json").read_text())
ROWS = SAMPLE["rows"]
# Clients of each replica, so that scrapes meet requests in flight; seconds of traffic, then at most so many until Prometheus has seen its end.
CLIENTS, TRAFFIC, PATIENCE = 2, 6, 30


def encoded(value) -> bytes:
    return json.dumps(value).encode()


def kinds() -> list[tuple[str, str, str, bytes | None, dict, int, int]]:
    """Method, path, the route that metrics call it, body, header fields, the status that it must be answered with, and the rows answered."""
    row, rows = encoded({"instances": ROWS[:1]}), encoded({"instances": ROWS[:64]})
    tensor = {"name": "x", "shape": [1, 784], "datatype": "FP32"}
    raw = struct.pack("<784f", *ROWS[0])
    infer, described = "/v2/models/digits/infer", encoded({"inputs": [{**tensor, "parameters": {"binary_data_size": len(raw)}}]})
    header = {"Inference-Header-Content-Length": str(len(described))}
    # Far from every digit.
    unknown = encoded({"instances": [[255] * 784], "reject": "error"})
    return [
        ("POST", "/predict", "/predict", row, {}, 200, 1),
        ("POST", "/predict", "/predict", rows, {}, 200, 64),
        ("POST", "/predict", "/predict", gzip.compress(row), {"Content-Encoding": "gzip"}, 200, 1),
        ("POST", "/predict", "/predict", encoded({"instances": [[255] * 784]}), {}, 200, 1),
        ("POST", "/models/digits/versions/1/predict", "/predict", row, {}, 200, 1),
        ("POST", "/distances", "/distances", rows, {}, 200, 64),
        ("POST", infer, "/v2/models/{model}/infer", encoded({"inputs": [{**tensor, "data": ROWS[0]}]}), {}, 200, 1),
        ("POST", infer, "/v2/models/{model}/infer", described + raw, header, 200, 1),
        ("POST", "/v1/models/digits:predict", "/v1/models/{model}:predict", row, {}, 200, 1),
        ("GET", "/model", "/model", None, {}, 200, 0),
        ("HEAD", "/readyz", "/readyz", None, {}, 200, 0),
        ("GET", "/v2/health/ready", "/v2/health/ready", None, {}, 200, 0),
        ("GET", "/v1/models/digits", "/v1/models/{model}", None, {}, 200, 0),
        ("POST", "/predict", "/predict", b"hello", {}, 400, 0),
        ("POST", "/predict", "/predict", encoded({"instances": [[1, 2, 3]]}), {}, 400, 0),
        ("POST", "/models/nope/predict", "/predict", row, {}, 404, 0),
        ("GET", "/predict", "/predict", None, {}, 405, 0),
        ("GET", "/nowhere", "unknown", None, {}, 404, 0),
        ("POST", "/predict", "refused", row, {"Content-Encoding": "br"}, 415, 0),
        ("POST", "/predict", "/predict", unknown, {}, 422, 0),
        ("POST", infer, "/v2/models/{model}/infer",
         encoded({"parameters": {"timeout": 1}, "inputs": [{**tensor, "data": ROWS[0]}]}), {}, 504, 0),
    ]


def send(server: str) -> collections.Counter:
    """Every kind, again and again; how many of each route and code, and under "rows" the rows that were answered."""
    sent, until, connection = collections.Counter(), time.monotonic() + TRAFFIC, http.client.HTTPConnection(server, timeout=10)
    while time.monotonic() < until:
        for method, path, route, body, headers, expected, rows in kinds():
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != expected:
                raise SystemExit(f"{method} {path}: expected {expected}, found {answer.status}: {text[:200]!r}")
            sent[route, str(expected)] += 1
            sent["rows"] += rows
        time.sleep(0.1)
    return sent


class Prometheus:
    def __init__(self, url: str):
        self.url = url

    def get(self, what: str, **parameters):
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
            return json.load(answer)["data"]["result"]

    def wait_until_up(self, replicas: int) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                if self.query("sum(up)") == {(): replicas}:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit(f"Prometheus did not scrape {replicas} replicas within {PATIENCE} s")

    def query(self, expression: str, at: float | None = None) -> dict[tuple[str, ...], float]:
        """Values by their labels' values, in the labels' order; of the last scrapes, or of those at a time."""
        return {tuple(series["metric"][key] for key in sorted(series["metric"]) if key != "__name__"): float(series["value"][1])
                for series in self.get("query", query=expression, **({"time": at} if at else {}))}


def strange(replica: str) -> int:
    """How many of the rows that are sent together are called unknown; asked when everything has been counted."""
    request = urllib.request.Request(f"http://{replica}/predict", encoded({"instances": ROWS[:64]}))
    with urllib.request.urlopen(request) as answer:
        return sum(not prediction["known"] for prediction in json.load(answer)["predictions"])


def main() -> None:
    prometheus, replicas = Prometheus(sys.argv[1]), [url.removeprefix("http://") for url in sys.argv[2:]]
    board, problems = dashboard.read(ROOT / "scripts/deploy/dashboard.json"), []
    prometheus.wait_until_up(len(replicas))
    start = time.time()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS * len(replicas)) as pool:
        sent = sum(pool.map(send, replicas * CLIENTS), collections.Counter())
    rows = sent.pop("rows")

    # A scrape itself is a request; the others are ours.
    counted, waited = {}, time.monotonic() + PATIENCE
    while counted != dict(sent) and time.monotonic() < waited:
        time.sleep(0.5)
        answered = prometheus.query('sum by (code, route) (radial_requests_total{route!="/metrics"})')
        counted = {(route, code): int(value) for (code, route), value in answered.items()}
    for key in sorted(counted.keys() | sent.keys()):
        if counted.get(key, 0) != sent[key]:
            problems.append(f"radial_requests_total of {key}: sent {sent[key]}, Prometheus says {counted.get(key, 0)}")
    print(f"requests: {sum(sent.values())} sent, {sum(counted.values())} in Prometheus, of {len(counted)} routes and codes")

    for expression, expected in (
        ("sum(up)", len(replicas)), ("sum(radial_ready)", len(replicas)), ("sum(radial_rows_total)", rows),
    ):
        if list(prometheus.query(expression).values()) != [expected]:
            problems.append(f"{expression}: expected {expected}, found {prometheus.query(expression)}")
    # At every scrape, amid the traffic too.
    balance = "radial_requests_accepted_total - on (instance) sum by (instance) (radial_requests_total) - on (instance) radial_requests_in_flight"
    scrapes = [float(value) for series in prometheus.get("query_range", query=balance, start=start, end=time.time(), step=1)
               for _, value in series["values"]]
    if not scrapes or any(scrapes):
        problems.append(f"accepted - answered - in flight: expected 0 at every scrape, found {scrapes}")
    print(f"accepted = answered + in flight: at {scrapes.count(0)} of {len(scrapes)} scrapes")

    # The histograms count what the counters count: at one moment, of which all is there when it is asked for, since a scrape counts itself.
    moment = time.time()
    time.sleep(2)
    for histogram, counter in (
        ("sum(radial_request_duration_seconds_count)", "sum(radial_requests_total)"),
        # A row that was refused for what it is was computed, but not answered.
        ("sum(radial_batch_rows_sum)", 'sum(radial_rows_total) + sum(radial_rejections_total{reason="unknown_input"})'),
        ("sum(radial_nearest_distance_count)", "sum(radial_rows_total)"),
        ("sum(radial_p_value_count)", 'sum(radial_predictions_total{known=~"true|false"})'),
        ("sum(radial_batch_rows_count)", "sum(radial_batches_total)"),
    ):
        first, second = prometheus.query(histogram, moment), prometheus.query(counter, moment)
        # What was decoded beside the computing may say behind its rows that its time has passed; here such requests have one row.
        late = prometheus.query('sum(radial_rejections_total{reason="deadline"})', moment) if "batch_rows_sum" in histogram else {}
        if not 0 <= sum(first.values()) - sum(second.values()) <= sum(late.values()):
            problems.append(f"{histogram} {first} is not {counter} {second}")

    # A day's history is not there: the day before is now.
    window = {"$__rate_interval": "30s", "$job": "radial", "$instance": ".*", "$model": ".*", " offset 1d": ""}
    empty = 0
    for title, expression in dashboard.expressions(board, window):
        values = prometheus.query(expression).values()
        if not any(math.isfinite(value) for value in values):
            empty += 1
            problems.append(f"dashboard, {title}: no data from {expression}")
    print(f"dashboard: {len(dashboard.expressions(board, window)) - empty} of {len(dashboard.expressions(board, window))} expressions find data")
    # The far row, as often as a request runs out of time, and what is strange among the rows of the two kinds that send many.
    unknown = list(prometheus.query('sum(radial_predictions_total{known="false"})').values())
    expected = sent["/v2/models/{model}/infer", "504"] * (1 + 2 * strange(replicas[0]))
    if unknown != [expected]:
        problems.append(f"unknown rows: expected {expected}, found {unknown}")
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
