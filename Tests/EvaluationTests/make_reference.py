"""Writes Data/reference.json: what SciPy and scikit-learn say of the numbers that an evaluation is made of.

Run with scipy 1.17 and scikit-learn 1.9: python make_reference.py
"""

import json
import os

import numpy as np
from scipy import stats
from sklearn import metrics

random = np.random.default_rng(4)
limits = []
for rows, trials, rate in [(199, 100, 0.01), (500, 500, 0.01), (464, 522, 0.01), (1000, 50, 0.05), (30, 20, 0.2), (9999, 3, 0.1)]:
    a = int(np.ceil(rate * (rows + 1) - 1e-9)) - 1
    law = stats.betabinom(trials, a, rows + 1 - a)
    limits.append(
        {"rows": rows, "trials": trials, "rate": rate, "low": law.ppf(0.025) / trials, "high": law.ppf(0.975) / trials})
separations = []
for known, far, step in [(200, 300, 0), (50, 40, 0.5), (7, 1, 1), (1, 9, 1)]:
    k, f = random.normal(0, 1, known), random.normal(1, 1.5, far)
    if step:
        k, f = np.round(k / step) * step, np.round(f / step) * step
    k, f = k.astype("float32"), f.astype("float32")
    truth = np.r_[np.zeros(known), np.ones(far)]
    threshold = np.sort(k)[max(0, int(np.ceil(0.95 * known)) - 1)]
    separations.append({
        "known": k.tolist(), "far": f.tolist(), "auroc": metrics.roc_auc_score(truth, np.r_[k, f]),
        "fpr95": float((f <= threshold).mean())})
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Data")
with open(os.path.join(folder, "reference.json"), "w") as file:
    json.dump({"limits": limits, "separations": separations}, file, separators=(",", ":"))
    file.write("\n")
