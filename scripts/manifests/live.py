"""Runs the server with the very arguments and variables of a manifest, asks its probes, and drains it."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from rules import SPARE, Workload, seconds

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "weights/digits.safetensors"
# As the manifests confine it: a read-only root, the image's user, no capabilities and no way to get any.
CONFINED = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -o remount,bind,ro / && exec setpriv --reuid=65532 '
            '--regid=65532 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"', "sh"]
# Seconds that a command may take which takes less than one.
TIMEOUT = 60
SEVEN = (ROOT / "Tests/EndToEndTests/Data/seven.json").read_bytes()


def said(binary: str, flag: str) -> str:
    """What the server says of itself."""
    return subprocess.run([binary, flag], check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout


def flags_of(binary: str) -> dict[str, dict[str, str]]:
    """The flags of each subcommand, with what they are for."""
    commands = json.loads(said(binary, "--experimental-dump-help"))["command"]["subcommands"]
    return {command["commandName"]: {f"--{name['name']}": argument.get("abstract", "")
                                     for argument in command.get("arguments", []) for name in argument.get("names", [])}
            for command in commands}


def ask(url: str, body: bytes | None = None, host: str | None = None) -> tuple[int, str]:
    """Status and text of a GET, or of a POST of the body, by another name of the host's; 0 if there was no answer."""
    try:
        headers = {"Host": host} if host else {}
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def confinement(binary: str) -> list[str]:
    """CONFINED where this machine lets it, and that user reads the files; else nothing, and a line that says so."""
    trial = ["sh", "-c", 'test -x "$1" && test -r "$2"', "sh", binary, str(MODEL)]
    try:
        if subprocess.run([*CONFINED, *trial], stderr=subprocess.DEVNULL, timeout=TIMEOUT).returncode == 0:
            print("servers run on a read-only root, as user 65532, without capabilities")
            return CONFINED
    except FileNotFoundError:
        pass
    print("servers run unconfined: making the root read-only and changing the user takes root, and files that all may read")
    return []


class Server:
    """A container without the container: its arguments, with a free port of this machine's own and the model in a folder."""

    def __init__(self, workload: Workload, name: str, command: list[str], folder: pathlib.Path):
        self.workload, self.name = workload, name
        models = folder / "models"
        if not models.exists():
            folder.chmod(0o755)
            models.mkdir()
            shutil.copy(MODEL, models / "model.safetensors")
        port, admin = free_port(), free_port()
        given = [*workload.arguments, *(f"{key}={value}" for key, value in workload.environment.items())]
        actual = [self.expand(text).replace("/mnt/models", str(models)).replace("=0.0.0.0", "=127.0.0.1") for text in given]
        actual = [re.sub(r"^(--(?:http-)?port|RADIAL_PORT)=.*", rf"\1={port}", text) for text in actual]
        actual = [re.sub(r"^(--admin-address=.*:)\d+", rf"\g<1>{admin}", text) for text in actual]
        count = len(workload.arguments)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("RADIAL")}
        self.errors = folder / f"errors-{port}"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*command, *actual[:count]], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors,
                env={**inherited, **dict(text.split("=", 1) for text in actual[count:])})
        self.url = f"http://127.0.0.1:{port}"
        # Where its probes and Prometheus ask.
        self.admin_url = f"http://127.0.0.1:{admin}" if workload.flag("admin-address") else self.url
        self.host = workload.flag("allowed-host")

    def expand(self, text: str) -> str:
        return text.replace("{{.Name}}", self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def wait(self) -> list[str]:
        """Until it answers anything."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return [f"{self.workload.name}: exits {self.process.returncode} with these arguments: {self.errors.read_text().strip()[:300]}"]
            if ask(self.url + "/livez")[0]:
                return []
            time.sleep(0.05)
        return [f"{self.workload.name}: does not listen on its port"]

    def probe_problems(self) -> list[str]:
        found = []
        paths = {kind: self.expand(probe["httpGet"]["path"]) for kind, probe in self.workload.probes.items()}
        paths["Prometheus' annotation"] = self.workload.annotations.get("prometheus.io/path", "")
        for kind, path in paths.items():
            status, _ = ask(self.admin_url + path)
            if status != 200:
                found.append(f"{self.workload.name}: {kind} {path}: expected 200, found {status}")
        return found

    def drain_problems(self) -> list[str]:
        """SIGTERM: not ready at once, alive and of use for the whole drain delay, gone with 0 in time."""
        delay, timeout = (seconds(self.workload.flag(flag)) for flag in ("drain-delay", "drain-timeout"))
        paths = {kind: self.admin_url + self.expand(probe["httpGet"]["path"]) for kind, probe in self.workload.probes.items()}
        self.process.terminate()
        start, found, asked = time.monotonic(), [], 0
        while (elapsed := time.monotonic() - start) < delay - 0.5:
            for what, expected, status in (
                ("readinessProbe", 503, ask(paths["readinessProbe"])[0]),
                ("livenessProbe", 200, ask(paths["livenessProbe"])[0]),
                ("a prediction", 200, ask(self.url + "/predict", SEVEN, self.host)[0]),
            ):
                if status != expected and elapsed > 0.5:
                    found.append(f"{self.workload.name}: {what} {elapsed:.1f} s after SIGTERM: expected {expected}, found {status}")
            asked += 1
            time.sleep(0.2)
        try:
            status = self.process.wait(timeout + SPARE)
        except subprocess.TimeoutExpired:
            return [*found, f"{self.workload.name}: did not exit within {delay + timeout + SPARE:g} s"]
        if status != 0:
            found.append(f"{self.workload.name}: expected exit status 0, found {status}")
        print(f"{self.workload.name}: SIGTERM, {asked} times not ready but alive and of use, exit {status} after {time.monotonic() - start:.1f} s")
        return found
