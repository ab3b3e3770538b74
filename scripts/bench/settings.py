"""What the parts of scripts/bench.sh share: programs, a folder, cores, and how long is measured."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

CORES = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Settings:
    # Radial and radial-bench.
    radial: str
    radial_bench: str
    # The C programs of this folder.
    programs: Path
    # For what the run writes; deleted behind it.
    folder: Path
    is_quick: bool = False

    @property
    def repeats(self) -> int:
        return 3 if self.is_quick else 5

    @property
    def seconds(self) -> float:
        """Of one run of a load."""
        return 0.3 if self.is_quick else 3

    def program(self, name: str) -> str:
        return str(self.programs / name)


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """This thread, and those that it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pinned(cores: list[int] | None) -> list[str]:
    """In front of a command: only those cores; None: any."""
    return ["taskset", "-c", ",".join(map(str, cores))] if cores else []


def kill_group(process: subprocess.Popen[Any]) -> None:
    """It, and whatever it has started: for a process with a session of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def output(command: list[str], seconds: float = 600) -> str:
    """What it prints; it must succeed within that time."""
    shown = " ".join(command)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            printed, problems = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill_group(process)
            raise RuntimeError(f"{shown} has not ended after {seconds:.0f} s") from None
        except BaseException:
            kill_group(process)
            raise
    if process.returncode != 0:
        raise RuntimeError(f"{shown} failed: {printed[-2000:]}{problems[-2000:]}")
    return printed
