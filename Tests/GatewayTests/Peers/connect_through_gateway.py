"""Tunnels through a gateway to an Envoy that ends them, with curl and with bytes of our own:
connect_through_gateway.py ENVOY PORT CERTIFICATE KEY SOCKET.

The gateway's upstream is SOCKET, where Envoy listens. Prints how many things went as they do without a gateway.
"""

import hashlib
import http.server
import json
import os
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

TYPE = "type.googleapis.com/envoy.extensions"


class Origin(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, and with the digest of what it was sent."""

    def do_GET(self):
        self.answer(f"GET {self.path} {self.headers['Host']}".encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(hashlib.sha256(body).hexdigest().encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def envoy(path, ports):
    """An Envoy that ends the tunnels to each name at a port of this machine."""
    clusters = [
        {
            "name": name,
            "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                    "socket_address": {"address": "127.0.0.1", "port_value": port}}}}]}],
            },
        }
        for name, port in ports.items()
    ]
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "tunnels",
        "upgrade_configs": [{"upgrade_type": "CONNECT"}],
        "route_config": {"virtual_hosts": [
            {
                "name": name, "domains": [name],
                "routes": [{
                    "match": {"connect_matcher": {}},
                    "route": {"cluster": name, "timeout": "0s",
                              "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}]},
                }],
            }
            for name in ports
        ]},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}],
    }
    return {"static_resources": {
        "listeners": [{
            "name": "tunnels", "address": {"pipe": {"path": path}},
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
        }],
        "clusters": clusters,
    }}


def listens(path):
    """Whether somebody takes connections there: the file is there a moment before."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
        return True
    except OSError:
        return False


def main(binary, port, certificate, key, path):
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    secure = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    echo = Threads(("127.0.0.1", 0), Echo)
    ports = {
        "db.internal:5432": serve(origin), "db.internal:5433": serve(secure), "db.internal:5434": serve(echo),
    }
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    ports["db.internal:5435"] = closed.getsockname()[1]

    folder = tempfile.mkdtemp()
    file = os.path.join(folder, "envoy.json")
    with open(file, "w") as output:
        json.dump(envoy(path, ports), output)
    log = open(os.path.join(folder, "envoy.log"), "w")
    process = subprocess.Popen(
        [binary, "-c", file, "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"], stdout=log, stderr=log
    )
    try:
        for _ in range(400):
            if process.poll() is not None or listens(path):
                break
            time.sleep(0.05)
        assert listens(path), open(log.name).read()
        return checks(port, certificate, key)
    finally:
        process.kill()


def checks(port, certificate, key):
    def curl(url, *arguments):
        done = subprocess.run(
            ["curl", "-sS", "-k", "--max-time", "20", "-p", "--proxy", f"https://127.0.0.1:{port}", "--proxy-insecure",
             "--proxy-cert", certificate, "--proxy-key", key, "-w", "\n%{http_connect}", *arguments, url],
            capture_output=True,
        )
        body, _, status = done.stdout.decode().rpartition("\n")
        return done.returncode, body, status

    def tunnel(target, early=b""):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(certificate, key)
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)), 20))
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode() + early)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                break
            head += byte
        return connection, head

    def get():
        assert curl("http://db.internal:5432/a?b") == (0, "GET /a?b db.internal:5432", "200")

    def get_over_tls():
        assert curl("https://db.internal:5433/x") == (0, "GET /x db.internal:5433", "200")

    def post():
        with tempfile.NamedTemporaryFile() as body:
            body.write(os.urandom(3 << 20))
            body.flush()
            digest = hashlib.sha256(open(body.name, "rb").read()).hexdigest()
            assert curl("http://db.internal:5432/", "--data-binary", f"@{body.name}", "-H", "Expect:") == (
                0, digest, "200",
            )

    def refused_by_policy():
        status, _, connect = curl("http://db.internal:22/")
        assert status != 0 and connect == "403", (status, connect)

    def no_route():
        status, _, connect = curl("http://web.internal:5432/")
        assert status != 0 and connect == "501", (status, connect)

    def unknown_to_envoy():
        status, _, connect = curl("http://db.internal:5439/")
        assert status != 0 and connect == "404", (status, connect)

    def nobody_listens():
        status, _, connect = curl("http://db.internal:5435/")
        assert status != 0 and connect == "503", (status, connect)

    def both_ways():
        connection, head = tunnel("db.internal:5434", early=b"early")
        assert head.startswith(b"HTTP/1.1 200 ") and b"content-length" not in head.lower(), head
        data = os.urandom(4 << 20)
        # One thread: two must not use a connection over TLS at once.
        connection.setblocking(False)
        got, sent = bytearray(), 0
        while len(got) < len(data) + 5:
            waiting = [connection] if sent < len(data) else []
            readable, writable, _ = select.select([connection], waiting, [], 10)
            assert readable or writable, f"nothing for 10 s, after {len(got)} bytes"
            try:
                if writable:
                    sent += connection.send(data[sent : sent + 65536])
                piece = connection.recv(65536)
                assert piece, f"ended after {len(got)} bytes"
                got += piece
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
        assert got == b"early" + data
        connection.close()

    def the_other_end_closes():
        connection, head = tunnel("db.internal:5432")
        assert head.startswith(b"HTTP/1.1 200 "), head
        connection.sendall(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        got = b""
        while piece := connection.recv(65536):
            got += piece
        assert got.endswith(b"GET / x"), got

    good = 0
    all_checks = [
        get, get_over_tls, post, refused_by_policy, no_route, unknown_to_envoy, nobody_listens, both_ways,
        the_other_end_closes,
    ]
    for check in all_checks:
        try:
            check()
            good += 1
        except Exception as error:  # Each is told, and the others go on.
            print(f"{check.__name__}: {error!r}")
    print(f"{good} of {len(all_checks)}")
    return 0 if good == len(all_checks) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
