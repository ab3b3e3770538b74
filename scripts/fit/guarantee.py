"""Holds calibrations to what they promise: guarantee.py RADIAL MODEL ROWS… — the rows of one model, files that it was not trained with.

The rows are scored once, pooled, and split anew a thousand times, seeded: half calibrate, half are new. At each rate, and for each answered
class, the mean share rejected must be at most the rate and three standard errors, and not below the rate less 1 / (n + 1) and three standard
errors. Prints a line a rate: the mean over classes, the smallest and largest class, and the classes that are outside.
"""

import json
import subprocess
import sys

import numpy as np

SPLITS, RATES = 1000, (0.005, 0.01, 0.02, 0.05, 0.1)


def main() -> None:
    radial, model, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    classes, distances = [], []
    for path in files:
        lines = subprocess.run(
            [radial, "predict", model, path, "--outputs", "none", "--reject", "off"], check=True, capture_output=True,
            text=True).stdout.splitlines()
        for line in map(json.loads, lines):
            classes.append(line["class"])
            distances.append(line["distance"])
    classes, distances = np.array(classes), np.array(distances)
    random = np.random.default_rng(1)
    names = np.unique(classes)
    shares = np.full((SPLITS, len(names), len(RATES)), np.nan)
    rows = np.zeros((SPLITS, len(names)))
    for split in range(SPLITS):
        order = random.permutation(len(classes))
        held_out, new = order[: len(order) // 2], order[len(order) // 2 :]
        for place, name in enumerate(names):
            own = np.sort(distances[held_out[classes[held_out] == name]])
            asked = distances[new[classes[new] == name]]
            if len(asked) == 0:
                continue
            p = (1 + len(own) - np.searchsorted(own, asked, side="left")) / (len(own) + 1)
            rows[split, place] = len(own)
            for index, rate in enumerate(RATES):
                shares[split, place, index] = (p < rate).mean()
    outside = 0
    print(f"{model.split('/')[-1]}: {len(classes)} rows, {len(names)} classes, {SPLITS} splits")
    for index, rate in enumerate(RATES):
        mean = np.nanmean(shares[:, :, index], axis=0)
        error = np.nanstd(shares[:, :, index], axis=0) / np.sqrt(SPLITS)
        low = rate - 1 / (rows.mean(axis=0) + 1) - 3 * error
        wrong = [str(name) for name, m, e, l in zip(names, mean, error, low) if m > rate + 3 * e or m < l]
        outside += len(wrong)
        print(
            f"  {100 * rate:4.1f} %: {100 * mean.mean():.3f} % on average, classes from {100 * mean.min():.3f} to "
            f"{100 * mean.max():.3f} %, outside: {', '.join(wrong) or 'none'}")
    sys.exit(1 if outside else 0)


main()
