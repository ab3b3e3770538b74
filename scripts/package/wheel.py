"""Makes a wheel of the Python package of scripts/python and of a folder with the server, its libraries and its models.

    wheel.py FOLDER VERSION PLATFORM SECONDS OUT

The form is that of https://packaging.python.org/specifications/binary-distribution-format/; the metadata are those of pyproject.toml. The
same files give the same bytes: sorted, and as old as SECONDS since the epoch say.
"""

import base64
import hashlib
import pathlib
import sys
import time
import tomllib
import zipfile

HERE = pathlib.Path(__file__).parent
PYTHON = HERE / "../python"


def metadata(project: dict) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}", f"Summary: {project['description']}",
             f"License: {project['license']['text']}", f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    for extra, requirements in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f"Requires-Dist: {requirement}; extra == '{extra}'" for requirement in requirements]
    text = (PYTHON / project["readme"]).read_text()
    return "\n".join(lines) + "\nDescription-Content-Type: text/markdown\n\n" + text


def contents(folder: pathlib.Path, platform: str, configuration: dict) -> dict[str, tuple[bytes, int]]:
    """Every file of the wheel but its record, with its mode."""
    project = configuration["project"]
    information = f"{project['name']}-{project['version']}.dist-info"
    files = {}
    for package in configuration["tool"]["setuptools"]["packages"]:
        for path in sorted((PYTHON / package.replace(".", "/")).iterdir()):
            data = configuration["tool"]["setuptools"]["package-data"].get(package, [])
            if path.suffix == ".py" or any(path.match(pattern) for pattern in data):
                files[f"{package.replace('.', '/')}/{path.name}"] = (path.read_bytes(), 0o644)
    files["radial_server/__init__.py"] = ((HERE / "radial_server.py").read_bytes(), 0o644)
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and place.parts[0] in ("bin", "lib"):
            files[f"radial_server/{place}"] = (path.read_bytes(), 0o755 if place.parts[0] == "bin" else 0o644)
        elif path.is_file() and place.parts[:3] == ("share", "radial", "weights"):
            files[f"radial_server/{place}"] = (path.read_bytes(), 0o644)
        elif path.is_file() and place.parts[0] in ("licenses", "LICENSE", "sbom.spdx.json"):
            files[f"{information}/{'' if place.parts[0] == 'licenses' else 'licenses/'}{place}"] = (path.read_bytes(), 0o644)
    files[f"{information}/METADATA"] = (metadata(project).encode(), 0o644)
    files[f"{information}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: radial-scripts-package\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n".encode(), 0o644)
    files[f"{information}/entry_points.txt"] = (b"[console_scripts]\nradial = radial_server:main\n", 0o644)
    return files


def main() -> None:
    folder, version, platform, seconds, out = pathlib.Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4]), pathlib.Path(sys.argv[5])
    configuration = tomllib.loads((PYTHON / "pyproject.toml").read_text())
    project = configuration["project"]
    if project["version"] != version:
        raise SystemExit(f"scripts/python/pyproject.toml: expected version {version}, the server's, found {project['version']}")
    files = contents(folder, platform, configuration)
    record = f"{project['name']}-{project['version']}.dist-info/RECORD"
    lines = []
    for name, (content, _) in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    files[record] = ("\n".join([*lines, f"{record},,"]) + "\n").encode(), 0o644
    wheel = out / f"{project['name']}-{project['version']}-py3-none-{platform}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        # The record is the last, as it is meant to be.
        for name, (content, mode) in sorted(files.items(), key=lambda file: (file[0] == record, file[0])):
            entry = zipfile.ZipInfo(name, time.gmtime(seconds)[:6])
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


if __name__ == "__main__":
    main()
