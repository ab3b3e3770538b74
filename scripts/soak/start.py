"""Starts a server several times, for scripts/soak.sh: prints the median and the longest time from just before fork and exec to
a 200 from /readyz, in milliseconds, and the median resident memory after it, in KiB.

start.py TIMES COMMAND...
"""
import re
import socket
import statistics
import subprocess
import sys
import time

times, memory = [], []
for _ in range(int(sys.argv[1])):
    begin = time.monotonic()
    with subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", server.stdout.readline())
            if not found:
                sys.exit("the server did not start")
            with socket.create_connection(("127.0.0.1", int(found.group(1))), timeout=10) as client:
                client.sendall(b"GET /readyz HTTP/1.1\r\nHost: soak\r\n\r\n")
                if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                    sys.exit("the server was not ready")
            times.append((time.monotonic() - begin) * 1000)
            with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
                memory.append(int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)))
        finally:
            server.kill()
print(f"{statistics.median(times):.1f} {max(times):.1f} {statistics.median(memory):.0f}")
