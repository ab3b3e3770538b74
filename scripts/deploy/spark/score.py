"""Scores the rows of a Spark DataFrame with `radial predict`: one process for each partition, of constant memory, and no server.

    spark-submit score.py RADIAL MODEL ROWS.parquet SCORES.parquet

ROWS has a column `id` and, beside it, the numbers of a row, one column each. SCORES gets the ids, in no order, with what was answered. RADIAL
and MODEL are paths that every worker has: of the .deb, or of the tarball and a model file that `--archives` and `--files` bring along. A row
that cannot be scored ends the job, with its line and what was expected.
"""

import subprocess
import sys
import tempfile
import threading

import pyarrow
import pyarrow.csv
from pyspark.sql import SparkSession

SCORES = {
    "id": (pyarrow.int64(), "long"),
    "class": (pyarrow.int32(), "int"),
    "label": (pyarrow.string(), "string"),
    "score": (pyarrow.float32(), "float"),
    "distance": (pyarrow.float32(), "float"),
    "margin": (pyarrow.float32(), "float"),
    "known": (pyarrow.bool_(), "boolean"),
    "p_value": (pyarrow.float32(), "float"),
}
"""What is kept of the CSV that is answered, in Arrow's types and in Spark's."""


def scorer(radial: str, model: str):
    """What mapInArrow calls with the batches of a partition."""
    command = [radial, "predict", model, "-", "--input-format", "csv", "--header", "yes", "--keep", "id"]
    command += ["--output-format", "csv", "--threads", "1", "--quiet"]
    types = {name: arrow for name, (arrow, _) in SCORES.items()}
    conversion = pyarrow.csv.ConvertOptions(column_types=types, include_columns=list(types))

    def scored(batches):
        first = next(batches, None)
        if first is None:  # a partition without rows; the command takes a file without rows for a mistake
            return
        with tempfile.TemporaryFile() as errors, subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            failures = []

            def write() -> None:
                try:
                    with process.stdin, pyarrow.csv.CSVWriter(process.stdin, first.schema) as writer:
                        writer.write(first)
                        for batch in batches:
                            writer.write(batch)
                except Exception as failure:  # told to the thread that reads
                    failures.append(failure)

            writing = threading.Thread(target=write)  # answers come before the last row is written
            writing.start()
            try:
                yield from pyarrow.csv.open_csv(process.stdout, convert_options=conversion)
            except pyarrow.ArrowInvalid as failure:  # no answer at all: the command says why
                failures.append(failure)
            finally:
                process.stdout.close()  # ends the command, and so the writing, if nobody wants more
                writing.join()
            if process.wait() != 0 or failures:
                errors.seek(0)
                said = errors.read(2000).decode(errors="replace").strip()
                raise RuntimeError(f"radial predict ended with exit code {process.returncode}: {said or failures}")

    return scored


def main() -> None:
    radial, model, rows, scores = sys.argv[1:]
    spark = SparkSession.builder.appName("radial predict").getOrCreate()
    schema = ", ".join(f"{name} {type}" for name, (_, type) in SCORES.items())
    spark.read.parquet(rows).mapInArrow(scorer(radial, model), schema).write.mode("overwrite").parquet(scores)
    spark.stop()


if __name__ == "__main__":
    main()
