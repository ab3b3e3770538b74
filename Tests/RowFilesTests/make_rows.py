"""Writes Data/: the files of rows that pandas and numpy write by default and with common options, and Data/cases.json, which says of
each how it is read: its rows, or the sentence of a refusal.

    python3 -m venv /somewhere && /somewhere/bin/pip install numpy pandas pyarrow openpyxl odfpy pillow h5py zstandard scipy
    /somewhere/bin/python Tests/RowFilesTests/make_rows.py
"""

import gzip
import io
import json
import pathlib
import pickle
import shutil
import sqlite3

import h5py
import numpy as np
import pandas as pd
import PIL.Image
import scipy.io
import zstandard

DATA = pathlib.Path(__file__).parent / "Data"
VALUES = np.array([[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3], [4.9, 3.1, 1.5, 0.1]])
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
FRAME = pd.DataFrame(VALUES, columns=NAMES)
UNNAMED = pd.DataFrame(VALUES)
HOLES = FRAME.copy()
HOLES.iloc[0] = np.nan
HOLES.iloc[2, 1] = np.nan
LABELLED = FRAME.assign(species=["setosa", "versi, color", 'vir"ginica'])
INTEGERS = np.array([[5, 3, 1, 0], [6, 2, 4, 1]])
IMAGES = np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1)

cases = []


def case(how, name, write, rows=VALUES, *, refusal=None, problems=(), rows_in=None, shape=(4,), **options):
    """`write` makes the file, or is its bytes. Numbers of `rows` are read as the nearest Float32; `problems` are the beginnings of the
    sentences of bad rows; `refusal` a part of the sentence about the whole file."""
    path = DATA / name
    if isinstance(write, (bytes, str)):
        path.write_bytes(write.encode() if isinstance(write, str) else write)
    else:
        write(path)
    expected = [] if refusal else np.asarray(rows, np.float64).reshape(-1, int(np.prod(shape))).tolist()
    count = len(rows) if rows_in is None else rows_in
    cases.append(dict(how=how, file=name, shape=list(shape), rowsIn=count, rows=expected, refusal=refusal, problems=list(problems), **options))


def csv(frame, **options):
    return lambda path: frame.to_csv(path, **options)


def savetxt(values=VALUES, **options):
    return lambda path: np.savetxt(path, values, **options)


def save(array, **options):
    return lambda path: np.save(path, array, **options)


