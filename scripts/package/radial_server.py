"""The server `radial`, as it comes with this wheel: `radial serve` is the binary, which takes the place of this process."""

import os
import pathlib
import sys

BINARY = pathlib.Path(__file__).parent / "bin" / "radial"


def main() -> None:
    os.execv(BINARY, ["radial", *sys.argv[1:]])


if __name__ == "__main__":
    main()
