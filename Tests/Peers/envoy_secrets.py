"""A real Envoy that takes its certificates and roots from a secret discovery service, under load.

`envoy_secrets.py ENVOY ID TRUST-DOMAIN`. One listener serves mutual TLS; another takes plain HTTP and sends each request
to the first over a new connection, so that every request is a handshake in which Envoy is both sides. Prints `ready
SERIAL` once that works, then `serial SERIAL` whenever the first listener shows another certificate; when it reads `quit`
it prints one line of JSON: requests and failures.
"""

import ctypes
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from cryptography import x509


def secret(name):
    source = {
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "authority"}}],
        },
    }
    return {"name": name, "sds_config": source}


def tls(kind, certificate, roots, **more):
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{kind}",
            "common_tls_context": {
                "tls_certificate_sds_secret_configs": [secret(certificate)],
                "validation_context_sds_secret_config": secret(roots),
            },
            **more,
        },
    }


def manager(name, route):
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name,
            "http_filters": [router],
            "route_config": {
                "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [{"match": {"prefix": "/"}, **route}]}]
            },
        },
    }


def listener(name, place, chain):
    return {"name": name, "address": place, "filter_chains": [chain]}


def configuration(folder, endpoint, identity, domain):
    server = {"pipe": {"path": folder + "/tls.sock"}}
    loopback = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    http2 = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
    }
    once = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "common_http_protocol_options": {"max_requests_per_connection": 1},
            "explicit_http_config": {"http_protocol_options": {}},
        }
    }

    def cluster(name, place, **more):
        endpoints = [{"lb_endpoints": [{"endpoint": {"address": place}}]}]
        return {"name": name, "type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": endpoints}, **more}

    return {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": loopback},
        "static_resources": {
            "listeners": [
                listener(
                    "tls",
                    server,
                    {
                        "transport_socket": tls("DownstreamTlsContext", "default", "ALL", require_client_certificate=True),
                        "filters": [manager("tls", {"direct_response": {"status": 200}})],
                    },
                ),
                listener("plain", loopback, {"filters": [manager("plain", {"route": {"cluster": "tls"}})]}),
            ],
            "clusters": [
                cluster(
                    "authority",
                    {"pipe": {"path": endpoint.removeprefix("unix://")}},
                    typed_extension_protocol_options=http2,
                ),
                cluster(
                    "tls",
                    server,
                    typed_extension_protocol_options=once,
                    transport_socket=tls("UpstreamTlsContext", identity, domain),
                ),
            ],
        },
    }


def shown_serial(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(5)
    plain.connect(path)
    with context.wrap_socket(plain) as connection:
        return f"{x509.load_der_x509_certificate(connection.getpeercert(True)).serial_number:x}"


def main():
    envoy, identity, domain = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/envoy.json", "w") as file:
            json.dump(configuration(folder, os.environ["SPIFFE_ENDPOINT_SOCKET"], identity, domain), file)
        process = subprocess.Popen(
            [envoy, "-c", folder + "/envoy.json", "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
            + ["--admin-address-path", folder + "/admin"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        try:
            run(process, folder)
        finally:
            process.kill()
            process.wait()


def die_with_parent():
    """Whatever becomes of this program, no Envoy is left behind (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def eventually(what, process, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            return what()
        except Exception as error:
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit(f"Envoy does not serve: {error!r}")
            time.sleep(0.05)


def run(process, folder):
    def plain_port():
        with open(folder + "/admin") as file:
            admin = http.client.HTTPConnection(file.read().strip())
        admin.request("GET", "/listeners?format=json")
        found = json.loads(admin.getresponse().read())["listener_statuses"]
        return next(l["local_address"]["socket_address"]["port_value"] for l in found if l["name"] == "plain")

    port = eventually(plain_port, process)
    state = {"requests": 0, "failures": 0, "stop": False}

    def ask():
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", "/")
        response = client.getresponse()
        response.read()
        client.close()
        if response.status != 200:
            raise ConnectionError(f"status {response.status}")

    eventually(ask, process)
    serial = eventually(lambda: shown_serial(folder + "/tls.sock"), process)
    print(f"ready {serial}", flush=True)

    def load():
        while not state["stop"]:
            state["requests"] += 1
            try:
                ask()
            except Exception as error:
                state["failures"] += 1
                print(f"a request failed: {error!r}", file=sys.stderr)

    def follow():
        last = serial
        while not state["stop"]:
            try:
                now = shown_serial(folder + "/tls.sock")
            except OSError as error:
                print(f"no handshake: {error!r}", file=sys.stderr)
                state["failures"] += 1
                continue
            if now != last:
                last = now
                print(f"serial {now}", flush=True)
            time.sleep(0.001)

    threads = [threading.Thread(target=load), threading.Thread(target=follow)]
    for thread in threads:
        thread.start()
    for line in sys.stdin:
        if line.strip() == "quit":
            break
    state["stop"] = True
    for thread in threads:
        thread.join()
    print(json.dumps({"requests": state["requests"], "failures": state["failures"]}), flush=True)


main()
