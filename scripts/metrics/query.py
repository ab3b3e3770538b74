"""Asks a Prometheus what it has scraped from three replicas, and holds it to what scripts/metrics.sh has sent them.

    query.py PROMETHEUS REPLICA REPLICA REPLICA

Also lets it evaluate every expression of the dashboard: each must parse, and name metrics that the replicas have.
"""

import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

DASHBOARD = pathlib.Path(__file__).resolve().parents[1] / "deploy/dashboard.json"


def query(prometheus: str, expression: str) -> list[dict]:
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        sys.exit(f"{expression}: {error.read().decode()}")


def value(prometheus: str, expression: str) -> float | None:
    result = query(prometheus, expression)
    return float(result[0]["value"][1]) if result else None


def wait_until_scraped(prometheus: str) -> None:
    for _ in range(300):
        try:
            if value(prometheus, "sum(up)") == 3 and value(prometheus, "min(scrape_samples_scraped)") > 0:
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    sys.exit("Prometheus did not scrape the replicas within 30 s")


def main() -> None:
    prometheus, replicas = sys.argv[1], sys.argv[2:]
    wait_until_scraped(prometheus)
    expected = {
        'sum(radial_requests_total{route="/predict",code="200"})': 5,
        'sum(radial_requests_total{route="/v1/models/{model}:predict",code="200"})': 4,
        'sum(radial_requests_total{route="/v2/models/{model}/infer",code="200"})': 3,
        'sum(radial_requests_total{route="/predict",code="400"})': 1,
        'sum(radial_requests_total{route="unknown",code="404"})': 1,
        "sum(radial_rows_total)": 12,
        'sum(radial_predictions_total{label="7",known="true"})': 9,
        "sum(radial_nearest_distance_count)": 12,
        "sum(radial_ready)": 3,
        # accepted = answered + in flight, replica by replica, in one scrape
        "max(abs(radial_requests_accepted_total - on (instance) sum by (instance) (radial_requests_total) - on (instance) radial_requests_in_flight))": 0,
    }
    for expression, wanted in expected.items():
        found = value(prometheus, expression)
        if found != wanted:
            sys.exit(f"{expression}: expected {wanted}, found {found}")
    names = set()
    for replica in replicas:
        with urllib.request.urlopen(f"{replica}/metrics", timeout=10) as answer:
            names |= set(re.findall(r"^# TYPE (\S+)", answer.read().decode(), re.MULTILINE))
    expressions = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]
    for expression in expressions:
        for metric in re.findall(r"\b((?:radial|process)_[a-z_]+)", expression):
            if re.sub(r"_(bucket|sum|count)$", "", metric) not in names and metric not in names:
                sys.exit(f"the dashboard asks for {metric}, which no replica has")
        query(prometheus, expression.replace("$__rate_interval", "1m").replace("$instance", ".*"))
    print(f"promtool and Prometheus: {len(expected)} counts are right, {len(expressions)} expressions of the dashboard parse")


main()
