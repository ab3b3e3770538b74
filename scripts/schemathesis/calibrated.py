"""Writes a golden model again with a calibration, for scripts/schemathesis.sh: the model's own distances to the golden rows are the
held-out ones, so that verdicts of both kinds occur.

calibrated.py GOLDEN-DIRECTORY OUT.safetensors
"""
import json
import pathlib
import struct
import sys

golden = pathlib.Path(sys.argv[1])
file = (golden / "weights.safetensors").read_bytes()
start = 8 + struct.unpack_from("<Q", file)[0]
header, tensors = json.loads(file[8:start]), file[start:]
[distances] = json.loads((golden / "vectors.json").read_text(encoding="ascii"))["distances"].values()

own = [sorted(min(row) for row in distances if row.index(min(row)) == index) for index in range(len(distances[0]))]
offsets = [sum(len(each) for each in own[:index]) for index in range(len(own) + 1)]
calibration = {"method": "split_conformal", "false_reject_rate": 0.2, "rows": len(distances)}
header["__metadata__"]["radial.calibration"] = json.dumps(calibration)
header["__metadata__"]["radial.labels"] = json.dumps([f"class {index}" for index in range(len(own))])
# Without holes, and each aligned to its element: the eight-byte integers go first.
first, last = struct.pack(f"<{len(offsets)}q", *offsets), struct.pack(f"<{len(distances)}f", *sum(own, []))
for name, tensor in header.items():
    if name != "__metadata__":
        tensor["data_offsets"] = [offset + len(first) for offset in tensor["data_offsets"]]
tensors = first + tensors + last
header["calibration.offsets"] = {"dtype": "I64", "shape": [len(offsets)], "data_offsets": [0, len(first)]}
header["calibration.distances"] = {
    "dtype": "F32",
    "shape": [len(distances)],
    "data_offsets": [len(tensors) - len(last), len(tensors)],
}
text = json.dumps(header).encode("ascii")
text += b" " * (-len(text) % 8)
pathlib.Path(sys.argv[2]).write_bytes(struct.pack("<Q", len(text)) + text + tensors)