def pandas_csv():
    index = "its first column has no name, as the index that pandas writes; leave it out with `skip_columns` 1"
    case("df.to_csv(f)", "to_csv.csv", csv(FRAME), refusal=index)
    case("df.to_csv(f)", "to_csv.csv", csv(FRAME), skip=["1"])
    case("df.to_csv(f, index=False)", "index_false.csv", csv(FRAME, index=False))
    case("df.to_csv(f, index_label='id')", "index_label.csv", csv(FRAME, index_label="id"), [],
         problems=["line 2: expected 4 numbers, found 5; leave columns out with `skip_columns`"] + ["line "] * 2, rows_in=3)
    case("df.to_csv(f, index_label='id')", "index_label.csv", csv(FRAME, index_label="id"), skip=["id"])
    case("df.to_csv(f, header=False)", "header_false.csv", csv(FRAME, header=False), [],
         problems=["line 1: expected 4 numbers, found 5; leave columns out with `skip_columns`"] + ["line "] * 2, rows_in=3)
    case("df.to_csv(f, header=False)", "header_false.csv", csv(FRAME, header=False), skip=["1"])
    case("df.to_csv(f, header=False, index=False)", "numbers.csv", csv(FRAME, header=False, index=False))
    numbered = "its first line numbers the columns behind an index, as pandas writes it; say `header` yes `skip_columns` 1"
    case("DataFrame(array).to_csv(f)", "unnamed.csv", csv(UNNAMED), refusal=numbered)
    case("DataFrame(array).to_csv(f)", "unnamed.csv", csv(UNNAMED), header="yes", skip=["1"])
    ambiguous = "its first line is 0, 1, 2 and so on: names, as pandas writes them, or a row; say `header` yes or `header` no"
    case("DataFrame(array).to_csv(f, index=False)", "unnamed_index_false.csv", csv(UNNAMED, index=False), refusal=ambiguous)
    case("DataFrame(array).to_csv(f, index=False)", "unnamed_index_false.csv", csv(UNNAMED, index=False), header="yes")
    case("DataFrame(array).to_csv(f, index=False)", "unnamed_index_false.csv", csv(UNNAMED, index=False),
         np.vstack([[0, 1, 2, 3], VALUES]), header="no")
    missing = ["line 2: column 1 ('sepal_length'): expected a number, found nothing",
               "line 4: column 2 ('sepal_width'): expected a number, found nothing"]
    case("missing values", "holes.csv", csv(HOLES, index=False), VALUES[1:2], problems=missing, rows_in=3)
    bare = [sentence.replace(" ('sepal_length')", "").replace(" ('sepal_width')", "").replace("line 2", "line 1").replace("line 4", "line 3")
            for sentence in missing]
    case("missing values, header=False", "holes_bare.csv", csv(HOLES, index=False, header=False), VALUES[1:2], problems=bare, rows_in=3)
    for word in ["NA", "N/A", "nan", "null", "?", "-", "NULL", "None", "#N/A"]:
        name = "holes_" + "".join(f"{ord(c):02x}" for c in word) + ".csv"
        found = f"found {word}" if word == "nan" else f"found '{word}', a missing value"
        kind = "a finite Float32" if word == "nan" else "a number"
        case(f"na_rep='{word}', header=False", name, csv(HOLES, index=False, header=False, na_rep=word), VALUES[1:2],
             problems=[f"line 1: column 1: expected {kind}, {found}", f"line 3: column 2: expected {kind}, {found}"], rows_in=3)
    case("missing values, sep='\\t', header=False", "holes.tsv", csv(HOLES, index=False, header=False, sep="\t"), VALUES[1:2], problems=bare, rows_in=3)
    column = pd.DataFrame({"a": [1, None, 3]})
    case("one column with a missing value", "one_column.csv", csv(column, index=False), [[1], [3]],
         problems=["line 3: column 1 ('a'): expected a number, found nothing"], rows_in=3, shape=(1,))
    for sep, what in [(";", "semicolon"), ("\t", "tab"), (" ", "blank")]:
        case(f"sep={sep!r}, index=False", f"{what}.csv", csv(FRAME, index=False, sep=sep))
        case(f"sep={sep!r}, index=False, header=False", f"{what}_bare.csv", csv(FRAME, index=False, header=False, sep=sep))
    case("sep='|', index=False", "bar.csv", csv(FRAME, index=False, sep="|"), [], rows_in=3,
         problems=["line 2: column 1 ('sepal_length|sepal_width|petal_length|pe'): expected a number, found '5.1|3.5|1.4|0.2'; write the numbers between"] + ["line "] * 2)
    case("sep='|', index=False, header=False", "bar_bare.csv", csv(FRAME, index=False, header=False, sep="|"), [],
         problems=["line 1: column 1: expected a number, found '5.1|3.5|1.4|0.2'"] + ["line "] * 2, rows_in=3)
    decimal = "its numbers have decimal commas, which are not read; write decimal points"
    case("sep=';', decimal=','", "decimal.csv", csv(FRAME, index=False, sep=";", decimal=","), refusal=decimal)
    case("sep=';', decimal=',', header=False", "decimal_bare.csv", csv(FRAME, index=False, header=False, sep=";", decimal=","), refusal=decimal)
    case("sep='\\t', decimal=','", "decimal.tsv", csv(FRAME, index=False, sep="\t", decimal=","), refusal=decimal)
    case("decimal=','", "decimal_quoted.csv", csv(FRAME, index=False, decimal=","), refusal=decimal)
    case("decimal=',' below whole numbers", "decimal_later.csv", "a;b;c;d\n1;2;3;4\n5,1;3,5;1,4;0,2\n", [[1, 2, 3, 4]],
         problems=["line 3: column 1 ('a'): expected a number, found '5,1': decimal commas are not read, write decimal points"], rows_in=2)
    case("thousands separators", "thousands.csv", 'a,b,c,d\n"1,234.5",2,3,4\n5,6,7,8\n', [[5, 6, 7, 8]],
         problems=["line 2: column 1 ('a'): expected a number, found '1,234.5'"], rows_in=2)
    case("quoting=QUOTE_ALL", "quote_all.csv", csv(FRAME, index=False, quoting=1))
    case("quoting=QUOTE_ALL, header=False", "quote_all_bare.csv", csv(FRAME, index=False, header=False, quoting=1))
    case("quoting=QUOTE_NONNUMERIC", "quote_words.csv", csv(FRAME, index=False, quoting=2))
    case("float_format='%.3e'", "format.csv", csv(FRAME, index=False, float_format="%.3e"))
    case("lineterminator='\\r\\n'", "crlf.csv", csv(FRAME, index=False, lineterminator="\r\n"))
    case("lineterminator='\\r'", "cr.csv", csv(FRAME, index=False, lineterminator="\r"), refusal="carriage returns alone")
    case("encoding='utf-8-sig'", "bom.csv", csv(FRAME, index=False, encoding="utf-8-sig"))
    case("encoding='utf-16'", "utf16.csv", csv(FRAME, index=False, encoding="utf-16"), refusal="is UTF-16 text")
    case("encoding='utf-16-le'", "utf16le.csv", csv(FRAME, index=False, encoding="utf-16-le"), refusal="is UTF-16 text without a byte order mark")
    case("a column of texts", "labelled.csv", csv(LABELLED, index=False), skip=["species"])
    case("a column of texts, header=False", "labelled_bare.csv", csv(LABELLED, index=False, header=False), skip=["5"])
    case("a column of texts", "labelled.csv", csv(LABELLED, index=False), [], rows_in=3,
         problems=["line 2: column 5 ('species'): expected a number, found 'setosa'"] + ["line "] * 2)
    case("a line break in a text", "break.csv", csv(LABELLED.replace("setosa", "set\nosa"), index=False), [], skip=["species"],
         problems=["line 2: column 5 ('species'): a quote opens here and does not close on its line"], rows_in=3)
    case("bool columns", "bool.csv", csv(FRAME > 3, index=False), [], problems=["line 2: column 1 ('sepal_length'): expected a number, found 'True'"] + ["line "] * 2, rows_in=3)
    case("bool columns, header=False", "bool_bare.csv", csv(FRAME > 3, index=False, header=False), [], problems=["line 1: column 1: expected a number, found 'True'"] + ["line "] * 2, rows_in=3)
    case("no rows", "no_rows.csv", csv(FRAME[:0], index=False), refusal="has a header line and no rows", rows_in=0)
    case("a header of words alone, said to be none", "no_header.csv", "a,b,c,d\n", [], problems=["line 1: column 1: expected a number, found 'a'"], rows_in=1, header="no")
    case("trailing separators", "trailing.csv", "5.1,3.5,1.4,0.2,\n6.2,2.9,4.3,1.3,\n", [], rows_in=2,
         problems=["line 1: column 5: expected a number, found nothing; if each line ends with a separator, say `skip_columns` 5", "line 2"])
    case("trailing separators", "trailing.csv", "5.1,3.5,1.4,0.2,\n6.2,2.9,4.3,1.3,\n", VALUES[:2], skip=["5"])
    case("hexadecimal numbers", "hex.csv", "0x10,0x20,0x30,0x40\n1,2,3,4\n", [[1, 2, 3, 4]], problems=["line 1: column 1: expected a number, found '0x10'"], rows_in=2)
    case("R's write.csv", "r.csv", '"","a","b","c","d"\n"1",5.1,3.5,1.4,0.2\n', refusal=index, rows_in=1)
    case("R's write.table", "r.txt", '"a" "b" "c" "d"\n"1" 5.1 3.5 1.4 0.2\n', [],
         refusal="its header names 4 columns, and the line behind it has 5; write one name a column, in R with row.names = FALSE", rows_in=1)
    case("spreadsheets with an empty line of separators", "blank_row.csv", ",,,\n5.1,3.5,1.4,0.2\n", VALUES[:1], problems=["line 1: column 1: expected a number, found nothing"], rows_in=2)
    case("compression='gzip'", "rows.csv.gz", lambda path: path.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode(), mtime=0)))
    for method, suffix, what in [("zip", "zip", "is a zip archive of rows.csv"), ("bz2", "bz2", "is packed with bzip2"),
                                 ("xz", "xz", "is packed with xz"), ("zstd", "zst", "is packed with zstd")]:
        case(f"compression='{method}'", f"rows.csv.{suffix}", csv(FRAME, index=False, compression=method), refusal=what)


