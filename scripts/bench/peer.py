"""The peer of scripts/bench.sh behind HTTP: an RSGI application for Granian that answers rows of JSON with ONNX Runtime.

RADIAL_PEER_MODEL is the graph; POST {"instances": [...]} is answered {"predictions": [...]}, as Radial's :predict does.
"""

import os

import numpy as np
import onnxruntime
import orjson

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["RADIAL_PEER_MODEL"], options, providers=["CPUExecutionProvider"])
HEADERS = [("content-type", "application/json")]


async def app(scope, protocol):
    rows = np.array(orjson.loads(await protocol())["instances"], np.float32)
    [predictions] = session.run(None, {"x": rows})
    protocol.response_bytes(200, HEADERS, orjson.dumps({"predictions": predictions}, option=orjson.OPT_SERIALIZE_NUMPY))
