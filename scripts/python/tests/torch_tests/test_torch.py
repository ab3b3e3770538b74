"""The PyTorch part: layer, loss, exported networks, a head for a plain classifier."""

import json
import pathlib
import re

import numpy as np
import pytest
import torch
from digits import HELD_OUT, LABELS, ROWS, TRAINING, photographs
from torch import nn

from radial import tensor_file
from radial.calibration import Calibration
from radial.torch import RBFLayer, distance_head, export, rbf_loss

GENERATOR = np.random.default_rng(11)
pytestmark = pytest.mark.filterwarnings("ignore:the prototypes of classes")


def test_forms_of_the_layer() -> None:
    rows = GENERATOR.normal(size=(7, 5)).astype(np.float32)
    layer = RBFLayer(5, 3, gamma=0.3)
    distances = np.square(rows[:, None] - layer.centers.detach().numpy().astype(np.float64)).sum(-1)
    expected = {"gaussian": np.exp(-0.3 * distances), "distance": distances, "negative_distance": -0.3 * distances}
    for form, values in expected.items():
        layer.output_form = form
        assert np.allclose(layer(torch.from_numpy(rows)).detach().numpy(), values, rtol=2e-6)


@pytest.mark.parametrize("labels", [[0, 2, 1, -1, -1], [0, 1, 2, 2, 1], [-1] * 5])
def test_the_loss(labels: list) -> None:
    logits = -GENERATOR.gamma(3, 3, (5, 3)).astype(np.float32)
    wide, known, parts = logits.astype(np.float64), np.array(labels) >= 0, []
    if known.any():
        own = -wide[known, np.array(labels)[known]]
        parts.append(np.mean(np.log(np.exp(wide[known]).sum(1)) + own + 0.2 * own))
    if not known.all():
        parts.append(0.7 * np.mean(np.maximum(8 + wide[~known], 0)))
    found = rbf_loss(torch.from_numpy(logits), torch.tensor(labels), pull=0.2, outlier_weight=0.7, reach=8.0)
    assert np.isclose(float(found), sum(parts), rtol=1e-5)


def moved(*channels: int) -> list:
    """Normalisation whose statistics are no longer those of a start."""
    layers = []
    for n in channels:
        layer = nn.BatchNorm2d(n) if len(layers) % 2 == 0 else nn.BatchNorm1d(n)
        for tensor in (layer.running_mean, layer.running_var, layer.weight.data, layer.bias.data):
            tensor.copy_(torch.from_numpy(GENERATOR.uniform(0.5, 1.5, n)))
        layers.append(layer)
    return layers


def networks() -> dict:
    batch2d, batch1d = moved(4, 4 * 5 * 4)
    norm = nn.LayerNorm(6)
    norm.weight.data.copy_(torch.from_numpy(GENERATOR.uniform(0.5, 1.5, 6)))
    return {
        "features": ((6,), [nn.Linear(6, 9), nn.Tanh(), nn.Dropout(0.5), nn.Linear(9, 4, bias=False), nn.SiLU()], 4),
        "one channel": ((1, 8, 6), [nn.Flatten(), nn.Linear(48, 5), nn.GELU(), nn.Softplus()], 5),
        "only flat": ((2, 3, 2), [nn.Flatten()], 12),
        "norms": ((6,), [norm, nn.Sequential(nn.ELU(0.7), nn.Identity()), nn.Softsign(), nn.SELU(), nn.Sigmoid()], 6),
        "convolutions": (
            (2, 12, 10),
            [
                nn.Conv2d(2, 4, (3, 2), padding=(1, 2)), nn.ReLU(), batch2d, nn.MaxPool2d((2, 1)),
                nn.Conv2d(4, 4, 2, groups=2, dilation=(1, 2), padding="same", bias=False), nn.LeakyReLU(0.2),
                nn.AvgPool2d(2, stride=(1, 3), padding=0), nn.Flatten(), batch1d, nn.ReLU6(), nn.Linear(80, 7),
            ],
            7,
        ),
        "across": ((3, 7, 6), [nn.Conv2d(3, 5, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten()], 5),
        "largest": ((3, 7, 6), [nn.AdaptiveMaxPool2d((1, 1)), nn.Flatten(), nn.Linear(3, 2)], 2),
        "norm behind a picture": ((2, 3, 1), [nn.Flatten(), norm], 6),
    }  # fmt: skip


@pytest.mark.parametrize("name", networks())
@pytest.mark.parametrize("form", ["gaussian", "distance"])
def test_answers_are_those_of_pytorch(name: str, form: str, radial, tmp_path: pathlib.Path) -> None:
    torch.manual_seed(5)
    shape, between, width = networks()[name]
    model = nn.Sequential(*between, RBFLayer(width, 3, gamma=0.2, output_form=form)).eval()
    rows = GENERATOR.uniform(0, 2, (40, *shape)).astype(np.float32)
    export(model, tmp_path / "model.safetensors", rows, labels=["a", "b", "c"])
    with torch.no_grad():
        expected = model(torch.from_numpy(rows)).numpy()
    given = np.moveaxis(rows, 1, 3) if len(shape) == 3 else rows
    radial.check(tmp_path / "model.safetensors", given, expected)


def test_preprocessing_is_told(radial, tmp_path: pathlib.Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 4), RBFLayer(4, 3))
    pixels = GENERATOR.integers(0, 256, (300, 1, 4, 4)).astype(np.float32)
    export(model, tmp_path / "model.safetensors", pixels, preprocessing=(1 / 255, 0.0))
    with torch.no_grad():
        radial.check(tmp_path / "model.safetensors", pixels, model(torch.from_numpy(pixels / 255)).numpy())
    metadata = tensor_file.read(tmp_path / "model.safetensors")[1]
    assert json.loads(metadata["radial.preprocessing"])["offset"] == 0
    # The rows are those that clients send, and known again.
    np.save(tmp_path / "rows.npy", pixels)
    (tmp_path / "labels.txt").write_text("0\n" * len(pixels))
    report = radial("evaluate", tmp_path / "model.safetensors", tmp_path / "rows.npy", "--labels", tmp_path / "labels.txt")
    assert "some 100 % of the rows that the model was calibrated with" in report
    with pytest.raises(ValueError, match="not 0"):
        export(model, tmp_path / "none.safetensors", pixels, preprocessing=(0.0, 0.0))


