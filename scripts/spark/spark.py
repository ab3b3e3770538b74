"""Compares what Spark gets of deploy/spark/score.py with what one `radial predict` says of the same rows."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "weights/digits.safetensors"
SCRIPT = ROOT / "scripts/deploy/spark/score.py"
FILES = 8


def tables(rows: int):
    """The rows of MNIST that the tests have, each with other grey values and 20 pixels of noise, in FILES tables with ids of their own."""
    sample = np.array(json.loads((ROOT / "Tests/EndToEndTests/Data/mnist-sample.json").read_text())["rows"])
    generator = np.random.default_rng(1)
    names = [f"pixel{number}" for number in range(sample.shape[1])]
    for ids in np.array_split(generator.permutation(rows), FILES):
        pixels = sample[generator.integers(0, len(sample), len(ids))] * generator.uniform(0.5, 1, (len(ids), 1))
        noisy = generator.integers(0, sample.shape[1], (len(ids), 20))
        np.put_along_axis(pixels, noisy, generator.integers(0, 256, noisy.shape), axis=1)
        columns = np.ascontiguousarray(pixels.astype(np.int16).T)
        yield pyarrow.table({"id": ids, **dict(zip(names, columns))})


def submitted(radial: str, rows: Path, scores: Path) -> subprocess.CompletedProcess:
    submit = Path(sys.executable).with_name("spark-submit")
    settings = ["--master", "local[2]", "--driver-memory", "4g", "--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=127.0.0.1"]
    settings += ["--conf", "spark.driver.bindAddress=127.0.0.1", "--conf", f"spark.local.dir={rows.parent}"]
    command = [submit, *settings, SCRIPT, radial, MODEL, rows, scores]
    return subprocess.run([*map(str, command)], capture_output=True, text=True)


def main() -> None:
    radial, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    parquet, text = folder / "rows", folder / "rows.csv"
    parquet.mkdir()
    writer = None
    for number, table in enumerate(tables(count)):
        pyarrow.parquet.write_table(table, parquet / f"{number}.parquet")
        writer = writer or pyarrow.csv.CSVWriter(text, table.schema)
        writer.write_table(table)
    writer.close()

    started = time.monotonic()
    subprocess.run(
        [radial, "predict", str(MODEL), str(text), "--keep", "id", "--output-format", "csv", "--threads", "2", "--quiet", "-o", str(folder / "plain.csv")],
        check=True,
    )
    plain_seconds = time.monotonic() - started
    started = time.monotonic()
    job = submitted(radial, parquet, folder / "scores")
    spark_seconds = time.monotonic() - started
    if job.returncode != 0:
        sys.exit(f"expected the job to end well, found exit code {job.returncode}: {job.stderr[-3000:]}")

    scores = pyarrow.parquet.read_table(folder / "scores").sort_by("id")
    conversion = pyarrow.csv.ConvertOptions(column_types=scores.schema, include_columns=scores.schema.names)
    plain = pyarrow.csv.read_csv(folder / "plain.csv", convert_options=conversion).sort_by("id")
    if scores.num_rows != count or scores["id"].to_numpy().tolist() != list(range(count)):
        sys.exit(f"expected {count} ids, each once, found {scores.num_rows} rows")
    if not scores.equals(plain):
        sys.exit("expected the plain command's answer for every id, found another")
    print(f"{count:,} rows of 784, the same answers: radial predict {count / plain_seconds:,.0f} rows/s of CSV on two threads, ", end="")
    print(f"local[2] {count / spark_seconds:,.0f} rows/s of Parquet with Spark's start ({spark_seconds / plain_seconds:.1f} x its time)")

    table = next(tables(80))
    column = pyarrow.array([None, *[1] * (table.num_rows - 1)], pyarrow.int16())
    bad = folder / "bad"
    bad.mkdir()
    pyarrow.parquet.write_table(table.set_column(5, table.schema.field(5), column), bad / "0.parquet")
    job = submitted(radial, bad, folder / "bad-scores")
    told = "radial predict ended with exit code 2"
    if job.returncode == 0 or told not in job.stderr:
        sys.exit(f"expected a row without a number to end the job with '{told}', found exit code {job.returncode}: {job.stderr[-3000:]}")
    print(next(line.strip() for line in job.stderr.splitlines() if told in line))


if __name__ == "__main__":
    main()
