"""What it takes to load a model's file: medians of wall-clock seconds and of the largest resident memory.

load.py ROUNDS RADIAL MODEL

A process of its own: what is started counts the memory of its parent as its own until it runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

RUNTIME = "import one_thread, sys; one_thread.session(sys.argv[1])"


def measured(command: list[str], until: str | None) -> tuple[float, float]:
    """Seconds until it ends, or prints `until`, and megabytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    is_there = any(until in line for line in process.stdout) if until is not None else process.stdout.read() is not None
    duration = time.perf_counter() - start
    if until is not None:
        process.terminate()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert is_there and process.returncode == 0, command
    return duration, usage.ru_maxrss / 1000


def main(rounds: int, radial: str, model: str) -> None:
    print(f"{'':40}{'seconds':>10}{'peak MB':>10}")
    for title, command, until in (
        ("radial inspect", [radial, "inspect", model], None),
        ("radial serve, until it answers", [radial, "serve", "--port", "0", "--model", model], " at http"),
        ("Python with ONNX Runtime, a session", [sys.executable, "-c", RUNTIME, model], None),
    ):
        runs = [measured(command, until) for _ in range(rounds)]
        seconds, megabytes = (statistics.median(run[part] for run in runs) for part in (0, 1))
        print(f"{title:40}{seconds:10.2f}{megabytes:10.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
