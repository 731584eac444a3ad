"""HTTP/2 frames that no client library would send, written by hand.

Usage: raw_http2.py SCENARIO HOST PORT

Ends with status 0 where the server answered as it should.
"""

import socket
import struct
import sys

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A field as HPACK writes it without its tables (RFC 7541 §6.2.2), names and values under 127 bytes."""
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def head(path="/test.Echo/Echo", method="POST", content_type="application/grpc", extra=()):
    fields = [
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
    ]
    if content_type is not None:
        fields.append(("content-type", content_type))
    return b"".join(literal(name, value) for name, value in fields + list(extra))


class Connection:
    def __init__(self, preface=True):
        self.socket = socket.create_connection((sys.argv[2], int(sys.argv[3])))
        self.socket.settimeout(20)
        self.buffer = b""
        if preface:
            self.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next frame: kind, flags, stream, payload; None at the end of the connection."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            try:
                data = self.socket.recv(65_536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data
        length = int.from_bytes(self.buffer[:3], "big")
        kind, flags = self.buffer[3], self.buffer[4]
        stream = int.from_bytes(self.buffer[5:9], "big")
        payload, self.buffer = self.buffer[9 : 9 + length], self.buffer[9 + length :]
        return kind, flags, stream, payload

    def until(self, *kinds):
        """The next frame of these kinds."""
        while True:
            got = self.read()
            if got is None or got[0] in kinds:
                return got

    def closed(self):
        try:
            while self.read() is not None:
                pass
        except OSError:
            pass


def status(payload):
    """The HTTP status in a block of headers: an index of the static table, or digits behind its name."""
    if payload[0] & 0x80:
        return {8: 200, 13: 404}.get(payload[0] & 0x7F, payload[0])
    # Literal with an indexed name; the value may be Huffman-coded: look at its length and bits only.
    return payload[:6]


def answer(**fields):
    connection = Connection()
    connection.send(frame(HEADERS, END_HEADERS, 1, head(**fields)))
    return connection, connection.until(HEADERS, RST_STREAM, GOAWAY)


def content_type():
    for value in ("text/plain", "application/json", "application/grpc+json", "application/grpcx", "", None):
        connection, got = answer(content_type=value)
        assert got is not None and got[0] == HEADERS and got[1] & END_STREAM, (value, got)
        assert status(got[3]) != 200, (value, got)
        # The call is over; the stream, of which the body has not come, is reset without blame.
        reset = connection.until(RST_STREAM)
        assert reset[2] == 1 and reset[3] == b"\0\0\0\0", reset
    for value in ("application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8", "Application/gRPC"):
        connection = Connection()
        connection.send(frame(HEADERS, END_HEADERS, 1, head(content_type=value)))
        connection.send(frame(DATA, END_STREAM, 1, b"\0\0\0\0\0"))
        got = connection.until(HEADERS)
        assert status(got[3]) == 200, (value, got)


def method_and_path():
    _, got = answer(method="GET")
    assert status(got[3]) != 200, got
    for path in ("/", "/test.Echo", "/test.Echo/Echo/", "//Echo", "/test.Echo/", "test.Echo/Echo", "*"):
        _, got = answer(path=path)
        assert got is not None and got[0] == HEADERS and got[1] & END_STREAM, (path, got)
        assert status(got[3]) == 200 and b"12" in got[3] or got[0] == HEADERS, (path, got)


def framing():
    """Bad framing of messages ends the call and not the connection."""
    connection = Connection()
    bodies = [
        b"\2\0\0\0\0",  # a flag that does not exist
        b"\1\0\0\0\1x",  # compressed, though no compression was named
        b"\0\xff\xff\xff\xff",  # four gigabytes
        b"\0\0\0\0",  # half a prefix
        b"\0\0\0\0\5ab",  # half a message
        b"\0\0\0\0\0\0\0\0\0\0",  # two messages
        b"",
    ]
    stream = 1
    for body in bodies:
        connection.send(frame(HEADERS, END_HEADERS, stream, head()) + frame(DATA, END_STREAM, stream, body))
        got = connection.until(HEADERS)
        assert got[2] == stream and got[1] & END_STREAM, (body, got)
        stream += 2
    connection.send(frame(HEADERS, END_HEADERS, stream, head()) + frame(DATA, END_STREAM, stream, b"\0\0\0\0\0"))
    got = connection.until(HEADERS)
    assert got[2] == stream and not got[1] & END_STREAM, got


def no_preface():
    """A connection on which nothing comes is closed."""
    Connection(preface=False).closed()


def other_protocol():
    connection = Connection(preface=False)
    connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    connection.closed()


def pings():
    """Some pings are answered; a flood closes the connection."""
    connection = Connection()
    for i in range(20):
        data = struct.pack(">Q", i)
        connection.send(frame(PING, 0, 0, data))
        while True:
            got = connection.until(PING)
            if got[1] & ACK:
                assert got[3] == data, got
                break
    try:
        for i in range(20_000):
            connection.send(frame(PING, 0, 0, b"floodflo"))
    except OSError:
        return
    connection.closed()


def resets():
    """Streams that are opened and reset, without end (CVE-2023-44487), close the connection."""
    connection = Connection()
    try:
        for i in range(20_000):
            stream = 2 * i + 1
            connection.send(
                frame(HEADERS, END_HEADERS, stream, head(path="/test.Echo/Chat"))
                + frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
            )
    except OSError:
        return
    connection.closed()


def continuations():
    """Headers that never end (CVE-2024-27316) close the connection."""
    connection = Connection()
    try:
        connection.send(frame(HEADERS, 0, 1, head()))
        for i in range(20_000):
            connection.send(frame(CONTINUATION, 0, 1, literal("x-%d" % i, "v" * 100)))
    except OSError:
        return
    connection.closed()


def large_headers():
    """A list of headers above the limit is refused, though it comes in few frames."""
    connection = Connection()
    block = head(extra=[("x-%d" % i, "v" * 100) for i in range(200)])
    connection.send(frame(HEADERS, 0, 1, block[:16_000]) + frame(CONTINUATION, END_HEADERS, 1, block[16_000:]))
    got = connection.until(HEADERS, RST_STREAM, GOAWAY)
    assert got is None or got[0] != HEADERS or status(got[3]) != 200, got


def too_many_streams():
    """More calls than are allowed at once are refused."""
    connection = Connection()
    for i in range(200):
        connection.send(frame(HEADERS, END_HEADERS, 2 * i + 1, head(path="/test.Echo/Chat")))
    got = connection.until(RST_STREAM, GOAWAY)
    assert got is not None, "200 calls at once were accepted"


def going_away():
    """A draining server says so while a call is in flight, refuses what comes after, and closes after the call.

    The server's side lets the call go when the file that the last argument names is there.
    """
    connection = Connection()

    def call(stream, method):
        connection.send(frame(HEADERS, END_HEADERS, stream, head(path="/test.Echo/" + method)))
        connection.send(frame(DATA, END_STREAM, stream, b"\0\0\0\0\0"))

    call(1, "Hold")
    got = connection.until(GOAWAY)
    assert got[3][:8] == b"\0\0\0\x01" + b"\0\0\0\0", got
    # A call that was on its way is not answered, so that it can safely be made elsewhere; the other goes on.
    call(3, "Echo")
    connection.send(frame(RST_STREAM, 0, 3, b"\0\0\0\x08"))
    connection.send(frame(PING, 0, 0, b"stillyou"))
    got = connection.until(PING, RST_STREAM, HEADERS, GOAWAY)
    assert got[0] == PING and got[3] == b"stillyou", got
    open(sys.argv[4], "x").close()
    got = connection.until(HEADERS)
    assert got[2] == 1 and status(got[3]) == 200 and not got[1] & END_STREAM, got
    got = connection.until(HEADERS)
    assert got[2] == 1 and got[1] & END_STREAM, got
    connection.closed()


globals()[sys.argv[1]]()
