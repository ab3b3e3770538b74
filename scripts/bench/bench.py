"""scripts/bench.sh: the parts one after the other, their rows as one table, and as JSON."""

from __future__ import annotations

import argparse
import datetime
import http.client
import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import engines
import json_numbers
import latency
import loading
import networks
import serving
from settings import CORES, Settings
from table import Row, WrongAnswer, titles

PARTS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "http": serving.rows,
    "load": loading.rows,
    "numbers": json_numbers.rows,
    "latency": latency.rows,
}
OF_TWO_CORES = ("http", "latency")


def machine() -> dict[str, Any]:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    versions = {name: importlib.metadata.version(name) for name in ("onnxruntime", "openvino", "granian", "orjson")}
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return {"date": date, "commit": commit, "processor": model, "cores": len(CORES), "load": os.getloadavg(), "versions": versions}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("names", nargs="*")
    read = parser.parse_args()
    known = ["engine", *PARTS, *networks.NETWORKS]
    if strange := [name for name in read.names if name not in known]:
        parser.error(f"expected some of {', '.join(known)}, found {', '.join(strange)}")
    if read.json:
        # The shell script has left the folder that it was called in.
        read.json = Path(os.environ["CALLED_IN"]) / read.json
        if not read.json.parent.is_dir():
            parser.error(f"--json: {read.json.parent} is no folder; make it first")
    return read


def measure(settings: Settings, part: str, chosen: list[str], is_markdown: bool) -> Iterator[Row]:
    """The rows of a part, each printed when it is there."""
    if not is_markdown:
        print(f"\n{part}", flush=True)
    if part in OF_TWO_CORES and len(CORES) < 2:
        row = Row(part, part, "us", unmeasured="the server and the load need a core each, this machine has one")
        print(row.line(is_markdown), flush=True)
        yield row
        return
    try:
        for row in engines.rows(settings, chosen) if part == "engine" else PARTS[part](settings):
            print(row.line(is_markdown), flush=True)
            yield row
    except WrongAnswer as error:
        sys.exit(f"verification failed: {error}")
    except RuntimeError as error:
        sys.exit(f"scripts/bench.sh {part}: {error}")
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"scripts/bench.sh {part}: {type(error).__name__}: {error}")


def main() -> None:
    read = arguments()
    # Servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [name for name in networks.NETWORKS if name in read.names]
    parts = [part for part in ("engine", *PARTS) if part in read.names or (part == "engine" and chosen) or not read.names]
    about, start = machine(), time.monotonic()
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    load = ", ".join(f"{value:.2f}" for value in about["load"])
    print(f"{about['date']}, load {load}; {about['processor']}, {about['cores']} cores; {about['commit']}; {versions}")
    print(f"\n{titles(read.markdown)}", flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="radial-bench-") as folder:
        settings = Settings(os.environ["RADIAL"], os.environ["RADIAL_BENCH"], Path(".build/bench").resolve(), Path(folder), read.quick)
        for part in parts:
            rows += measure(settings, part, chosen, read.markdown)
            if read.json:
                content = {**about, "is_quick": read.quick, "rows": [row.encoded() for row in rows]}
                read.json.write_text(json.dumps(content, indent=1) + "\n")
    verdicts = [row.is_met for row in rows]
    print(f"\n{verdicts.count(True)} targets met, {verdicts.count(False)} missed; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
