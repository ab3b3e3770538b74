"""Measures radial fit on plain networks: measure.py RADIAL FOLDER MNIST_DATA FASHION_DATA [SEED...]

Each network is fitted twice, selecting with synthetic far rows and with half of the other data set's test rows, calibrated with held-out
rows, and evaluated with its test rows and the other half, which selected nothing. Prints a table in Markdown: AUROC, and the share of far
rows that is called known at 1 and at 5 %, of distances, of the largest softmax probability and of the energy.
"""

import json
import pathlib
import subprocess
import sys
import time

import numpy as np

PAIRS = [("MNIST", "dense"), ("MNIST", "conv"), ("Fashion", "dense"), ("Fashion", "conv")]


def radial(*arguments: object) -> str:
    return subprocess.run([sys.argv[1], *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def row(folder: pathlib.Path, data_set: str, kind: str, seed: int, selects: str) -> dict:
    other = "Fashion" if data_set == "MNIST" else "MNIST"
    model = folder / f"{data_set.lower()}-{kind}-{seed}" / "model.keras"
    shared = folder / data_set
    fitted, calibrated = folder / "fitted.safetensors", folder / "calibrated.safetensors"
    far = ["--far", folder / f"{other}-far-a.npy"] if selects == "real half" else []
    start = time.monotonic()
    fit = json.loads(
        radial("fit", model, shared / "rows.npy", "--labels", shared / "labels.npy", "--json", "-o", fitted, *far))
    seconds = time.monotonic() - start
    radial("calibrate", fitted, shared / "held-out.npy", "-o", calibrated)
    evaluation = json.loads(
        radial(
            "evaluate", calibrated, shared / "test.npy", "--labels", shared / "test-labels.npy", "--far",
            folder / f"{other}-far-b.npy", "--json"))
    chosen, [found] = fit["candidates"][fit["chosen"]], evaluation["far"]
    return {
        "chosen": f"{chosen['name']} {chosen['width']}, {chosen['prototypes']}", "seconds": seconds,
        "distance": found["distance"]["auroc"], "softmax": found["softmax"]["auroc"], "energy": found["energy"]["auroc"],
        "at1": found["accepted"][0], "at5": found["accepted"][2], "error": evaluation["error"],
        "rejected": evaluation["rejected"],
    }


def main() -> None:
    folder = pathlib.Path(sys.argv[2])
    seeds = [int(seed) for seed in sys.argv[5:]] or [1, 2, 3]
    plain = pathlib.Path(__file__).parent / "plain.py"
    for data_set, kind in PAIRS:
        data = sys.argv[3] if data_set == "MNIST" else sys.argv[4]
        for seed in seeds:
            target = folder / f"{data_set.lower()}-{kind}-{seed}"
            if not (target / "model.keras").exists():
                subprocess.run([sys.executable, plain, target, data_set, kind, str(seed), data], check=True)
    for data_set in ("MNIST", "Fashion"):
        rows = np.load(folder / data_set / "test.npy")
        np.save(folder / f"{data_set}-far-a.npy", rows[::2])
        np.save(folder / f"{data_set}-far-b.npy", rows[1::2])
    print("| network | selected with | seed | taken: layer, width, prototypes | AUROC | softmax | energy | at 1 % | at 5 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    for data_set, kind in PAIRS:
        for selects in ("synthetic", "real half"):
            for seed in seeds:
                one = row(folder, data_set, kind, seed, selects)
                print(
                    f"| {data_set} {kind} | {selects} | {seed} | {one['chosen']} | {one['distance']:.4f} | {one['softmax']:.4f} "
                    f"| {one['energy']:.4f} | {100 * one['at1']:.2f} % | {100 * one['at5']:.2f} % |"
                    f"<!-- {one['seconds']:.1f} s, error {one['error']:.4f}, rejected {one['rejected']:.4f} -->",
                    flush=True)


main()
