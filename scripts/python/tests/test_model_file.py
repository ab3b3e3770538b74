"""What is written into a file, as the binary reads it."""

import pathlib

import numpy as np

from conftest import Radial
from radial import model_file


def test_samples_are_rows_that_the_file_publishes(radial: Radial, tmp_path: pathlib.Path) -> None:
    centers = np.asarray([[0, 3], [0, 4]], np.float32)
    layer = {"type": "rbf", "name": "r", "units": 2, "output": "distance", "centers_layout": "features_units"}
    network = model_file.Description({"version": 1, "input_shape": [2], "layers": [layer]}, {"r.centers": centers})
    rows = np.asarray([[0, 0], [3, 4]], np.float32)
    distances = np.asarray([[0, 25], [25, 0]], np.float32)
    path = tmp_path / "m.safetensors"
    model_file.write(path, network, model_file.Answers(rows, distances, distances), samples=(rows, np.asarray([0, 1])))
    assert "Samples: 2 rows" in radial("inspect", path)
    assert [one["class"] for one in radial.predictions(path, rows)] == [0, 1]
    model_file.write(path, network, model_file.Answers(rows, distances, distances))
    assert "Samples" not in radial("inspect", path)
