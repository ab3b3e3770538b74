"""What kustomize makes of the base with each component, and of each overlay."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import yaml
from live import TIMEOUT
from schemas import UniqueKeys


def program() -> list[str]:
    """kubectl has kustomize within."""
    return ["kubectl", "kustomize"] if shutil.which("kubectl") else ["kustomize", "build"]


def built(folder: pathlib.Path) -> list[dict]:
    made = subprocess.run([*program(), str(folder)], capture_output=True, text=True, timeout=TIMEOUT)
    if made.returncode != 0:
        raise SystemExit(f"{folder}: kustomize ends with {made.returncode}: {made.stderr.strip()[:500]}")
    return list(yaml.load_all(made.stdout, UniqueKeys))


def with_component(component: pathlib.Path) -> list[dict]:
    """Of the base and one component."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary).resolve()
        # Kustomize follows relative paths only.
        paths = {"resources": [component.parent.parent / "base"], "components": [component]}
        content = {key: [os.path.relpath(path, folder) for path in value] for key, value in paths.items()}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))
        return built(folder)
