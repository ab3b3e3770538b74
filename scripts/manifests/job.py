"""The Indexed Job: runs every index's container, and expects of all together what one command says of all rows."""

import array
import pathlib
import random
import struct
import subprocess

import live

COLUMNS = 784


def npy(values: array.array, columns: int) -> bytes:
    """Rows in the form of https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values) // columns}, {columns})}}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values.tobytes()


def problems(job: dict, binary: str, folder: pathlib.Path) -> list[str]:
    spec, (container,) = job["spec"], job["spec"]["template"]["spec"]["containers"]
    rows, scores = folder / "rows", folder / "scores"
    for place in (rows, scores):
        place.mkdir(exist_ok=True)
    random.seed(1)
    shards = [array.array("f", [random.random() for _ in range(3 * COLUMNS)]) for _ in range(spec["completions"])]
    places = {mount["mountPath"]: str(folder / mount["name"]) for mount in container["volumeMounts"]}
    places["/usr/share/radial/weights/digits.safetensors"] = str(live.MODEL)

    def scored(index: int) -> subprocess.CompletedProcess:
        arguments = [argument.replace("$(JOB_COMPLETION_INDEX)", str(index)) for argument in container["args"]]
        for place, here in places.items():
            arguments = [argument.replace(place, here) for argument in arguments]
        return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=live.TIMEOUT)

    for index, shard in enumerate(shards):
        (rows / f"rows-{index}.npy").write_bytes(npy(shard, COLUMNS))
    for index in range(spec["completions"]):
        # A pod that is tried again finds what the first one wrote.
        for _ in range(2):
            if (ended := scored(index)).returncode != 0:
                return [f"Job {job['metadata']['name']}: index {index} exits {ended.returncode}: {ended.stderr[:300]}"]
    (rows / "all.npy").write_bytes(npy(sum(shards, array.array("f")), COLUMNS))
    expected = subprocess.run([binary, "predict", str(live.MODEL), str(rows / "all.npy")], capture_output=True, text=True, check=True,
                              timeout=live.TIMEOUT).stdout
    found = "".join((scores / f"scores-{index}.jsonl").read_text() for index in range(spec["completions"]))
    print(f"Job {job['metadata']['name']}: {spec['completions']} indexes, each twice, {len(found.splitlines())} rows scored")
    if found != expected:
        return [f"Job {job['metadata']['name']}: expected of all indexes what one command says of all rows, found another text"]
    # What the Job's policy takes for final.
    (rows / "rows-0.npy").write_bytes(npy(shards[0], COLUMNS // 2))
    final = [code for rule in spec["podFailurePolicy"]["rules"] for code in rule.get("onExitCodes", {}).get("values", [])]
    if scored(0).returncode not in final:
        return [f"Job {job['metadata']['name']}: rows of another width exit {scored(0).returncode}, expected one of {final}"]
    return []
