"""The peer of scripts/bench.sh behind HTTP: an RSGI application for Granian that answers rows of JSON with ONNX Runtime.

POST {"instances": [...]} is answered {"predictions": [...]}, as Radial's :predict does. RADIAL_PEER is a folder: peer.onnx in it is the graph,
and each worker that is ready leaves a file there.
"""

import os
from pathlib import Path

import numpy as np
import one_thread
import orjson

folder = Path(os.environ["RADIAL_PEER"])
session = one_thread.session(folder / "peer.onnx")
(folder / f"ready-{os.getpid()}").touch()
HEADERS = [("content-type", "application/json")]


async def app(scope, protocol):
    rows = np.array(orjson.loads(await protocol())["instances"], np.float32)
    [predictions] = session.run(None, {"x": rows})
    protocol.response_bytes(200, HEADERS, orjson.dumps({"predictions": predictions}, option=orjson.OPT_SERIALIZE_NUMPY))