def pandas_others():
    case("df.to_json(f)", "to_json.json", FRAME.to_json(), [], problems=["line 1: expected an array of numbers or \"instance\", found neither"], rows_in=1)
    case("df.to_json(f, orient='values')", "values.json", FRAME.to_json(orient="values"))
    case("df.to_json(f, orient='values', indent=2)", "values_indent.json", FRAME.to_json(orient="values", indent=2))
    case("df.to_json(f, orient='records', lines=True)", "records.jsonl", FRAME.to_json(orient="records", lines=True), [],
         problems=["line 1: expected an array of numbers or \"instance\", found neither"] + ["line "] * 2, rows_in=3)
    case("df.to_json(f, orient='records')", "records.json", FRAME.to_json(orient="records"), [],
         problems=["rows[0]: expected an array of numbers or \"instance\", found neither"] + ["rows["] * 2, rows_in=3)
    case("df.to_parquet(f)", "rows.parquet", lambda path: FRAME.to_parquet(path), refusal="is a Parquet file")
    case("df.to_feather(f)", "rows.feather", lambda path: FRAME.to_feather(path), refusal="is an Arrow or Feather file")
    case("df.to_excel(f)", "rows.xlsx", lambda path: FRAME.to_excel(path), refusal="is an Excel workbook (.xlsx)")
    case("df.to_excel(f, engine='odf')", "rows.ods", lambda path: FRAME.to_excel(path, engine="odf"), refusal="is an OpenDocument file (.ods)")
    case("df.to_pickle(f)", "frame.pkl", lambda path: FRAME.to_pickle(path), refusal="is a Python pickle")
    case("df.to_html(f)", "rows.html", "<!DOCTYPE html>\n" + FRAME.to_html(), refusal="is an HTML or XML document")
    case("df.to_xml(f)", "rows.xml", FRAME.to_xml(parser="etree"), refusal="is an XML document")


