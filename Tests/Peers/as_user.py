"""Calls methods of a Unix socket as another user: `as_user.py UID /service/Method …`; prints their statuses as JSON.

The endpoint comes from SPIFFE_ENDPOINT_SOCKET. Only root can run it for another user.
"""

import json
import os
import sys

uid = int(sys.argv[1])
# Loaded whole before the privileges are gone: the folders may be open to root alone.
import grpc  # noqa: E402
import grpc._channel  # noqa: E402, F401

os.setgroups([])
os.setgid(uid)
os.setuid(uid)

found = {}
with grpc.insecure_channel(os.environ["SPIFFE_ENDPOINT_SOCKET"]) as channel:
    for path in sys.argv[2:]:
        call = channel.unary_stream(path, request_serializer=None, response_deserializer=None)(
            b"", metadata=(("workload.spiffe.io", "true"),), timeout=10
        )
        try:
            for _ in call:
                found[path] = "OK"
                call.cancel()
                break
        except grpc.RpcError as error:
            found[path] = error.code().name
print(json.dumps(found))
