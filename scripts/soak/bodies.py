"""Prints request bodies, one a line, for scripts/soak.sh: a row of MNIST each.

bodies.py FILE    rows of a JSON file with a list `rows`
bodies.py DIR     the first thousand rows of the test set in DIR (IDX files, perhaps gzipped)
"""
import gzip
import json
import pathlib
import sys

source = pathlib.Path(sys.argv[1])
if source.is_dir():
    file = next(path for path in sorted(source.rglob("t10k-images*")) if path.is_file())
    data = (gzip.open if file.suffix == ".gz" else open)(file, "rb").read()
    rows = [list(data[16 + 784 * n : 16 + 784 * (n + 1)]) for n in range(1000)]
else:
    rows = json.loads(source.read_text(encoding="ascii"))["rows"]
for row in rows:
    print(json.dumps({"instances": [row]}, separators=(",", ":")))
