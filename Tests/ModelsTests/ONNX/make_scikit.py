"""Writes scikit_*: models of scikit-learn as skl2onnx exports them, with the answers of scikit-learn itself, in Float64.

Run with scikit-learn, skl2onnx and onnxruntime: python3 make_scikit.py. The files here were written by skl2onnx 1.20 of scikit-learn 1.9.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import skl2onnx
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, RobustScaler, StandardScaler
from sklearn.svm import SVR, NuSVR, OneClassSVM

FOLDER = Path(__file__).parent
FEATURES = 4
random = np.random.default_rng(9)


def rows(count, mean, deviation):
    """Rows of Float32 in two heaps: what a model is fitted with, and asked, is the same number in both precisions."""
    heaps = random.normal(size=(count, FEATURES)) + random.choice([-1.5, 1.5], size=(count, 1))
    return (np.asarray(mean) + np.asarray(deviation) * heaps).astype(np.float32)


SMALL, FAR = (0, 1), ([2000, -300, 15000, 1], [7, 40, 3, 0.01])
MODELS = {
    "ocsvm": (OneClassSVM(nu=0.1, gamma=0.25), SMALL, 17),
    "ocsvm_opset9": (OneClassSVM(nu=0.2), SMALL, 9),
    "ocsvm_double": (make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)), FAR, 18),
    "ocsvm_standard": (make_pipeline(StandardScaler(), OneClassSVM(nu=0.05)), FAR, 21),
    "ocsvm_normalizer": (make_pipeline(Normalizer(), OneClassSVM(nu=0.1)), SMALL, 17),
    "svr": (SVR(C=2), SMALL, 17),
    "svr_linear": (make_pipeline(StandardScaler(), SVR(kernel="linear")), FAR, 17),
    "svr_minmax": (make_pipeline(MinMaxScaler(), SVR()), FAR, 17),
    "nusvr_robust": (make_pipeline(RobustScaler(), NuSVR()), FAR, 12),
    "kmeans": (KMeans(5, n_init=2, random_state=0), SMALL, 17),
    "kmeans_minmax": (make_pipeline(MinMaxScaler(), KMeans(3, n_init=2, random_state=0)), FAR, 17),
    "kmeans_standard": (make_pipeline(StandardScaler(), KMeans(3, n_init=2, random_state=0)), FAR, 13),
}
for name, (model, place, opset) in MODELS.items():
    x = rows(90, *place)
    z = ((x - place[0]) / place[1])[:, :2].astype(np.float64)
    model.fit(x.astype(np.float64), np.sin(z[:, 0]) + z[:, 1])
    asked = np.concatenate([rows(9, *place), rows(3, place[0], 6 * np.asarray(place[1]))])
    wide = asked.astype(np.float64)
    first, last = (model, model) if not hasattr(model, "steps") else (model[:-1], model[-1])
    vectors = {"source": f"scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}, opset {opset}"}
    if isinstance(last, OneClassSVM):
        outputs = model.decision_function(wide).reshape(-1, 1)
        vectors["known"] = (model.predict(wide) == 1).tolist()
        assert len(set(vectors["known"])) == 2
    elif isinstance(last, KMeans):
        outputs = model.transform(wide)
        vectors["classes"] = model.predict(wide).tolist()
    else:
        outputs = model.predict(wide).reshape(-1, 1)
    target = {"": opset, "ai.onnx.ml": 1}
    graph = to_onnx(model, x[:1], target_opset=target)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    found = session.run(None, {"X": asked})[-1]
    if name.endswith("double"):
        # Which ONNX Runtime does not run: the error is that of the same model in Float32.
        types = [("X", DoubleTensorType([None, FEATURES]))]
        graph = to_onnx(model, initial_types=types, target_opset=target)
    # Distances are those of the file's own numbers: one that is rounded to Float32 has moved what lies near.
    scalers = [node.attribute for node in graph.graph.node if node.op_type == "Scaler"]
    distances = {}
    if getattr(last, "kernel", "rbf") == "rbf" and (scalers or first is model or isinstance(first[0], Normalizer)):
        inner = wide if first is model else first.transform(wide)
        if scalers:
            offset, scale = (np.array(part.floats, np.float64) for part in scalers[0])
            inner = (wide - offset) * scale
        centers = last.cluster_centers_ if isinstance(last, KMeans) else last.support_vectors_
        squares = (inner[:, None] - centers.astype(np.float32).astype(np.float64)) ** 2
        distances = {"rbf": squares.sum(-1).tolist()}
    folder = FOLDER / f"scikit_{name}"
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    vectors |= {
        "inputs": asked.tolist(),
        "outputs": found.astype(np.float64).tolist(),
        "outputs64": outputs.tolist(),
        "distances": distances,
        "framework_error": {"max_abs": float(np.abs(found - outputs).max())},
    }
    print(name, vectors["framework_error"], np.abs(outputs).max())
    (folder / "vectors.json").write_text(json.dumps(vectors) + "\n")
