"""Writes Data/linear.json: what NumPy says of covariances and Cholesky factors, and scikit-learn of K-means.

Run with numpy 2.4 and scikit-learn 1.9: python make_linear.py
"""

import json
import os

import numpy as np
from sklearn import cluster

random = np.random.default_rng(6)


def listed(values) -> list:
    return np.asarray(values, np.float64).ravel().tolist()


covariances = []
for rows, width, classes in [(40, 5, 3), (9, 20, 2), (120, 17, 4)]:
    x = (random.normal(0, 1, (rows, width)) @ random.normal(0, 1, (width, width)) + 3).astype("float32")
    labels = np.arange(rows) % classes
    x64 = x.astype("float64")
    means = np.stack([x64[labels == c].mean(0) for c in range(classes)])
    within = np.cov((x64 - means[labels]).T, bias=True)
    shrunk = (1 - 1e-3) * within + 1e-3 * np.trace(within) / width * np.eye(width)
    lower = np.linalg.cholesky(shrunk)
    covariances.append({
        "rows": rows, "width": width, "classes": classes, "x": listed(x), "labels": labels.tolist(),
        "mean": listed(x64.mean(0)), "within": listed(within), "lower": listed(lower),
        "inverse": listed(np.linalg.inv(lower))})
clusters = []
for rows, width, count in [(60, 3, 4), (200, 8, 16)]:
    x = (random.normal(0, 4, (count, width))[random.integers(0, count, rows)] + random.normal(0, 1, (rows, width))).astype("float32")
    first = x[:count]
    model = cluster.KMeans(count, init=first, n_init=1, tol=0, max_iter=300, algorithm="lloyd").fit(x.astype("float64"))
    best = cluster.KMeans(count, n_init=20, random_state=0).fit(x.astype("float64"))
    clusters.append({
        "rows": rows, "width": width, "count": count, "x": listed(x), "centers": listed(model.cluster_centers_),
        "inertia": model.inertia_, "best": best.inertia_})
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Data")
with open(os.path.join(folder, "linear.json"), "w") as file:
    json.dump({"covariances": covariances, "clusters": clusters}, file, separators=(",", ":"))
    file.write("\n")
