"""Clients that do almost nothing, for scripts/soak.sh. Prints one line when all are connected and one at the end.

clients.py HOST PORT idle COUNT            keep-alive connections, one request each, then silence until standard input ends;
                                           prints how many the server still held then
clients.py HOST PORT drip COUNT SECONDS    a byte a second each, half of them of a header section, half of a body; prints for
                                           both halves how many were answered 408 and the earliest and latest end, in seconds
"""
import resource
import select
import socket
import sys
import time

REQUEST = b"GET /livez HTTP/1.1\r\nHost: soak\r\n\r\n"
HEADER = b"POST /predict HTTP/1.1\r\nHost: soak\r\nX-Filler: "
BODY = b"POST /predict HTTP/1.1\r\nHost: soak\r\nContent-Length: 100000\r\n\r\n"


def allow_descriptors(count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 256) if hard >= 0 else count + 256, hard))


def idle(address, count):
    sockets = []
    for _ in range(count):
        client = socket.create_connection(address, timeout=10)
        client.sendall(REQUEST)
        if not client.recv(4096).startswith(b"HTTP/1.1 200"):
            sys.exit("an idle client was not answered")
        client.setblocking(False)
        sockets.append(client)
    print("ready", flush=True)
    sys.stdin.read()
    held = 0
    for client in sockets:
        try:
            client.recv(1)
        except BlockingIOError:
            held += 1
        except OSError:
            pass
    print(held, flush=True)


def drip(address, count, limit):
    poller, clients = select.poll(), {}
    for index in range(count):
        client = socket.create_connection(address, timeout=10)
        client.sendall(HEADER if index % 2 == 0 else BODY)
        client.setblocking(False)
        clients[client.fileno()] = (client, index % 2, time.monotonic())
        poller.register(client, select.POLLIN)
    print("ready", flush=True)
    ends, answered = ([], []), [0, 0]
    start = time.monotonic()
    next_drip = start + 1
    while clients and time.monotonic() < start + limit:
        for descriptor, _ in poller.poll(max(0, next_drip - time.monotonic()) * 1000):
            client, kind, since = clients.pop(descriptor)
            poller.unregister(descriptor)
            ends[kind].append(time.monotonic() - since)
            try:
                answered[kind] += client.recv(4096).startswith(b"HTTP/1.1 408")
            except OSError:
                pass
            client.close()
        if time.monotonic() >= next_drip:
            next_drip += 1
            for client, _, _ in clients.values():
                try:
                    client.send(b"1")
                except OSError:
                    pass
    for name, kind in (("header", 0), ("body", 1)):
        left = sum(1 for entry in clients.values() if entry[1] == kind)
        first, last = (min(ends[kind]), max(ends[kind])) if ends[kind] else (0, 0)
        print(name, answered[kind], len(ends[kind]) - answered[kind], left, f"{first:.1f} {last:.1f}", flush=True)


host, port, kind, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
allow_descriptors(count)
if kind == "idle":
    idle((host, port), count)
else:
    drip((host, port), count, float(sys.argv[5]))
