"""Serves gRPC on a Unix socket and calls it through a gateway, both with Python's grpcio:
grpc_through_gateway.py PORT CERTIFICATE KEY ROOTS SOCKET.

Prints how many kinds of calls went as they do without a gateway.
"""

import concurrent.futures
import sys
import threading

import grpc

SERVICE = "lapwing.test.Echo"
cancelled = threading.Event()


def unary(request, context):
    sent = dict(context.invocation_metadata())
    context.send_initial_metadata((("x-initial", sent.get("x-sent", "")),))
    context.set_trailing_metadata((("x-trailing", "end"), ("x-bytes-bin", b"\x00\xff")))
    return request


def server_stream(request, context):
    for number in range(int(request)):
        yield b"message %d" % number


def client_stream(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def both(requests, context):
    for request in requests:
        yield b"re: " + request
    context.set_trailing_metadata((("x-trailing", "end"),))


def fails(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: ü")


def fails_late(request, context):
    yield b"one"
    context.abort(grpc.StatusCode.DATA_LOSS, "gone")


def hangs(request, context):
    context.add_callback(cancelled.set)
    cancelled.wait(20)
    return b""


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        handlers = {
            "Unary": grpc.unary_unary_rpc_method_handler(unary),
            "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
            "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
            "Both": grpc.stream_stream_rpc_method_handler(both),
            "Fails": grpc.unary_unary_rpc_method_handler(fails),
            "FailsLate": grpc.unary_stream_rpc_method_handler(fails_late),
            "Hangs": grpc.unary_unary_rpc_method_handler(hangs),
            "Denied": grpc.unary_unary_rpc_method_handler(unary),
        }
        return handlers.get(details.method.removeprefix(f"/{SERVICE}/"))


def status_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return None


def main(port: str, certificate: str, key: str, roots: str, socket: str) -> None:
    size = 8 << 20
    limits = [("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size)]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(32), handlers=[Handler()], options=limits)
    assert server.add_insecure_port(f"unix:{socket}")
    server.start()
    credentials = grpc.ssl_channel_credentials(
        open(roots, "rb").read(), open(key, "rb").read(), open(certificate, "rb").read()
    )
    options = limits + [("grpc.ssl_target_name_override", "inference.example")]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)

        def method(kind, name):
            return getattr(channel, kind)(f"/{SERVICE}/{name}")

        def one():
            response, call = method("unary_unary", "Unary").with_call(b"hello", metadata=(("x-sent", "a"),), timeout=10)
            assert response == b"hello"
            assert dict(call.initial_metadata())["x-initial"] == "a", call.initial_metadata()
            trailing = dict(call.trailing_metadata())
            assert trailing["x-trailing"] == "end" and trailing["x-bytes-bin"] == b"\x00\xff", trailing

        def large():
            message = b"x" * (3 << 20)
            assert method("unary_unary", "Unary")(message, timeout=30) == message

        def many():
            got = list(method("unary_stream", "ServerStream")(b"500", timeout=10))
            assert got == [b"message %d" % number for number in range(500)]

        def gathered():
            assert method("stream_unary", "ClientStream")((b"x" * 1000 for _ in range(300)), timeout=10) == b"300000"

        def turns():
            # Each message is sent only once the one before was answered: nothing may be held back.
            turn = threading.Semaphore(0)

            def requests():
                for number in range(100):
                    yield b"%d" % number
                    turn.acquire()

            call = method("stream_stream", "Both")(requests(), timeout=20)
            for number, response in enumerate(call):
                assert response == b"re: %d" % number
                turn.release()
            assert number == 99 and dict(call.trailing_metadata())["x-trailing"] == "end"

        def failure():
            assert status_of(lambda: method("unary_unary", "Fails")(b"", timeout=10)) == (
                grpc.StatusCode.NOT_FOUND,
                "no such thing: ü",
            )

        def late():
            got = []
            status = status_of(lambda: got.extend(method("unary_stream", "FailsLate")(b"", timeout=10)))
            assert status == (grpc.StatusCode.DATA_LOSS, "gone"), status

        def unknown():
            assert status_of(lambda: method("unary_unary", "Nothing")(b"", timeout=10))[0] == grpc.StatusCode.UNIMPLEMENTED

        def deadline():
            assert status_of(lambda: method("unary_unary", "Hangs")(b"", timeout=0.2))[0] == grpc.StatusCode.DEADLINE_EXCEEDED
            # The server is told, or would wait.
            assert cancelled.wait(10)

        def denied():
            assert status_of(lambda: method("unary_unary", "Denied")(b"", timeout=10))[0] == grpc.StatusCode.PERMISSION_DENIED

        def crowd():
            call = method("unary_unary", "Unary")
            calls = [call.future(b"%d" % number, timeout=30) for number in range(500)]
            assert [each.result() for each in calls] == [b"%d" % number for number in range(500)]

        kinds = [one, large, many, gathered, turns, failure, late, unknown, deadline, denied, crowd]
        right = 0
        for kind in kinds:
            try:
                kind()
                right += 1
            except Exception as error:
                print(f"{kind.__name__}: {error!r}")
        print(f"{right} of {len(kinds)}")
    server.stop(None).wait()
    assert right == len(kinds)


main(*sys.argv[1:])
