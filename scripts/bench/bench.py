"""scripts/bench.sh: the parts one after the other, their rows as one table, and as JSON."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator

import engines
import loading
import networks
import scripts
import serving
from settings import CORES, Settings
from table import HEADING, Row, WrongAnswer

PARTS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "http": serving.rows,
    "load": loading.rows,
    "numbers": scripts.numbers,
    "latency": scripts.latencies,
}


def machine() -> dict[str, object]:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    versions = {name: importlib.metadata.version(name) for name in ("onnxruntime", "openvino", "granian", "orjson")}
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return {"date": date, "commit": commit, "processor": model, "cores": len(CORES), "versions": versions}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("names", nargs="*", choices=["engine", *PARTS, *networks.NETWORKS, []])
    arguments = parser.parse_args()
    parts = [name for name in ("engine", *PARTS) if name in arguments.names] or ["engine", *PARTS]
    chosen = [name for name in arguments.names if name in networks.NETWORKS]
    about, found, start = machine(), list[Row](), time.monotonic()
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    print(f"{about['processor']}, {about['cores']} cores; {about['commit']}; {versions}\n\n{HEADING}", flush=True)
    with tempfile.TemporaryDirectory(prefix="radial-bench-") as folder:
        settings = Settings(os.environ["RADIAL"], os.environ["RADIAL_BENCH"], Path(".build/bench").resolve(), Path(folder), arguments.quick)
        for part in parts:
            try:
                for row in engines.rows(settings, chosen) if part == "engine" else PARTS[part](settings):
                    found.append(row)
                    print(row.line(), flush=True)
            except WrongAnswer as error:
                sys.exit(f"verification failed: {error}")
            print(flush=True)
    verdicts = [row.is_met for row in found]
    print(f"{verdicts.count(True)} targets met, {verdicts.count(False)} missed; {time.monotonic() - start:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps({**about, "rows": [row.encoded() for row in found]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
