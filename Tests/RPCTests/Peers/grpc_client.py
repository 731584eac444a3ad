"""A client of gRPC that this project did not write (grpcio), for the tests of the RPC module.

Usage: grpc_client.py SCENARIO TARGET

Ends with status 0 where the server did what gRPC asks of it; otherwise says on standard error what it did instead.
"""

import concurrent.futures
import sys
import threading
import time

import grpc
from google.protobuf import wrappers_pb2

BytesValue = wrappers_pb2.BytesValue
StringValue = wrappers_pb2.StringValue
UInt64Value = wrappers_pb2.UInt64Value


class Echo:
    def __init__(self, channel):
        def unary(name, request, response):
            return channel.unary_unary(
                "/test.Echo/" + name,
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )

        self.echo = unary("Echo", BytesValue, BytesValue)
        self.echo_inline = unary("EchoInline", BytesValue, BytesValue)
        self.fail = unary("Fail", StringValue, StringValue)
        self.metadata = unary("Metadata", StringValue, StringValue)
        self.credentials = unary("Credentials", StringValue, StringValue)
        self.counter = unary("Counter", StringValue, UInt64Value)
        self.hang = unary("Hang", StringValue, StringValue)
        self.hold = unary("Hold", StringValue, StringValue)
        self.unknown = unary("Unknown", StringValue, StringValue)
        self.count = channel.unary_stream(
            "/test.Echo/Count",
            request_serializer=UInt64Value.SerializeToString,
            response_deserializer=BytesValue.FromString,
        )
        self.chat = channel.stream_stream(
            "/test.Echo/Chat",
            request_serializer=BytesValue.SerializeToString,
            response_deserializer=BytesValue.FromString,
        )
        self.stall = channel.stream_stream(
            "/test.Echo/Stall",
            request_serializer=BytesValue.SerializeToString,
            response_deserializer=BytesValue.FromString,
        )


def fails(code, call, message=None):
    """The call has to end with the code, and the message where one is given."""
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()} instead of {code}: {error.details()}"
        if message is not None:
            assert error.details() == message, repr(error.details())
        return error
    raise AssertionError(f"the call went well instead of ending with {code}")


def counter(echo, name):
    return echo.counter(StringValue(value=name)).value