def test_training_mode_is_left_and_found_again(tmp_path: pathlib.Path) -> None:
    model = nn.Sequential(nn.Dropout(0.9), RBFLayer(4, 3)).train()
    export(model, tmp_path / "model.safetensors", GENERATOR.normal(size=(20, 4)))
    assert model.training and model[0].training
    model[0].eval()
    export(model, tmp_path / "model.safetensors", GENERATOR.normal(size=(20, 4)))
    assert model.training and not model[0].training


def test_rows_are_left_as_they_were_and_hidden_heads_keep_their_form(radial, tmp_path: pathlib.Path) -> None:
    rows = GENERATOR.normal(size=(40, 4)).astype(np.float32)
    before = rows.copy()
    model = nn.Sequential(nn.ELU(inplace=True), RBFLayer(4, 5, output_form="gaussian"), RBFLayer(5, 3, output_form="negative_distance"))
    export(model, tmp_path / "model.safetensors", rows, output_form="gaussian")
    assert np.array_equal(rows, before)
    with torch.no_grad():
        radial.check(tmp_path / "model.safetensors", rows, model(torch.from_numpy(before)).exp().numpy())
    with pytest.raises(ValueError, match="float32"):
        export(nn.Sequential(nn.Linear(4, 4), RBFLayer(4, 3)).double(), tmp_path / "none.safetensors", rows)


@pytest.mark.parametrize(
    ("layers", "shape", "sentence"),
    [
        ([nn.Linear(4, 3)], (4,), "expected an RBFLayer"),
        ([nn.PReLU(), RBFLayer(4, 3)], (4,), "layer 0 is PReLU"),
        ([nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), nn.Flatten(), RBFLayer(32, 3)], (1, 4, 4), "padding_mode"),
        ([nn.MaxPool2d(2, padding=1), nn.Flatten(), RBFLayer(9, 3)], (1, 4, 4), "without padding"),
        ([nn.Linear(4, 3), nn.Flatten(), RBFLayer(12, 3)], (1, 4, 4), "put a Flatten before"),
        ([nn.BatchNorm1d(4, track_running_stats=False), RBFLayer(4, 3)], (4,), "running statistics"),
        ([nn.Softplus(beta=2), RBFLayer(4, 3)], (4,), "beta is 2"),
        ([nn.Softplus(threshold=0.1), RBFLayer(4, 3)], (4,), "threshold 0.1"),
        ([RBFLayer(4, 3)], (2, 4), r"rows have the shape \(2, 4\)"),
    ],
)
def test_what_has_no_place_is_refused_and_nothing_is_written(layers, shape, sentence: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=sentence):
        export(nn.Sequential(*layers), tmp_path / "model.safetensors", np.ones((20, *shape), np.float32))
    assert not list(tmp_path.iterdir())


