"""What serving.py sends its load to: Radial, the floor and Granian, each a process for as long as it is measured."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

from settings import CORES, Settings, pinned

# Of Granian.
WORKERS = 2


class Server:
    """A process that listens on a port of 127.0.0.1."""

    def __init__(self, command: list[str], port: int, is_ready: Callable[[], bool] = lambda: True, **environment: str) -> None:
        self.port = port
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                if is_ready():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{' '.join(command)} is not ready at port {port}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
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
    return Server(pinned(cores) + command, port)


def floor(settings: Settings, answer: int) -> Server:
    port = free_port()
    return Server([*pinned(CORES[:1]), settings.program("floor"), str(port), "1", str(answer)], port)


def granian(settings: Settings, graph: bytes) -> Server:
    port, folder = free_port(), Path(tempfile.mkdtemp(dir=settings.folder))
    (folder / "peer.onnx").write_bytes(graph)
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS),
        "--loop", "uvloop", "--no-ws", "--log-level", "critical", "--working-dir", str(Path(__file__).parent), "peer:app",
    ]  # fmt: skip
    # What a worker does while it starts would slow down the others.
    return Server(command, port, lambda: len(list(folder.glob("ready-*"))) == WORKERS, RADIAL_PEER=str(folder))