def text():
    case("np.savetxt(f, a)", "savetxt.txt", savetxt())
    case("np.savetxt(f, a, header=…, footer=…)", "savetxt_header.txt", savetxt(header=" ".join(NAMES) + "\nand more", footer="end"))
    case("np.savetxt(f, a, delimiter=',', header=…)", "savetxt_comma.txt", savetxt(delimiter=",", header=",".join(["id"] + NAMES[1:])), VALUES[:, 1:], shape=(3,), skip=["id"])
    case("np.savetxt(f, a, delimiter=',', header=…, comments='')", "savetxt_bare.txt", savetxt(delimiter=",", header=",".join(NAMES), comments=""))
    case("np.savetxt(f, a, delimiter='\\t')", "savetxt_tab.txt", savetxt(delimiter="\t"))
    case("np.savetxt(f, a, fmt='%10.5f')", "savetxt_wide.txt", savetxt(fmt="%10.5f"))
    case("np.savetxt(f, a.astype(int), fmt='%d')", "savetxt_int.txt", savetxt(INTEGERS, fmt="%d"), INTEGERS)
    case("np.savetxt(f, a) with nan", "savetxt_nan.txt", savetxt(HOLES.values), VALUES[1:2], rows_in=3,
         problems=["line 1: column 1: expected a finite Float32, found nan", "line 3: column 2: expected a finite Float32, found nan"])
    case("blanks and tabs in any number", "blanks.txt", "  5.1\t3.5  1.4 0.2  \n6.2 2.9 4.3\t\t1.3\n", VALUES[:2])
    body = {"instances": VALUES.tolist()}
    case("the body of a request", "body.json", json.dumps(body))
    case("the body of a request, indented", "body_indent.json", json.dumps(body, indent=1))
    case("the body of a request with options", "body_options.json", json.dumps(body | {"top_k": 1}), refusal='has more than "instances" in its object')
    case("json.dump(rows)", "list.json", json.dumps(VALUES.tolist()))
    case("json.dump(rows, indent=2)", "list_indent.json", json.dumps(VALUES.tolist(), indent=2))
    case("json.dump of objects", "objects.json", json.dumps([dict(id=str(i), instance=row) for i, row in enumerate(VALUES.tolist())]))
    case("json.dump(rows) cut short", "list_short.json", json.dumps(VALUES.tolist())[:-9], refusal="ends within its list, behind 2 rows")
    case("two bodies", "bodies.json", json.dumps(body) + "\n" + json.dumps(body), refusal="has more text behind its list of rows")
    case("an indented row", "row_indent.json", json.dumps(VALUES[0].tolist(), indent=1), [], problems=["line 1: "] + ["line "] * 5, rows_in=6)
    case("json.dump(images)", "images.json", json.dumps(IMAGES.tolist()), IMAGES, shape=(3, 4, 1))
    case("a line an image", "images.jsonl", "".join(json.dumps(image) + "\n" for image in IMAGES.tolist()), IMAGES, shape=(3, 4, 1))
    case("json.dump(flat images)", "images_flat.json", json.dumps(IMAGES.reshape(2, -1).tolist()), IMAGES, shape=(3, 4, 1))
    case("an empty list", "empty_list.json", "[]", refusal="has no rows", rows_in=0)


