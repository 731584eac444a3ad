"""Serves WebSockets on a Unix socket and calls them through a gateway, both with Python's websockets:
websocket_through_gateway.py PORT CERTIFICATE KEY SOCKET.

Prints how many things went as they do without a gateway.
"""

import asyncio
import ssl
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import unix_serve


async def echo(connection):
    async for message in connection:
        if message == "close":
            await connection.close(4000, "as asked")
        elif message == "who":
            await connection.send(connection.request.headers["x-lapwing-spiffe-id"])
        elif message == "flood":
            for number in range(2000):
                await connection.send(b"%d" % number + b"x" * 4000)
        else:
            await connection.send(message)


def refuse(connection, request):
    if request.headers.get("x-refuse"):
        return connection.respond(418, "no tea\n")


def choose(connection, offered):
    return "echo" if "echo" in offered else None


async def main(port: str, certificate: str, key: str, socket: str) -> None:
    context = ssl.create_default_context()
    # An SVID names no host; whom we have called is examined elsewhere.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    uri = f"wss://127.0.0.1:{port}"

    def call(path="/v1/stream", **options):
        return connect(uri + path, ssl=context, open_timeout=10, **options)

    async def texts():
        async with call() as connection:
            for text in ["hello", "ü" * 1000, ""]:
                await connection.send(text)
                assert await connection.recv() == text
            await connection.send("who")
            assert await connection.recv() == "spiffe://cluster.local/ns/ml-api/sa/api-gateway"

    async def bytes_both_ways():
        async with call(max_size=None) as connection:
            message = bytes(range(256)) * 2048
            await connection.send(message)
            assert await connection.recv() == message

    async def fragments():
        async with call(compression=None) as connection:
            async def parts():
                for number in range(100):
                    yield f"{number},"

            await connection.send(parts())
            assert await connection.recv() == "".join(f"{number}," for number in range(100))

    async def subprotocol():
        async with call(subprotocols=["other", "echo"]) as connection:
            assert connection.subprotocol == "echo"
            assert connection.protocol.extensions, "permessage-deflate was offered"

    async def ping():
        async with call() as connection:
            await asyncio.wait_for(await connection.ping(), 10)

    async def closed_by_server():
        async with call() as connection:
            await connection.send("close")
            try:
                await connection.recv()
                raise AssertionError("open")
            except websockets.ConnectionClosed as error:
                assert error.rcvd.code == 4000 and error.rcvd.reason == "as asked", error

    async def slow_reader():
        async with call(compression=None, max_queue=2) as connection:
            await connection.send("flood")
            for number in range(2000):
                message = await connection.recv()
                assert message == b"%d" % number + b"x" * 4000

    async def refused_by_server():
        try:
            async with call(additional_headers={"X-Refuse": "1"}):
                raise AssertionError("open")
        except websockets.InvalidStatus as error:
            assert error.response.status_code == 418 and error.response.body == b"no tea\n"

    async def denied():
        try:
            async with call("/admin"):
                raise AssertionError("open")
        except websockets.InvalidStatus as error:
            assert error.response.status_code == 403

    async def other_route():
        try:
            async with call("/v1/first"):
                raise AssertionError("open")
        except websockets.InvalidStatus as error:
            assert error.response.status_code == 501

    async def crowd():
        async def one(number):
            async with call() as connection:
                await connection.send(f"{number}")
                return await connection.recv() == f"{number}"

        assert all(await asyncio.gather(*(one(number) for number in range(50))))

    things = [
        texts, bytes_both_ways, fragments, subprotocol, ping, closed_by_server, slow_reader, refused_by_server, denied,
        other_route, crowd,
    ]
    right = 0
    async with unix_serve(echo, socket, select_subprotocol=choose, process_request=refuse, max_size=None):
        for thing in things:
            try:
                await asyncio.wait_for(thing(), 30)
                right += 1
            except Exception as error:
                print(f"{thing.__name__}: {error!r}")
    print(f"{right} of {len(things)}")
    assert right == len(things)


asyncio.run(main(*sys.argv[1:]))
