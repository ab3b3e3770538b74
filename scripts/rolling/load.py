"""Keep-alive clients that send requests through a balancer until the standard input ends, and hold every answer to what it must be.

    load.py HOST PORT CLIENTS

Half of them speak the native API, half the Open Inference Protocol in binary. Prints "ready", and at the end: sent, answered, lost.
"""

import json
import pathlib
import socket
import struct
import sys
import threading

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "Tests/EndToEndTests/Data/mnist-sample.json"


def native(row: list[int]) -> bytes:
    body = json.dumps({"instances": [row]}).encode()
    return b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def binary(row: list[int]) -> bytes:
    tensor = struct.pack(f"<{len(row)}f", *row)
    described = {"name": "x", "shape": [1, len(row)], "datatype": "FP32", "parameters": {"binary_data_size": len(tensor)}}
    header = json.dumps({"inputs": [described], "outputs": [{"name": "scores", "parameters": {"classification": 1}}]}).encode()
    length = len(header) + len(tensor)
    return (
        b"POST /v2/models/digits/infer HTTP/1.1\r\nHost: a\r\nInference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n"
        % (len(header), length) + header + tensor
    )


class Client(threading.Thread):
    """One connection at a time, one request at a time."""

    def __init__(self, address: tuple[str, int], stop: threading.Event, requests: list[tuple[bytes, bytes]]):
        super().__init__()
        self.address, self.stop_event, self.requests = address, stop, requests
        self.sent = self.answered = 0
        self.losses: list[str] = []

    def run(self) -> None:
        stream = None
        while not self.stop_event.is_set():
            request, expected = self.requests[self.sent % len(self.requests)]
            try:
                if stream is None:
                    stream = socket.create_connection(self.address, timeout=30).makefile("rwb")
                self.sent += 1
                stream.write(request)
                stream.flush()
                status, headers, body = self.receive(stream)
                if status != 200 or expected not in body:
                    self.losses.append(f"{status}: {body[:200]!r}")
                else:
                    self.answered += 1
                if headers.get(b"connection", b"").lower() == b"close":
                    stream = None
            except OSError as error:
                self.losses.append(repr(error))
                stream = None

    @staticmethod
    def receive(stream) -> tuple[int, dict[bytes, bytes], bytes]:
        line = stream.readline()
        if not line:
            raise ConnectionError("closed without an answer")
        headers = {}
        while (header := stream.readline().strip()):
            name, _, value = header.partition(b":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get(b"content-length", 0)))
        return int(line.split()[1]), headers, body


def main() -> None:
    host, port, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sample = json.loads(SAMPLE.read_text())
    # The default model is right about every row of the sample that is used here.
    rows = [(row, label) for row, label in zip(sample["rows"], sample["labels"])][:8]
    speakers = [
        [(native(row), b'"class":%d,' % label) for row, label in rows],
        [(binary(row), b':%d:%d"' % (label, label)) for row, label in rows],
    ]
    stop = threading.Event()
    threads = [Client((host, port), stop, speakers[index % 2]) for index in range(clients)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    losses = [loss for thread in threads for loss in thread.losses]
    for loss in losses[:5]:
        print(loss, file=sys.stderr)
    print(sum(thread.sent for thread in threads), sum(thread.answered for thread in threads), len(losses))


main()
