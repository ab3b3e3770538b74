"""Writes the files of this folder with h5py and zipfile: the forms that the readers know, and those that they refuse."""

import os
import zipfile

import h5py
import numpy as np

folder = os.path.dirname(os.path.abspath(__file__))


def fill(file):
    """What every readable file of this folder holds."""
    file.attrs["text"] = "grüße"
    file.attrs["list"] = np.array([b"one", b"two", b"three"])
    file.attrs.create("texts", ["a", "", "long" * 20], dtype=h5py.string_dtype())
    file.attrs["number"] = 7
    inner = file.create_group("outer/inner")
    inner["single"] = np.arange(6, dtype="<f4").reshape(2, 3)
    inner["double"] = np.array([0.5, -2.0])
    inner["half"] = np.array([1.0, 2.0**-24], dtype="<f2")
    inner["scalar"] = np.float32(3)
    inner["integer"] = np.int32(5)
    inner["big_endian"] = np.array([1.0], dtype=">f4")
    inner["empty"] = np.zeros((0, 4), dtype="<f4")


for version in ("earliest", "latest"):
    with h5py.File(f"{folder}/{version}.h5", "w", libver=version) as file:
        fill(file)
with h5py.File(f"{folder}/wide.h5", "w") as file:
    for index in range(300):
        file[f"group/member{index:03}"] = np.float32(index)
with h5py.File(f"{folder}/chunked.h5", "w") as file:
    file.create_dataset("chunked", data=np.arange(64, dtype="<f4"), chunks=(8,))
    file.create_dataset("compressed", data=np.arange(64, dtype="<f4"), compression="gzip")
with h5py.File(f"{folder}/refused.h5", "w", libver="latest") as file:
    file["soft"] = h5py.SoftLink("/chunked")
with h5py.File(f"{folder}/dense.h5", "w", libver="latest") as file:
    for index in range(20):
        file.create_group(f"group{index}")
for version in ("v108", "latest"):
    # More than 8 attributes, or one beyond 64 KiB, leave the object's header for a fractal heap.
    with h5py.File(f"{folder}/attributes.{version}.h5", "w", libver=(version, version), track_order=version == "v108") as file:
        for index in range(40):
            file.attrs[f"text{index:02}"] = f"value {index} " + "x" * index
        file.attrs["list"] = np.array([b"one", b"two"])
        # A tiny heap object has at most 7 bytes: no attribute is one. This is a huge one.
        file.attrs["huge"] = np.bytes_(b"0123456789" * 700)
        file.attrs["number"] = 7
        inner = file.create_group("inner", track_order=True)
        for index in range(9):
            inner.attrs[f"name{index}"] = ["a", "b" * index]
        inner["single"] = np.arange(6, dtype="<f4").reshape(2, 3)
with h5py.File(f"{folder}/deep.h5", "w", libver="latest") as file:
    # Links to one dataset: the heap needs indirect blocks in indirect blocks, its index three levels of nodes.
    file["first"] = np.float32(3)
    for index in range(1500):
        file[f"{index:04}" + "n" * 700] = file["first"]
with zipfile.ZipFile(f"{folder}/deep.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.write(f"{folder}/deep.h5", "deep.h5")
os.remove(f"{folder}/deep.h5")
with zipfile.ZipFile(f"{folder}/plain.zip", "w") as archive:
    archive.writestr("stored", b"hello")
    archive.writestr("../outside", b"x" * 5000, zipfile.ZIP_DEFLATED)
with zipfile.ZipFile(f"{folder}/bzip2.zip", "w", zipfile.ZIP_BZIP2) as archive:
    archive.writestr("packed", b"x" * 5000)
