"""Posts a body again and again over one connection to a server that it starts, for scripts/bench/instructions.sh.

instructions.py CASE PATH REQUESTS COMMAND...: CASE.body and CASE.header are those of bodies.py.
"""

import http.client
import pathlib
import re
import signal
import subprocess
import sys

case, path, requests = sys.argv[1], sys.argv[2], int(sys.argv[3])
body = pathlib.Path(case + ".body").read_bytes()
name, _, value = pathlib.Path(case + ".header").read_text().partition(": ")
headers = {name: value} if name else {}
with subprocess.Popen(sys.argv[4:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
    try:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", server.stdout.readline())
        if not found:
            sys.exit("the server did not start")
        client = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=600)
        for _ in range(requests):
            client.request("POST", path, body, headers)
            answer = client.getresponse()
            answer.read()
            if answer.status != 200:
                sys.exit(f"{path} answered {answer.status}")
        client.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=600)
