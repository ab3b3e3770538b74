"""The callers of overload.sh: `overload.py models FOLDER` makes the models, `overload.py CASE FOLDER RADIAL` runs one case."""

import gzip
import http.client
import json
import multiprocessing
import os
import random
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time

DIGITS = "weights/digits.safetensors"


def write_model(path, inputs, hidden, units):
    """A network of Dense layers and one of RBF units, with random weights."""
    generator, layers, tensors, width = random.Random(7), [], {}, inputs
    for index, size in enumerate(hidden):
        name = f"dense{index}"
        layers.append({"type": "dense", "name": name, "units": size, "activation": "relu", "use_bias": False})
        tensors[f"{name}.kernel"] = ([width, size], (2 / width) ** 0.5)
        width = size
    layers.append({"type": "rbf", "name": "rbf", "units": units, "output": "gaussian", "scale": 0.001})
    layers[-1]["centers_layout"] = "units_features"
    tensors["rbf.centers"] = ([units, width], 0.7)
    architecture = json.dumps({"version": 1, "input_shape": [inputs], "layers": layers})
    header = {
        "__metadata__": {"format": "radial", "radial.version": "1", "radial.architecture": architecture}
    }
    # A block of numbers, again and again: what they are does not matter.
    block, data = [generator.gauss(0, 1) for _ in range(4096)], bytearray()
    for name, (shape, deviation) in sorted(tensors.items()):
        piece = struct.pack("<4096f", *(value * deviation for value in block))
        size = 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += (piece * (size // len(piece) + 1))[:size]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class Server:
    """A server on a free port, for as long as the block runs."""

    def __init__(self, binary, *arguments):
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--threads", "2", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.port = int(re.search(rb"http://[^ ]*:(\d+)", self.process.stdout.readline()).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def resident(self):
        """In MiB; 0: the process has ended."""
        try:
            with open(f"/proc/{self.process.pid}/status") as file:
                found = re.search(r"VmRSS:\s+(\d+)", file.read())
            return int(found.group(1)) // 1024 if found else 0
        except FileNotFoundError:
            return 0

    def ask(self, method, path, body=None, headers=None):
        """One request on a connection of its own: its status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except OSError:
            return 0
        finally:
            connection.close()


def rows(count, value="0", extra=""):
    row = "[" + ",".join([value] * 784) + "]"
    return ("{" + extra + '"instances":[' + ",".join([row] * count) + "]}").encode()


def tensor(model, count, width):
    """A binary infer request: path, body, headers."""
    data = struct.pack("<f", 0.25) * (count * width)
    described = {"name": "x", "shape": [count, width], "datatype": "FP32"}
    described["parameters"] = {"binary_data_size": len(data)}
    outputs = [{"name": "scores", "parameters": {"binary_data": True}}]
    head = json.dumps({"inputs": [described], "outputs": outputs}).encode()
    return f"/v2/models/{model}/infer", head + data, {"Inference-Header-Content-Length": str(len(head))}


def percentiles(seconds):
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    at = [ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]]
    return "p50 {:.1f} p99 {:.1f} max {:.1f} ms".format(*(1000 * value for value in at)) + f" of {len(ordered)}"


def repeat(server, request, until, pause, results):
    """Asks again and again; puts the seconds of each answer, and its status, into the queue of results."""
    times = []
    while time.monotonic() < until:
        start = time.monotonic()
        status = server.ask(*request)
        times.append((time.monotonic() - start, status))
        time.sleep(pause)
    results.put(times)


def together(server, requests, seconds, watch=None):
    """Each request is asked for by a process of its own; returns their lists of (seconds, status)."""
    until, queues, processes = time.monotonic() + seconds, [], []
    for request, pause in requests:
        queues.append(multiprocessing.Queue())
        arguments = (server, request, until, pause, queues[-1])
        processes.append(multiprocessing.Process(target=repeat, args=arguments))
        processes[-1].start()
    while watch and time.monotonic() < until:
        watch()
        time.sleep(0.1)
    results = [queue.get() for queue in queues]
    for process in processes:
        process.join()
    return results


def large(folder, binary):
    wide = json.dumps({"outputs": ["contributions"], "instances": [[1, 2, 3, 4, 5, 6, 7, 8]] * 60})
    compressed = {"Content-Encoding": "gzip"}
    contributions = gzip.compress(rows(10_000, extra='"outputs":["contributions"],'), 9)
    too_wide = gzip.compress(b'{"instances":[[' + b"0," * 8_380_000 + b"0]]}", 9)
    bad = [
        ("POST", "/predict", contributions, compressed),
        ("POST", "/predict", too_wide, compressed),
        ("POST", "/models/wide/predict", wide),
        ("POST", "/predict", rows(10_000)),
    ]
    probes = [("GET", "/livez"), ("POST", "/predict", rows(1, "0.5"))]
    models = ["--model", DIGITS, "--model", f"{folder}/wide.safetensors"]
    with Server(binary, *models) as server:
        asked = [(request, 0) for request in bad] + [(request, 0.005) for request in probes]
        *_, live, row = together(server, asked, 10)
        print("large     /livez", percentiles(time for time, _ in live))
        print("          a row ", percentiles(time for time, _ in row))


def unread(folder, binary):
    body = gzip.compress(rows(10_600, extra='"outputs":["contributions"],'), 9)
    head = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Server(binary, "--model", DIGITS) as server:
        for _ in range(100):
            server.ask("POST", "/predict", rows(1))
        before, most, held, until = server.resident(), 0, [], time.monotonic() + 20
        while time.monotonic() < until:
            if len(held) < 6 or random.random() < 0.05:
                client = socket.create_connection(("127.0.0.1", server.port))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                client.sendall(head + body)
                held.append(client)
            most = max(most, server.resident())
            time.sleep(0.05)
        for client in held:
            client.close()
        time.sleep(10)
        print(f"unread    resident {before} MiB before, {most} at most, {server.resident()} ten seconds later")


def promised(folder, binary):
    with Server(binary, "--model", DIGITS) as server:
        held = []
        for _ in range(540):
            client = socket.create_connection(("127.0.0.1", server.port))
            client.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\nx")
            held.append(client)
        time.sleep(0.5)
        start, refused = time.monotonic(), 0
        while server.ask("POST", "/predict", rows(1)) != 200 and time.monotonic() < start + 60:
            refused += 1
            time.sleep(0.5)
        print(f"promised  others are refused for {time.monotonic() - start:.1f} s")


def patience(folder, binary):
    for callers, limit, seconds in [(300, 5, 36), (16, 60, 18)]:
        with Server(binary, "--model", f"{folder}/large.safetensors") as server:
            counts, late, slow = impatient(server, tensor("large", 64, 2048), callers, limit, seconds)
            print(f"patience  {callers} callers that wait {limit} s: rows/s {counts}, gave up {late}, refusals", end=" ")
            print(percentiles(slow))


def impatient(server, request, callers, limit, seconds):
    """Callers that close after `limit` seconds and come again; a refused one waits a second."""
    path, body, headers = request
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
    message = (head + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n").encode() + body
    begin, selector, open_, late, refusals = time.monotonic(), selectors.DefaultSelector(), {}, 0, []
    answered = [0] * (seconds // 6)
    due = [begin + limit * index / callers for index in range(callers)]
    while (now := time.monotonic()) < begin + seconds:
        while due and due[0] <= now:
            due.pop(0)
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", server.port))
            open_[client] = [now, 0]
            selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        for key, events in selector.select(0.02):
            client, state, again = key.fileobj, open_[key.fileobj], None
            try:
                if events & selectors.EVENT_READ:
                    status = client.recv(1 << 20)[9:12]
                    again = now + (1 if status == b"503" else 0.5 if status != b"200" else 0)
                    if status == b"200":
                        answered[min(int((now - begin) / 6), len(answered) - 1)] += 64
                    elif status == b"503":
                        refusals.append(time.monotonic() - state[0])
                elif state[1] < len(message):
                    state[1] += client.send(message[state[1] : state[1] + 262_144])
                    if state[1] == len(message):
                        selector.modify(client, selectors.EVENT_READ)
            except BlockingIOError:
                pass
            except OSError:
                again = now + 0.5
            if again is not None:
                selector.unregister(client)
                client.close()
                del open_[client]
                due.append(again)
        for client in [client for client, state in open_.items() if now - state[0] > limit]:
            selector.unregister(client)
            client.close()
            del open_[client]
            due.append(now)
            late += 1
        due.sort()
    for client in open_:
        client.close()
    return [count // 6 for count in answered], late, refusals


def turns(folder, binary):
    with Server(binary, "--model", f"{folder}/large.safetensors", "--model", DIGITS) as server:
        heavy, light = ("POST", *tensor("large", 64, 2048)), ("POST", *tensor("digits", 1000, 784))
        *others, asked = together(server, [(heavy, 0)] * 30 + [(light, 0)], 10)
        done = sum(64 for times in others for _, status in times if status == 200) / 10
        good = [seconds for seconds, status in asked if status == 200]
        print(f"turns     1,000 rows {percentiles(good)}, {len(asked) - len(good)} refused; beside {done:.0f} rows/s")


if __name__ == "__main__":
    case, folder = sys.argv[1:3]
    if case == "models":
        write_model(os.path.join(folder, "wide.safetensors"), 8, [256], 1000)
        write_model(os.path.join(folder, "large.safetensors"), 2048, [4096, 4096], 1000)
    else:
        {"large": large, "unread": unread, "promised": promised, "patience": patience, "turns": turns}[case](
            folder, sys.argv[3]
        )