def until(condition):
    """Waits for what happens on the other side, for as long as a test may take at all."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def unary(echo):
    for size in (0, 1, 16_383, 16_384, 65_536, 1_000_000):
        body = BytesValue(value=bytes(i & 255 for i in range(size)))
        assert echo.echo(body) == body
        assert echo.echo_inline(body) == body


def many_at_once(echo):
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        bodies = [BytesValue(value=b"%d" % i) for i in range(600)]
        assert list(pool.map(echo.echo, bodies)) == bodies
        assert list(pool.map(echo.echo_inline, bodies)) == bodies


def server_stream(echo):
    sizes = [len(message.value) for message in echo.count(UInt64Value(value=300))]
    assert sizes == [65_536] * 300, len(sizes)
    assert list(echo.count(UInt64Value(value=0))) == []


def bidirectional(echo):
    requests = [BytesValue(value=b"x" * i) for i in range(0, 2_000, 7)]
    assert list(echo.chat(iter(requests))) == requests
    # One after the other: an answer comes before the next question is asked.
    answered = threading.Semaphore(1)

    def questions():
        for i in range(20):
            answered.acquire()
            yield BytesValue(value=b"%d" % i)

    for i, response in enumerate(echo.chat(questions())):
        assert response.value == b"%d" % i
        answered.release()


def status_and_message(echo):
    error = fails(
        grpc.StatusCode.FAILED_PRECONDITION,
        lambda: echo.fail(StringValue(value="status")),
        "100 % näher — 日本\nzwei Zeilen",
    )
    assert ("reason", "test") in [(k, v) for k, v in error.trailing_metadata()], error.trailing_metadata()
    # What is not a status says nothing of itself.
    error = fails(grpc.StatusCode.UNKNOWN, lambda: echo.fail(StringValue(value="error")))
    assert "secret" not in error.details(), error.details()


def metadata(echo):
    answer = echo.metadata(StringValue(value="x-test"), metadata=(("x-test", "one"), ("x-test", "two")))
    assert answer.value == "one|two", answer.value
    assert echo.metadata(StringValue(value="grpc-timeout"), timeout=30).value == ""


def interceptor(echo):
    refuse = (("x-refuse", "yes"),)
    fails(
        grpc.StatusCode.PERMISSION_DENIED,
        lambda: echo.echo(BytesValue(), metadata=refuse),
        "refused before it was read",
    )
    # Also for a method that is not served: the check comes first.
    fails(grpc.StatusCode.PERMISSION_DENIED, lambda: echo.unknown(StringValue(), metadata=refuse))
    fails(grpc.StatusCode.PERMISSION_DENIED, lambda: list(echo.chat(iter([BytesValue()]), metadata=refuse)))


def credentials(echo):
    import os

    groups = ",".join(str(group) for group in sorted(os.getgroups()))
    expected = f"{os.getpid()} {os.getuid()} {os.getgid()} {groups} running"
    assert echo.credentials(StringValue()).value == expected, echo.credentials(StringValue()).value


def deadline(echo):
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: echo.hang(StringValue(), timeout=0.2))
    # On a busy machine the time may be up before the handler begins.
    until(lambda: counter(echo, "hang.cancelled") == counter(echo, "hang.started"))
    # Enough time is no error.
    assert echo.echo(BytesValue(value=b"y"), timeout=30).value == b"y"


def cancel(echo):
    before = counter(echo, "hang.cancelled")
    started = counter(echo, "hang.started")
    call = echo.hang.future(StringValue())
    until(lambda: counter(echo, "hang.started") == started + 1)
    call.cancel()
    until(lambda: counter(echo, "hang.cancelled") == before + 1)
    # A stream that its reader leaves.
    before = counter(echo, "count.ended")
    stream = echo.count(UInt64Value(value=1_000_000))
    next(stream)
    stream.cancel()
    until(lambda: counter(echo, "count.ended") == before + 1)


def slow_reader(echo):
    written = counter(echo, "count.written")
    stream = echo.count(UInt64Value(value=1_600))
    next(stream)
    # The server has had time to run ahead as far as it would.
    for _ in range(5):
        time.sleep(0.1)
        ahead = counter(echo, "count.written") - written
        assert ahead < 200, f"the writer is {ahead} messages of 64 KiB ahead of a reader of one"
    assert sum(1 for _ in stream) == 1_599


def slow_server(echo):
    sent = 0

    def requests():
        nonlocal sent
        for _ in range(800):
            sent += 1
            yield BytesValue(value=bytes(65_536))

    stalled = counter(echo, "stall.started")
    stream = echo.stall(requests())
    until(lambda: counter(echo, "stall.started") == stalled + 1)
    for _ in range(5):
        time.sleep(0.1)
        assert sent < 200, f"{sent} messages of 64 KiB were taken by a server that reads none"
    assert counter(echo, "stall.release") == 1
    assert sum(len(message.value) for message in stream) == 800
    assert sent == 800


def too_large(echo):
    limit = 4 * 1024 * 1024
    # A field of n bytes costs n + 5 here.
    largest = BytesValue(value=bytes(limit - 5))
    assert len(largest.SerializeToString()) == limit
    assert echo.echo(largest).value == largest.value
    for call in (echo.echo, echo.echo_inline):
        fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: call(BytesValue(value=bytes(limit - 4))))
        fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: call(BytesValue(value=bytes(5 * limit))))
    fails(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        lambda: list(echo.chat(iter([BytesValue(value=b"1"), BytesValue(value=bytes(limit))]))),
    )
    # The connection has survived it.
    assert echo.echo(BytesValue(value=b"z")).value == b"z"


def compression(echo):
    for call in (echo.echo, echo.echo_inline):
        error = fails(
            grpc.StatusCode.UNIMPLEMENTED,
            lambda: call(BytesValue(value=b"a" * 10_000), compression=grpc.Compression.Gzip),
        )
        assert "gzip" in error.details(), error.details()
    fails(
        grpc.StatusCode.UNIMPLEMENTED,
        lambda: list(echo.chat(iter([BytesValue()]), compression=grpc.Compression.Deflate)),
    )


def unknown(echo):
    error = fails(grpc.StatusCode.UNIMPLEMENTED, lambda: echo.unknown(StringValue(value="x")))
    assert "Unknown" in error.details(), error.details()


def malformed(echo, channel):
    call = channel.unary_unary("/test.Echo/Echo")
    fails(grpc.StatusCode.INTERNAL, lambda: call(b"\x0a\xff"))
    # A method of one request, and two of them.
    call = channel.stream_unary("/test.Echo/Echo")
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: call(iter([b"", b""])))
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: call(iter([])))
    call = channel.unary_unary("/nobody.Knows/This")
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: call(b""))


def large_headers(echo):
    fails_with = None
    try:
        echo.echo(BytesValue(), metadata=(("x-large", "v" * 100_000),))
    except grpc.RpcError as error:
        fails_with = error.code()
    assert fails_with is not None, "100 kB of headers were accepted"
    # A new connection is made where that one was closed.
    until(lambda: reachable(echo))


def reachable(echo):
    try:
        return echo.echo(BytesValue(value=b"z")).value == b"z"
    except grpc.RpcError:
        return False


def drain(echo):
    # The server drains as soon as it has this call; the call finishes all the same.
    assert echo.hold(StringValue(value="held")).value == "held"
    until(lambda: not reachable(echo))
    fails(grpc.StatusCode.UNAVAILABLE, lambda: echo.echo(BytesValue()))


def cut_off(echo):
    # The server's patience ends before the call does.
    fails(grpc.StatusCode.UNAVAILABLE, lambda: echo.hang(StringValue()))


def health(channel):
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    assert check(b"") == b"\x08\x01"
    assert check(b"\x0a\x09test.Echo") == b"\x08\x02"
    fails(grpc.StatusCode.NOT_FOUND, lambda: check(b"\x0a\x01x"))
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"\x0a\x01x")
    assert next(watch) == b"\x08\x03"
    watch.cancel()


def main():
    scenario, target = sys.argv[1:]
    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.use_local_subchannel_pool", 1),
        # Otherwise the client's windows grow to 16 MiB and hide whether the server minds them.
        ("grpc.http2.bdp_probe", 0),
    ]
    with grpc.insecure_channel(target, options=options) as channel:
        function = globals()[scenario]
        if scenario == "malformed":
            function(Echo(channel), channel)
        elif scenario == "health":
            function(channel)
        else:
            function(Echo(channel))


main()