def arrays():
    case("np.save(f, a)", "float64.npy", save(VALUES))
    case("np.save(f, df.values)", "values.npy", save(FRAME.values))
    case("np.save(f, np.asfortranarray(a))", "fortran.npy", save(np.asfortranarray(VALUES)))
    case("np.save(f, np.asfortranarray(a.astype('f4')))", "fortran32.npy", save(np.asfortranarray(VALUES.astype("f4"))))
    case("the same, gzip", "fortran.npy.gz", lambda path: path.write_bytes(gzip.compress((DATA / "fortran.npy").read_bytes(), mtime=0)))
    case("np.save(f, a.T)", "transposed.npy", save(VALUES.T), refusal="its shape is (4, 3): rows of 3 numbers, expected 4")
    case("np.save(f, Fortran images)", "fortran_images.npy", save(np.asfortranarray(IMAGES)), IMAGES, shape=(3, 4, 1))
    case("the same of float16", "fortran_half.npy", save(np.asfortranarray(IMAGES.astype("f2"))), IMAGES, shape=(3, 4, 1))
    for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]:
        for order in "<" if kind[1] == "1" else "<>":
            name = f"{'big_' if order == '>' else ''}{kind}.npy"
            values = INTEGERS - (1 if kind[0] == "i" else 0)
            case(f"a.astype('{order}{kind}')", name, save(values.astype(order + kind)), values)
    case("a.astype(bool)", "bool.npy", save(INTEGERS > 1), INTEGERS > 1)
    case("integers beyond 2^24", "large.npy", save(np.array([[2**24 + 1, 2**40, -2**53 - 1, 7]])), [[2**24 + 1, 2**40, -2**53 - 1, 7]], rounded=2)
    case("a.astype('f2')", "half.npy", save(VALUES.astype("f2")), VALUES.astype("f2").astype(float))
    case("np.longdouble", "long.npy", save(VALUES.astype(np.longdouble)), refusal="holds numbers of extended precision ('<f16')")
    case("complex", "complex.npy", save(VALUES + 0j), refusal="holds complex numbers ('<c16')")
    case("structured", "structured.npy", save(FRAME.to_records(index=False)), refusal="is a structured array")
    case("objects", "objects.npy", save(np.array(LABELLED, object), allow_pickle=True), refusal="holds Python objects")
    case("texts", "texts.npy", save(VALUES.astype("U4")), refusal="holds texts ('<U4')")
    case("dates", "dates.npy", save(VALUES.astype("datetime64[s]")), refusal="holds dates or times")
    case("a with nan", "nan.npy", save(HOLES.values), VALUES[1:2], problems=["rows[0][0]: expected a finite Float32, found nan", "rows[2][1]"], rows_in=3)
    case("a.reshape(1, 4)", "one_row.npy", save(VALUES[:1]), VALUES[:1])
    case("a[0]", "one_row_flat.npy", save(VALUES[0]), VALUES[:1])
    case("a[0].reshape(4, 1)", "one_column.npy", save(VALUES[:1].T), VALUES[:1])
    case("images (N, 3, 4)", "images3.npy", save(IMAGES[..., 0]), IMAGES, shape=(3, 4, 1))
    case("an image (3, 4)", "image2.npy", save(IMAGES[0, ..., 0]), IMAGES[:1], shape=(3, 4, 1))
    case("an image (3, 4, 1)", "image3.npy", save(IMAGES[0]), IMAGES[:1], shape=(3, 4, 1))
    case("images (N, 1, 3, 4)", "images_channel_first.npy", save(np.moveaxis(IMAGES, -1, 1)), IMAGES, shape=(3, 4, 1))
    case("images (N, 12)", "images_flat.npy", save(IMAGES.reshape(2, -1)), IMAGES, shape=(3, 4, 1))
    case("images (N, 3, 4) for 12 inputs", "images3.npy", save(IMAGES[..., 0]), IMAGES, shape=(12,))
    colours = np.arange(24, dtype="u1").reshape(1, 2, 4, 3)
    case("images, channels first", "channels_first.npy", save(np.ascontiguousarray(np.moveaxis(colours, -1, 1))), refusal="as many numbers in another order",
         shape=(2, 4, 3))
    case("images, channels last", "channels_last.npy", save(colours), colours, shape=(2, 4, 3))
    case("no rows", "none.npy", save(VALUES[:0]), [], rows_in=0)


