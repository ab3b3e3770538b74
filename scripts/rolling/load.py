"""Keep-alive clients that send requests through a balancer until the standard input ends, and hold every answer to what it must be.

    load.py HOST PORT CLIENTS

Half of them speak the native API, half the Open Inference Protocol in binary; every fourth request has 32 rows. Half of them pause between
requests, so that connections are idle, too, when a replica goes. Prints "ready", and at the end: sent, answered, refused for a full queue,
lost, slowest answer in ms.
"""

import json
import pathlib
import random
import socket
import struct
import sys
import threading
import time

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "Tests/EndToEndTests/Data/mnist-sample.json"
MANY = 32


def native(rows: list[list[int]]) -> bytes:
    body = json.dumps({"instances": rows}).encode()
    return b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def binary(rows: list[list[int]]) -> bytes:
    tensor = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    described = {"name": "x", "shape": [len(rows), len(rows[0])], "datatype": "FP32", "parameters": {"binary_data_size": len(tensor)}}
    header = json.dumps({"inputs": [described], "outputs": [{"name": "scores", "parameters": {"classification": 1}}]}).encode()
    length = len(header) + len(tensor)
    return (
        b"POST /v2/models/digits/infer HTTP/1.1\r\nHost: a\r\nInference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n"
        % (len(header), length) + header + tensor
    )


def classes(body: bytes) -> list[int]:
    answer = json.loads(body)
    if "predictions" in answer:
        return [row["class"] for row in answer["predictions"]]
    return [int(text.split(":")[1]) for text in answer["outputs"][0]["data"]]


def receive(stream) -> tuple[int, dict[bytes, bytes], bytes]:
    line = stream.readline()
    if not line:
        raise ConnectionError("closed without an answer")
    headers = {}
    while (header := stream.readline().strip()):
        name, _, value = header.partition(b":")
        headers[name.lower()] = value.strip()
    length = int(headers.get(b"content-length", 0))
    body = stream.read(length)
    if len(body) < length:
        raise ConnectionError(f"closed after {len(body)} of {length} bytes of an answer")
    return int(line.split()[1]), headers, body


class Client(threading.Thread):
    """One connection at a time, one request at a time."""

    def __init__(self, address: tuple[str, int], stop: threading.Event, requests: list[tuple[bytes, bytes]], pause: float, seed: int):
        super().__init__()
        self.address, self.stop_event, self.requests, self.pause = address, stop, requests, pause
        self.random = random.Random(seed)
        self.sent = self.answered = self.refused = 0
        self.slowest = 0.0
        self.losses: list[str] = []

    def run(self) -> None:
        stream = None
        while not self.stop_event.is_set():
            request, expected = self.random.choice(self.requests)
            start = time.monotonic()
            self.sent += 1
            try:
                if stream is None:
                    stream = socket.create_connection(self.address, timeout=30).makefile("rwb")
                stream.write(request)
                stream.flush()
                status, headers, body = receive(stream)
                if status == 200 and body == expected:
                    self.answered += 1
                elif status == 503 and b"compute queue is full" in body:
                    self.refused += 1
                else:
                    self.losses.append(f"{status}: {body[:200]!r}")
                if headers.get(b"connection", b"").lower() == b"close":
                    stream = None
            except OSError as error:
                self.losses.append(repr(error))
                stream = None
            self.slowest = max(self.slowest, time.monotonic() - start)
            if self.pause:
                time.sleep(self.random.random() * self.pause)


def answers(address: tuple[str, int], requests: list[bytes], labels: list[list[int]]) -> list[tuple[bytes, bytes]]:
    """Each request and its answer. Every other answer to it must be the same bytes, whatever replica or batch it comes from."""
    found, agreed, rows = [], 0, 0
    with socket.create_connection(address, timeout=30) as connection, connection.makefile("rwb") as stream:
        for request, expected in zip(requests, labels):
            stream.write(request)
            stream.flush()
            status, _, body = receive(stream)
            given = classes(body) if status == 200 else []
            if len(given) != len(expected):
                sys.exit(f"before any restart: expected 200 with {len(expected)} rows, found {status}: {body[:300]!r}")
            agreed += sum(one == other for one, other in zip(given, expected))
            rows += len(expected)
            found.append((request, body))
    # The default model misreads about one digit in a hundred.
    if agreed < 0.95 * rows:
        sys.exit(f"before any restart: expected 95 % of {rows} rows to be read as they are labelled, found {agreed}")
    return found


def main() -> None:
    address, clients = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
    sample = json.loads(SAMPLE.read_text())
    rows, labels = sample["rows"][:MANY], sample["labels"][:MANY]
    groups = [slice(n, n + 1) for n in range(3)] + [slice(0, MANY)]
    speakers = [answers(address, [speak(rows[group]) for group in groups], [labels[group] for group in groups]) for speak in (native, binary)]
    stop = threading.Event()
    threads = [Client(address, stop, speakers[index % 2], 0.05 if index % 4 < 2 else 0, seed=index) for index in range(clients)]
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
    slowest = max(thread.slowest for thread in threads)
    sent, answered, refused = (sum(getattr(thread, count) for thread in threads) for count in ("sent", "answered", "refused"))
    print(sent, answered, refused, len(losses), f"{slowest * 1000:.0f}")


main()
