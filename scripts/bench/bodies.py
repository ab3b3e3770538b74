"""Writes the bodies that scripts/bench.sh posts into a folder: CASE.body, CASE.lua for wrk, and CASE.header, empty or the header it needs.

The numbers are six-digit decimals, seeded; as binary they are the same numbers as FP32.
"""

import json
import pathlib
import random
import struct
import sys


def write(folder: pathlib.Path, case: str, body: bytes, header: tuple[str, int] | None) -> None:
    path = folder / f"{case}.body"
    path.write_bytes(body)
    script = f'wrk.method = "POST"\nlocal file = io.open("{path}", "rb")\nwrk.body = file:read("*a")\nfile:close()\n'
    if header:
        script += f'wrk.headers["{header[0]}"] = "{header[1]}"\n'
    (folder / f"{case}.lua").write_text(script)
    (folder / f"{case}.header").write_text(f"{header[0]}: {header[1]}" if header else "")


def write_all(folder: pathlib.Path) -> None:
    for width, rows in ((2048, 64), (100, 1), (784, 1), (784, 64)):
        random.seed(1)
        texts = [[f"{random.random():.6f}" for _ in range(width)] for _ in range(rows)]
        name = f"{rows}-{width}"
        lists = ",".join(f"[{','.join(row)}]" for row in texts)
        write(folder, f"predict-{name}", f'{{"instances":[{lists}]}}'.encode(), None)
        tensor = f'{{"inputs":[{{"name":"x","shape":[{rows},{width}],"datatype":"FP32","data":[{lists}]}}]}}'
        write(folder, f"json-{name}", tensor.encode(), None)
        numbers = struct.pack(f"<{rows * width}f", *(float(text) for row in texts for text in row))
        described = {"name": "x", "shape": [rows, width], "datatype": "FP32", "parameters": {"binary_data_size": len(numbers)}}
        header = json.dumps({"inputs": [described], "parameters": {"binary_data_output": True}}, separators=(",", ":")).encode()
        write(folder, f"binary-{name}", header + numbers, ("Inference-Header-Content-Length", len(header)))
    # A digit's strokes on an empty background.
    pixels = [random.randint(1, 255) if 4 < i // 28 < 24 and 8 + i // 28 % 5 < i % 28 < 15 + i // 28 % 3 else 0 for i in range(784)]
    write(folder, "image-1-784", f'{{"instances":[{json.dumps(pixels)}]}}'.encode(), None)


if __name__ == "__main__":
    write_all(pathlib.Path(sys.argv[1]))
