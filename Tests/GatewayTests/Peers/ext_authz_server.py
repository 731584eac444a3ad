"""An external authorization server of envoy.service.auth.v3, by gRPC's own messages: ext_authz_server.py SOCKET

It does what the header `x-ask` of a request says, or the server name of a connection without HTTP. It prints `ready`, and
stops when its standard input ends.
"""

import json
import os
import sys
import time
from concurrent import futures

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2 as auth
from envoy.service.auth.v3 import external_auth_pb2_grpc
from google.rpc import code_pb2, status_pb2


def header(key: str, value: str, append: bool = False) -> base_pb2.HeaderValueOption:
    option = base_pb2.HeaderValueOption(header=base_pb2.HeaderValue(key=key, value=value))
    if append:
        option.append.value = True
    return option


def allowed(*headers: base_pb2.HeaderValueOption, **fields) -> auth.CheckResponse:
    return auth.CheckResponse(
        status=status_pb2.Status(code=code_pb2.OK), ok_response=auth.OkHttpResponse(headers=headers, **fields)
    )


class Judge(external_auth_pb2_grpc.AuthorizationServicer):
    def Check(self, request: auth.CheckRequest, context: grpc.ServicerContext) -> auth.CheckResponse:
        attributes = request.attributes
        http = attributes.request.http
        if not attributes.request.HasField("http"):
            # A connection without HTTP: all that is known is who calls, from where and for which name.
            known = attributes.source.address.socket_address.port_value and attributes.destination.address.socket_address
            match attributes.tls_session.sni if known else "":
                case "allow.example" if attributes.source.principal.endswith("/sa/api-gateway"):
                    return auth.CheckResponse(status=status_pb2.Status(code=code_pb2.OK))
                case "sleep.example":
                    while context.is_active():
                        time.sleep(0.01)
            return auth.CheckResponse(status=status_pb2.Status(code=code_pb2.PERMISSION_DENIED))
        match http.headers.get("x-ask"):
            case "allow":
                seen = {
                    "principal": attributes.source.principal,
                    "source": attributes.source.address.socket_address.address,
                    "method": http.method,
                    "path": http.path,
                    "host": http.host,
                    "size": http.size,
                    "tenant": http.headers.get("x-tenant"),
                    "body": http.body,
                    "raw": http.raw_body.decode("latin-1"),
                    "timed": attributes.request.time.seconds > 1_700_000_000,
                }
                return allowed(
                    header("x-seen", json.dumps(seen, sort_keys=True)),
                    header("x-tenant", "green"),
                    header("x-tag", "two", append=True),
                    headers_to_remove=["x-session", "host", "content-length", "x-lapwing-spiffe-id"],
                    response_headers_to_add=[header("x-told", "yes"), header("content-length", "9999")],
                )
            case "plain":
                return auth.CheckResponse(status=status_pb2.Status(code=code_pb2.OK))
            case "deny":
                return auth.CheckResponse(
                    status=status_pb2.Status(code=code_pb2.PERMISSION_DENIED),
                    denied_response=auth.DeniedHttpResponse(
                        status={"code": 429},
                        headers=[header("retry-after", "7"), header("content-length", "0"), header("connection", "x")],
                        body="slow down",
                    ),
                )
            case "deny plainly":
                return auth.CheckResponse(status=status_pb2.Status(code=code_pb2.PERMISSION_DENIED))
            case "identity":
                return allowed(
                    header("x-lapwing-spiffe-id", "spiffe://evil/x"),
                    header("x-forwarded-client-cert", "URI=spiffe://evil/x"),
                    header("x-forwarded-for", "6.6.6.6"),
                    header("X-Lapwing-Spiffe-Id", "spiffe://evil/x", append=True),
                    header("x_lapwing_spiffe_id", "spiffe://evil/x"),
                    header("host", "evil.example"),
                    header("content-length", "1"),
                    header("transfer-encoding", "chunked"),
                    header("connection", "x-tenant"),
                    header("upgrade", "websocket"),
                )
            case "pseudo":
                return allowed(header(":path", "/admin"), header(":authority", "evil"))
            case "smuggle":
                return allowed(header("x-tag", "a\r\nx-lapwing-spiffe-id: spiffe://evil/x"))
            case "smuggle a name":
                return allowed(header("x-tag: a\r\nx-evil", "b"))
            case "smuggle a response":
                return allowed(response_headers_to_add=[header("x-told", "a\r\n\r\n<script>")])
            case "say nothing":
                return auth.CheckResponse()
            case "contradict":
                return auth.CheckResponse(
                    status=status_pb2.Status(code=code_pb2.OK),
                    denied_response=auth.DeniedHttpResponse(status={"code": 403}),
                )
            case "query":
                return allowed(query_parameters_to_remove=["a"])
            case "flood":
                return allowed(*[header(f"x-{number}", "1") for number in range(200)])
            case "huge":
                return allowed(header("x-tag", "a" * 1_000_000))
            case "throw":
                raise RuntimeError("broken")
            case "abort":
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
            case "sleep":
                while context.is_active():
                    time.sleep(0.01)
                return auth.CheckResponse()
            case "die":
                os._exit(1)
        return auth.CheckResponse(status=status_pb2.Status(code=code_pb2.UNAUTHENTICATED))


def main(socket: str) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    external_auth_pb2_grpc.add_AuthorizationServicer_to_server(Judge(), server)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(None)
    os._exit(0)


main(sys.argv[1])
