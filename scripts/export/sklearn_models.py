"""Fits scikit-learn's models on blobs and exports each with skl2onnx.

sklearn_models.py FOLDER [MODEL…]
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM

from case import Array, Case, blobs, questions

EXPORTER = "skl2onnx"


@dataclass
class Fitted:
    """A model, what of it is answered, and words of the refusal, where one is expected."""

    model: Any
    answer: Callable[[Any, Array], Array]
    target: str | None = None
    refused: str | None = None
    # The graph's output that is kept, where the class alone is another; None: all.
    keep: str | None = None


def models() -> dict[str, Fitted]:
    def predict(model: Any, rows: Array) -> Array:
        return np.asarray(model.predict(rows))

    def probabilities(model: Any, rows: Array) -> Array:
        return np.asarray(model.predict_proba(rows))

    def margin(model: Any, rows: Array) -> Array:
        return np.asarray(model.decision_function(rows))

    def distances(model: Any, rows: Array) -> Array:
        return np.asarray(model.transform(rows))

    def scaled(model: Any) -> Any:
        return make_pipeline(StandardScaler(), model)

    mlp = {"hidden_layer_sizes": (16, 8), "max_iter": 300, "random_state": 3}
    argmax, loop = "answers with the class alone", "a graph of its own"
    return {
        "OneClassSVM": Fitted(OneClassSVM(nu=0.1), margin),
        "OneClassSVM, scaled": Fitted(scaled(OneClassSVM(nu=0.1, gamma=0.2)), margin),
        "SVR": Fitted(SVR(C=2.0), predict, "number"),
        "SVR, scaled": Fitted(scaled(SVR(gamma=0.1)), predict, "number"),
        "SVC": Fitted(SVC(), margin, "class", "SVMClassifier"),
        "KMeans": Fitted(KMeans(5, random_state=3, n_init=2), distances),
        "KMeans, its distances": Fitted(KMeans(5, random_state=3, n_init=2), distances, keep="scores"),
        "KMeans, scaled": Fitted(scaled(KMeans(5, random_state=3, n_init=2)), distances, keep="scores"),
        "MLPRegressor": Fitted(MLPRegressor(**mlp), predict, "number"),
        "MLPRegressor, scaled, tanh": Fitted(scaled(MLPRegressor(activation="tanh", **mlp)), predict, "number"),
        "MLPClassifier": Fitted(MLPClassifier(**mlp), probabilities, "class", argmax),
        "MLPClassifier, its probabilities": Fitted(MLPClassifier(**mlp), probabilities, "class", keep="probabilities"),
        "LinearRegression": Fitted(LinearRegression(), predict, "number", "LinearRegressor"),
        "LogisticRegression": Fitted(LogisticRegression(), probabilities, "class", "LinearClassifier", "probabilities"),
        "principal components": Fitted(PCA(3), distances),
        "principal components, scaled": Fitted(scaled(PCA(3)), distances),
        "Gaussian process": Fitted(GaussianProcessRegressor(RBF(2.0), alpha=1e-2, optimizer=None), predict, "number", loop),
        "nearest neighbours": Fitted(KNeighborsClassifier(3), probabilities, "class", loop),
    }


def main(root: Path, chosen: list[str]) -> None:
    rows, labels = blobs((8,), 5)
    asked = questions((8,), 5)
    for name, fitted in models().items():
        if chosen and name not in chosen:
            continue
        numbers = {None: None, "class": labels, "number": np.sin(rows.astype(np.float64)).sum(1)}[fitted.target]
        fitted.model.fit(rows.astype(np.float64), numbers)
        case = Case(f"scikit-learn, {name}", EXPORTER, 256, fitted.refused)
        folder = case.folder(root)
        folder.mkdir(parents=True)
        last = fitted.model[-1] if hasattr(fitted.model, "steps") else fitted.model
        options = {id(last): {"zipmap": False}} if fitted.target == "class" else None
        try:
            file = to_onnx(fitted.model, rows[:1], options=options)
            if fitted.keep is not None:
                file = select_model_inputs_outputs(file, fitted.keep)
        except Exception as error:  # noqa: BLE001  # whatever an exporter cannot do
            case.fail(root, error)
            continue
        (folder / "model.onnx").write_bytes(file.SerializeToString())
        # scikit-learn computes in Float64 throughout: there is no Float32 of its own to be off by.
        double = fitted.answer(fitted.model, asked.astype(np.float64))
        case.write(root, asked, double, double)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(Path(sys.argv[1]), sys.argv[2:])
