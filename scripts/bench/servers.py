"""What serving.py and latency.py send their load to: Radial, the floor and Granian, each a process for as long as it is measured."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Callable

from settings import CORES, Settings, kill_group, pinned

# Of Granian.
WORKERS = 2


class Server:
    """A process that listens on a port of 127.0.0.1, in a session of its own; what it prints is in a file in the settings' folder."""

    def __init__(self, settings: Settings, command: list[str], port: int, is_ready: Callable[[], bool] = lambda: True, **environment: str) -> None:
        self.port = port
        log = settings.folder / f"server-{port}.log"
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        has_started = False
        try:
            has_started = self._is_ready_within(60, is_ready)
        finally:
            if not has_started:
                self.stop()
        if not has_started:
            raise RuntimeError(f"{' '.join(command)} is not ready at port {port}; it printed {log.read_text(errors='replace')[-2000:]!r}")

    def _is_ready_within(self, seconds: float, is_ready: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=10):
                if is_ready():
                    return True
            time.sleep(0.002)
        return False

    def stop(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        # What it has started, and itself if it did not end.
        kill_group(self.process)
        self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def radial(settings: Settings, model: Path, threads: int, cores: list[int] | None) -> Server:
    port = free_port()
    command = [settings.radial, "serve", "--port", str(port), "--threads", str(threads), "--model", str(model)]

    def is_ready() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
            return bool(answer.status == 200)

    return Server(settings, pinned(cores) + command, port, is_ready)


def floor(settings: Settings, answer: int) -> Server:
    port = free_port()
    return Server(settings, [*pinned(CORES[:1]), settings.program("floor"), str(port), "1", str(answer)], port)


def granian(settings: Settings, graph: bytes) -> Server:
    port, folder = free_port(), Path(tempfile.mkdtemp(dir=settings.folder))
    (folder / "peer.onnx").write_bytes(graph)
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS),
        "--loop", "uvloop", "--no-ws", "--log-level", "critical", "--working-dir", str(Path(__file__).parent), "peer:app",
    ]  # fmt: skip
    # What a worker does while it starts would slow down the others.
    return Server(settings, command, port, lambda: len(list(folder.glob("ready-*"))) == WORKERS, RADIAL_PEER=str(folder))