class Twice(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


class Residual(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + super().forward(x)


def test_a_forward_of_its_own_and_hooks_are_refused(tmp_path: pathlib.Path) -> None:
    rows, labels = np.zeros((20, 4)), np.zeros(20, int)
    for model in (nn.Sequential(Residual(nn.Linear(4, 4)), RBFLayer(4, 3)), Residual(nn.Linear(4, 4), nn.Linear(4, 4))):
        with pytest.raises(ValueError, match="forward of its own"):
            export(model, tmp_path / "model.safetensors", rows)
        with pytest.raises(ValueError, match="forward of its own"):
            distance_head(model, rows, labels)
    hooked = nn.Sequential(nn.Linear(4, 4), RBFLayer(4, 3))
    hooked[0].register_forward_hook(lambda module, given, result: 2 * result)
    with pytest.raises(ValueError, match="hook"):
        export(hooked, tmp_path / "model.safetensors", rows)
    assert not list(tmp_path.iterdir())


def test_a_module_of_unknown_order_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="expected an nn.Sequential"):
        export(Twice(), tmp_path / "model.safetensors", np.zeros((20, 4)))
    with pytest.raises(ValueError, match="expected an nn.Sequential"):
        distance_head(Twice(), np.zeros((20, 4)), np.zeros(20, int))


def test_a_head_for_a_plain_classifier(radial, tmp_path: pathlib.Path) -> None:
    torch.manual_seed(1)
    training, held_out, far = (np.asarray(rows / 16, np.float32) for rows in (ROWS[TRAINING], ROWS[HELD_OUT], photographs()))
    labels = LABELS[TRAINING]
    plain = nn.Sequential(nn.Linear(64, 128), nn.Tanh(), nn.Linear(128, 32), nn.Tanh(), nn.Linear(32, 10), nn.LogSoftmax(dim=1))
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.nll_loss(plain(torch.from_numpy(training)), torch.from_numpy(labels)).backward()
        optimizer.step()
    before = [tensor.clone() for tensor in plain.state_dict().values()]

    def answers(model: nn.Module, rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.from_numpy(rows)).numpy()

    def accepted(model: nn.Module) -> float:
        strange = -answers(model, far)
        p_values = Calibration.fit(-answers(model, held_out)).p_values(strange.min(1), strange.argmin(1))
        return float(np.mean(p_values >= 0.01))

    means = distance_head(plain, training, labels, epochs=0)
    tuned = distance_head(plain, training, labels, epochs=40)
    print(f"photographs called known at 1 %: class means {accepted(means):.1%}, tuned {accepted(tuned):.1%}")
    assert accepted(tuned) < 0.1 < accepted(means)
    assert all(torch.equal(a, b) for a, b in zip(before, plain.state_dict().values()))
    assert not tuned.training
    misread = [np.mean(answers(model, held_out).argmax(1) != LABELS[HELD_OUT]) for model in (plain, tuned)]
    assert misread[1] < misread[0] + 0.03
    again = [distance_head(nn.Sequential(nn.Dropout(0.3), *plain), training, labels, epochs=1) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(again[0].state_dict().values(), again[1].state_dict().values()))
    export(tuned, tmp_path / "model.safetensors", held_out * 16, output_form="gaussian", preprocessing=(1 / 16, 0.0))
    known = [row["known"] for row in radial.predictions(tmp_path / "model.safetensors", np.vstack([held_out, far]) * 16)]
    assert np.mean(known[: len(held_out)]) > 0.97 and np.mean(known[len(held_out) :]) == pytest.approx(accepted(tuned), abs=0.005)


def test_the_example_of_the_page_on_training(radial, tmp_path: pathlib.Path) -> None:
    page = pathlib.Path(__file__).parents[4] / "Sources/radial/Radial.docc/Training.md"
    [code] = [block for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL) if "radial.torch" in block]
    torch.manual_seed(3)
    rows, held_out, far = (np.asarray(rows / 16, np.float32) for rows in (ROWS[TRAINING], ROWS[HELD_OUT], photographs()))
    model = tmp_path / "model.safetensors"
    exec(code.replace('"model.safetensors"', repr(str(model))), {"rows": rows, "labels": LABELS[TRAINING], "held_out": held_out})
    known = [row["known"] for row in radial.predictions(model, np.vstack([held_out, far]))]
    print(f"the page's example: photographs called known {np.mean(known[len(held_out) :]):.1%}")
    assert np.mean(known[: len(held_out)]) > 0.97 and np.mean(known[len(held_out) :]) < 0.1
