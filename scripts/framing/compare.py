"""What Radial and h11 take for requests, of connections with some bytes changed. See scripts/framing.sh."""

import collections
import concurrent.futures
import random
import re
import socket
import sys
import time

import h11

HOST = b"Host: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
# Whole requests whose answers are never 400 by themselves, so that a 400 is a refusal of the framing.
REQUESTS = [
    b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /livez?a=b&c HTTP/1.1\r\nAccept: */*\r\n" + HOST + b"User-Agent: x y\r\n\r\n",
    b"GET http://a/livez HTTP/1.1\r\n" + HOST + b"Cookie: a=b; c=d\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n" + HOST + b"X-Long: " + b"v" * 300 + b"\r\n\r\n",
    b"POST /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 7\r\n\r\nabcdefg",
    b"POST /livez HTTP/1.1\r\n" + HOST + b"Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /livez HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\n" + CHUNKED + HOST + b"\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
    b"POST /livez HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n5\r\nabcde\r\n0\r\nX-Trailer: y\r\n\r\n",
    b"GET /livez HTTP/1.0\r\n" + HOST + b"\r\n",
]
# Behind all of them, so that the connection closes as soon as it is read.
LAST = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
INSERTED = [b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b":", b",", b";", b'"', b"\x7f", b"\x80", b"0", b"1", b"\0\n", b"%00", b"(", b"-", b"+"]
LINES = [
    b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Content-Length: 3, 3\r\n", b"Content-Length: +3\r\n", CHUNKED, b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", HOST, b"Host: b\r\n", b" folded\r\n", b"X\r\n", b": y\r\n", b"X : y\r\n", b"Expect: 100-continue\r\n",
    b"Connection: close\r\n", b"X: a\nY: b\r\n", b"X: a\rY: b\r\n", b"X: a\0\nTransfer-Encoding: chunked\r\n",
]


def connection(generator):
    data = bytearray(b"".join(generator.choice(REQUESTS) for _ in range(generator.randint(1, 3))))
    for _ in range(generator.choice([0, 1, 1, 1, 2, 2, 3])):
        kind, at = generator.randrange(8), generator.randrange(len(data))
        breaks = [match.end() for match in re.finditer(rb"\n", data)] or [0]
        if kind == 0:
            data[at] = generator.choice([generator.randrange(256), data[at] ^ 0x20, data[at] ^ 1])
        elif kind == 1:
            del data[at : at + generator.randint(1, 3)]
        elif kind in (2, 3):
            # Where bytes matter: at the ends of lines and around colons and blanks.
            places = [match.start() + generator.randint(-1, 1) for match in re.finditer(rb"[\r\n: /;]", data)]
            at = max(0, generator.choice(places)) if places and kind == 3 else at
            data[at:at] = generator.choice(INSERTED)
        elif kind in (4, 5):
            data[(at := generator.choice(breaks)) : at] = generator.choice(LINES)
        elif kind == 6:
            ends = [match.start() for match in re.finditer(rb"\r\n", data)]
            if ends:
                del data[(at := generator.choice(ends)) : at + 1]
        else:
            digits = [match.start() for match in re.finditer(rb"\d", data)]
            if digits:
                data[generator.choice(digits)] = generator.choice(b"0123456789abcdefx")
    return bytes(data) + LAST


def of_h11(data):
    """How many requests h11 finds, and why it refuses to go on; None: it does not."""
    reader, count = h11.Connection(h11.SERVER, max_incomplete_event_size=32768), 0
    try:
        reader.receive_data(data)
        reader.receive_data(b"")
        while True:
            event = reader.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                return count, None
            if isinstance(event, h11.EndOfMessage):
                count += 1
                reader.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                reader.send(h11.EndOfMessage())
                if reader.our_state is not h11.DONE or reader.their_state is not h11.DONE:
                    return count, None
                reader.start_next_cycle()
    except h11.RemoteProtocolError as error:
        incomplete = "without sending complete" in str(error) or "unexpectedly closed" in str(error)
        return count, None if incomplete else str(error)


REFUSALS = {400, 408, 411, 413, 414, 415, 431, 501, 505}


def of_radial(port, data, generator):
    """The same of Radial, whose refusals are sentences in JSON, or libmicrohttpd's own in HTML."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(10)
        cuts = sorted(generator.randrange(len(data) + 1) for _ in range(generator.choice([0, 0, 1, 2])))
        received = b""
        try:
            for start, end in zip([0, *cuts], [*cuts, len(data)]):
                client.sendall(data[start:end])
                if end < len(data):
                    time.sleep(0.001)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            # It has closed: what it said before can be read.
            pass
        try:
            while part := client.recv(65536):
                received += part
        except ConnectionResetError:
            pass
    count, refusal = 0, None
    while match := re.match(rb"HTTP/1\.1 (\d+) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n", received):
        status, head = int(match[1]), match[2]
        received = received[match.end() :]
        if status == 100:
            continue
        length = int((re.search(rb"(?i)content-length: (\d+)", head) or [0, 0])[1])
        body, received = received[:length], received[length:]
        if status in REFUSALS:
            # The library's answer to a malformed Content-Length has its header section twice.
            text = re.search(rb'"error":"(.*?)"|<body>(.*?)</body>', body + received)
            words = (text[1] or text[2]).decode("latin1") if text else ""
            refusal = f"{status} " + re.sub(r"<.*?>", "", words)
            break
        count += 1
    return count, refusal


# Why the two may disagree: who goes on where the other stops, and the words of the one that stops.
STRICTER = [
    (r"NUL, an empty header name or a line that ends without CR LF|bare LF", "h11 takes a bare LF for a line end"),
    (r"folded|folding", "h11 joins folded lines (obs-fold); a server may refuse them (RFC 9112 5.2)"),
    (r"HTTP version|^505", "h11 takes HTTP/1.2 for 1.1, and 2.0 too; 505 is the answer to what is not spoken (RFC 9110 15.6.6)"),
    (r"a Host that is not", "h11 does not look into Host; what is no host is refused (RFC 9112 3.2)"),
    (r"no Host|Host:", "h11 asks for no Host in HTTP/1.0 only, Radial neither: what it took for the field is none"),
    (r"more than one Content-Length|both|wrong combination|Wrong combination", "h11 lets one win, which smuggling lives on (RFC 9112 6.3)"),
    (r"^501", "h11 takes blanks off behind a coding, which 0.9.75 does not (RFC 9112 6.1)"),
    (r"Content-Length", "h11 takes a list of equal lengths for one; a server may refuse it (RFC 9110 8.6)"),
    (r"more than one Transfer-Encoding|Transfer-Encoding", "h11 reads chunked in any spelling, and in HTTP/1.0 (RFC 9112 6.1)"),
    (r"control byte|invalid character", "h11 takes DEL and others within values"),
    (r"encoded NUL", "h11 does not decode targets"),
    (r"not a token", "h11 reads on behind a line that Radial has refused"),
    (r"chunk|Chunk", "0.9.75 ends a chunk at a bare LF and finds the next one broken; 1.0.1 takes the end of an extension's line into it"),
]
# These only where the connection's bytes bear it out: what Radial takes and h11 does not is the side on which smuggling is.
TRAILER = rb"(?is)transfer-encoding:\s*chunked.*\n0[^\n]*\n(?!\r\n)"
LOOSER = [
    (r"malformed chunk footer: bytearray\(b'\\n", b"", "0.9.75 takes a bare LF for the end of a chunk"),
    (r"malformed chunk footer", rb"\n[0-9a-f]+;", "1.0.1 takes the end of an extension's line into the chunk"),
    (r"illegal chunk header", rb"[^\r]\n|\n[0-9a-f]+;", "0.9.75 takes a bare LF for the end of a size; both take any byte in an extension"),
    (r"illegal header line", rb"\0\n|\n[:\0]\r?\n|\0\r\n\n", "0.9.75 takes NUL and LF for a line end, and others of as many bytes for the last two"),
    (r"illegal header line|continuation line", TRAILER, "trailers are thrown away unread"),
    (r"illegal request line", rb"[\x7f-\xff]", "targets may have bytes above 127"),
    (r"no request line", b"", "empty lines before a request are skipped, with a bare LF too (RFC 9112 2.2)"),
    (r"illegal request line", rb"(^|\n)\0|\0\r?\n", "0.9.75 takes a line that begins with a NUL for an empty one before a request"),
    (r"Transfer-Encoding|Content-Length|Host", TRAILER,
     "h11 reads fields of a trailer as if they stood in the header section; Radial throws them away"),
]
STRICTER = [(pattern, b"", text) for pattern, text in STRICTER]


def reason(reasons, words, data):
    if words == "the connection ends" and re.search(rb"[^\r]\n|\0", data):
        return "the library closes without an answer what it cannot take apart: h11 takes a bare LF for a line end"
    return next((text for pattern, bytes_, text in reasons if re.search(pattern, words) and re.search(bytes_, data)), None)


def main():
    port, count, seed = map(int, sys.argv[1:])

    def compared(number):
        generator = random.Random(f"{seed} {number}")
        data = connection(generator)
        theirs = of_h11(data)
        # Closing with bytes unread resets a connection, which may take an answer along: then it is tried again.
        for _ in range(5):
            ours = of_radial(port, data, generator)
            if ours[0] >= theirs[0] or ours[1]:
                break
        return data, theirs, ours

    # Many at once, since those that break off are ended within a second.
    with concurrent.futures.ThreadPoolExecutor(64) as threads:
        results = list(threads.map(compared, range(count)))
    agreed, found, examples = 0, collections.Counter(), {}
    for data, theirs, ours in results:
        if theirs[0] == ours[0]:
            agreed += 1
            continue
        who, reasons, words = ("Radial", STRICTER, ours[1]) if ours[0] < theirs[0] else ("h11", LOOSER, theirs[1])
        words = words or "the connection ends"
        text = reason(reasons, words, data)
        key = (who, re.sub(r":? ?bytearray\(.*?['\"]\)", "", words), text)
        found[key] += 1
        examples.setdefault(key, data)
    print(f"{count} connections of seed {seed}: as many requests in {agreed} of them")
    for (who, words, text), number in found.most_common():
        print(f"{number:6} {who} stops: {words}: {text or f'no reason is known, as of {examples[who, words, text]!r}'}")
    sys.exit(1 if any(text is None for _, _, text in found) else 0)


main()
