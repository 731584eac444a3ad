"""py-spiffe and plain gRPC against the Workload API: fetches everything once and prints what came as JSON.

The endpoint comes from SPIFFE_ENDPOINT_SOCKET.
"""

import json
import os
import sys

import grpc
from spiffe import WorkloadApiClient

SERVICE = "/SpiffeWorkloadAPI/"
HEADER = (("workload.spiffe.io", "true"),)


def outcome(call):
    """The status code's name that a call ends with, or OK after its first message."""
    try:
        for _ in call:
            call.cancel()
            return "OK"
        return "EMPTY"
    except grpc.RpcError as error:
        return error.code().name


def statuses():
    """Every method of the proto, with the header and with what is no header."""
    found = {}
    with grpc.insecure_channel(os.environ["SPIFFE_ENDPOINT_SOCKET"]) as channel:
        for method in [
            "FetchX509SVID",
            "FetchX509Bundles",
            "FetchJWTSVID",
            "FetchJWTBundles",
            "ValidateJWTSVID",
            "FetchWITSVID",
            "FetchWITBundles",
            "NoSuchMethod",
        ]:
            for name, metadata in [
                ("header", HEADER),
                ("none", ()),
                ("capital", (("workload.spiffe.io", "True"),)),
                ("empty", (("workload.spiffe.io", ""),)),
                ("twice", HEADER + HEADER),
            ]:
                call = channel.unary_stream(
                    SERVICE + method, request_serializer=None, response_deserializer=None
                )
                found[f"{method} {name}"] = outcome(call(b"", metadata=metadata, timeout=10))
    return found


def fetched():
    """What py-spiffe makes of the answers."""
    with WorkloadApiClient() as client:
        svid = client.fetch_x509_svid()
        svids = client.fetch_x509_svids()
        context = client.fetch_x509_context()
        bundles = client.fetch_x509_bundles()
        return {
            "default": str(svid.spiffe_id),
            "svids": [str(each.spiffe_id) for each in svids],
            "hints": [each.hint for each in svids],
            "chain": len(svid.cert_chain),
            "context": str(context.default_svid.spiffe_id),
            "context_bundles": [each.trust_domain.name for each in context.x509_bundle_set.bundles],
            "bundles": {
                each.trust_domain.name: len(each.x509_authorities) for each in bundles.bundles
            },
        }


def main():
    what = sys.argv[1]
    if what == "statuses":
        print(json.dumps(statuses()))
    elif what == "fetch":
        print(json.dumps(fetched()))
    else:
        sys.exit(f"unknown: {what}")


main()
