"""Keras' own float32 answers of a model file, for rows of an IDX folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import idx
from .network import Network


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/train.sh reference",
        description="Write expected answers for MNIST's test rows, as .json or .npz: labels [N], outputs [N, C],"
        " distances [N, C] (float32, Keras), outputs64 and distances64 (float64, numpy).",
    )
    parser.add_argument("model", type=Path, help="a .safetensors model file")
    parser.add_argument("--data", type=Path, required=True, help="folder of the gzip'd IDX files")
    parser.add_argument("--rows", type=int, default=None, help="the first so many; default: all")
    parser.add_argument("--out", type=Path, required=True, help="the .json or .npz file to write")
    arguments = parser.parse_args()

    test = idx.load_test(arguments.data).rows(0, arguments.rows)
    network = Network.read(arguments.model)
    single, double = network.answers32(test.pixels), network.answers64(test.pixels)
    answers = {
        "labels": test.labels,
        "outputs": single.outputs,
        "distances": single.distances,
        "outputs64": double.outputs,
        "distances64": double.distances,
    }
    if arguments.out.suffix == ".json":
        # tolist() widens float32 to double, whose digits bring every value back exactly.
        text = json.dumps({name: values.tolist() for name, values in answers.items()}, separators=(",", ":"))
        arguments.out.write_text(text + "\n")
    else:
        np.savez(arguments.out, **answers)
    print(f"wrote {len(test.labels)} rows to {arguments.out}")


if __name__ == "__main__":
    main()