def archives():
    case("np.savez(f, a)", "savez.npz", lambda path: np.savez(path, VALUES))
    case("np.savez_compressed(f, a)", "savez_compressed.npz", lambda path: np.savez_compressed(path, VALUES))
    case("np.savez_compressed(f, Fortran a)", "savez_fortran.npz", lambda path: np.savez_compressed(path, np.asfortranarray(VALUES)))
    case("np.savez(f, Fortran a)", "savez_stored_fortran.npz", lambda path: np.savez(path, np.asfortranarray(VALUES)))
    both = lambda path: np.savez(path, x_test=VALUES, y_test=np.array([0, 1, 2]))
    case("np.savez(f, x_test=…, y_test=…)", "two.npz", both, refusal="holds the arrays x_test, y_test; say which with `array` NAME")
    case("np.savez(f, x_test=…, y_test=…)", "two.npz", both, array="x_test")
    case("np.savez(f, x_test=…, y_test=…)", "two.npz", both, array="x_test.npy")
    case("np.savez(f, x_test=…, y_test=…)", "two.npz", both, array="x", refusal="has no array 'x'; it holds x_test, y_test")
    case("np.savez(f, y=labels)", "labels.npz", lambda path: np.savez(path, y=np.array([0, 1, 2])), refusal="rows of 1 numbers, expected 4")
    damaged = bytearray((DATA / "savez.npz").read_bytes())
    damaged[damaged.index(b"\x66\x66\x66\x66")] ^= 1
    case("np.savez, a byte of it changed", "damaged.npz", bytes(damaged), refusal="do not agree with the zip archive's checksum")
    case("np.savez, gzip", "savez.npz.gz", gzip.compress((DATA / "savez.npz").read_bytes(), mtime=0), refusal="name the file itself")


def others():
    case("pickle.dump(rows)", "rows.pkl", pickle.dumps(VALUES.tolist()), refusal="is a Python pickle")
    with h5py.File(DATA / "rows.h5", "w") as file:
        file["x"] = VALUES
    case("h5py", "rows.h5", (DATA / "rows.h5").read_bytes(), refusal="is an HDF5 file")
    scipy.io.savemat(DATA / "rows.mat", {"x": VALUES})
    case("scipy.io.savemat", "rows.mat", (DATA / "rows.mat").read_bytes(), refusal="is a MATLAB file")
    for form, name in [("png", "a PNG image"), ("jpeg", "a JPEG image"), ("gif", "a GIF image"), ("bmp", "a BMP image"),
                       ("tiff", "a TIFF image"), ("webp", "a WebP image"), ("pdf", "a PDF document")]:
        image = io.BytesIO()
        PIL.Image.new("L", (2, 2)).save(image, form)
        case(f"Pillow, {form}", f"image.{form}", image.getvalue(), refusal=f"is {name}", rows_in=0)
    path = DATA / "rows.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("pragma page_size = 512")
        database.execute("create table x (a)")
    case("sqlite3", "rows.sqlite", path.read_bytes(), refusal="is an SQLite database", rows_in=0)
    case("tar", "rows.tar", tar(), refusal="is a tar archive")
    case("bytes", "bytes.bin", VALUES.astype("f4").tobytes(), refusal="is no text: it has NUL bytes" if 0 in VALUES.astype("f4").tobytes() else "")
    case("a.tofile(f)", "zeros.bin", np.zeros((3, 4), "f4").tobytes()[1:], refusal="is no text: it has NUL bytes")
    case("Git LFS", "pointer.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", refusal="is a Git LFS pointer", rows_in=0)
    case("names that begin like other files", "prefixes.csv", "PAR1,BMI,MMSE,GIF8\n5.1,3.5,1.4,0.2\n", VALUES[:1])


def tar():
    import tarfile
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        data = FRAME.to_csv(index=False).encode()
        info = tarfile.TarInfo("rows.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return file.getvalue()[:1024]


def main():
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir()
    for part in [pandas_csv, pandas_others, text, arrays, archives, others]:
        part()
    cases[:] = [entry for entry in cases if entry["refusal"] != ""]
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    (DATA / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases,", sum(path.stat().st_size for path in DATA.iterdir()), "bytes")


main()
