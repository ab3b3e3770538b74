"""The example of README, run as it stands, ends in a model that is served and says "none of these"."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import radial as package
from digits import HELD_OUT, LABELS, ROWS, photographs

README = pathlib.Path(__file__).parents[4] / "README.md"


def test_the_example_of_the_readme(radial, tmp_path: pathlib.Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "example.py").write_text(code)
    there = {**os.environ, "PYTHONPATH": str(pathlib.Path(package.__file__).parents[1])}
    subprocess.run([sys.executable, "example.py"], cwd=tmp_path, env=there, check=True, timeout=300)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [radial.binary, "serve", tmp_path / "digits8.safetensors", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        digits, strange = (answers(port, rows) for rows in (ROWS[HELD_OUT], photographs()))
    finally:
        server.terminate()
        assert server.wait(30) == 0
    misread = np.mean([row["label"] != str(label) for row, label in zip(digits, LABELS[HELD_OUT])])
    known = [np.mean([row["known"] for row in rows]) for rows in (digits, strange)]
    print(f"the example of README: error {misread:.1%}, digits called known {known[0]:.1%}, photographs {known[1]:.1%}")
    assert misread < 0.12 and known[0] > 0.98 and known[1] < 0.1


def answers(port: int, rows: np.ndarray) -> list:
    """What the server says of rows [N, 64]; it may still be starting."""
    body = json.dumps({"instances": rows.tolist()}).encode()
    for attempt in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", body, timeout=30) as answer:
                return json.load(answer)["predictions"]
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError) or attempt == 99:
                raise
            time.sleep(0.1)
    raise AssertionError("the server did not answer")
