"""A py-spiffe server and client that talk over one live mTLS connection while their SVIDs are rotated.

For each update that the Workload API pushes, prints `update SERIAL AUTHORITIES` and makes a new handshake with what
both sides hold by then. When it reads `quit` it prints one line of JSON and exits: requests, failures, updates,
handshakes.
"""

import json
import queue
import socket
import sys
import threading

from OpenSSL import SSL
from spiffe import SpiffeId, X509Source
from spiffetls import ListenOptions, ServerTlsMode, create_ssl_context, listen
from spiffetls.tlsconfig.authorize import authorize_id


def receive(connection, count):
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise ConnectionError("the connection was closed")
        data += chunk
    return data


def serve(listener):
    """Echoes messages of eight bytes on every connection."""

    def echo(connection):
        try:
            connection.do_handshake()
            while True:
                connection.sendall(receive(connection, 8))
        except Exception:
            pass

    while True:
        try:
            connection, _ = listener.accept()
        except Exception:
            return
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


class Counts:
    requests = 0
    failures = 0
    updates = 0
    handshakes = 0
    wrong_serials = 0


def main():
    source = X509Source(timeout_in_seconds=20)
    spiffe_id = SpiffeId(str(source.svid.spiffe_id))
    listener = listen(
        "127.0.0.1:0",
        source,
        ListenOptions(tls_mode=ServerTlsMode.MTLS, authorize_fn=authorize_id(spiffe_id), backlog=64),
    )
    address = listener.getsockname()
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    context = create_ssl_context(
        SSL.TLS_CLIENT_METHOD, source, authorize_id(spiffe_id), SSL.VERIFY_PEER
    )

    updates = queue.Queue()
    # Called after both TLS contexts have taken the update: they subscribed first.
    source.subscribe_for_updates(lambda: updates.put(source.get_x509_context()))

    def connect():
        connection = SSL.Connection(context, socket.create_connection(address))
        connection.set_connect_state()
        connection.do_handshake()
        return connection

    def ask(connection):
        Counts.requests += 1
        message = Counts.requests.to_bytes(8, "big")
        connection.sendall(message)
        if receive(connection, 8) != message:
            raise ConnectionError("the answer is another's")

    live = connect()
    stop = threading.Event()

    def live_requests():
        while not stop.is_set():
            try:
                ask(live)
            except Exception as error:
                Counts.failures += 1
                print(f"failure on the live connection: {error!r}", file=sys.stderr)
                return
            stop.wait(0.001)

    requester = threading.Thread(target=live_requests)
    requester.start()
    lock = threading.Lock()

    def follow():
        while True:
            update = updates.get()
            if update is None:
                return
            svid = update.default_svid
            with lock:
                Counts.updates += 1
                try:
                    fresh = connect()
                    Counts.handshakes += 1
                    message = b"fresh..."
                    fresh.sendall(message)
                    if receive(fresh, 8) != message:
                        raise ConnectionError("the answer is another's")
                    if fresh.get_peer_certificate().get_serial_number() != svid.leaf.serial_number:
                        # A later update overtook this handshake, or the server still holds the old one.
                        if updates.empty():
                            Counts.wrong_serials += 1
                    fresh.shutdown()
                    fresh.close()
                except Exception as error:
                    Counts.failures += 1
                    print(f"failure on a new connection: {error!r}", file=sys.stderr)
            bundle = next(iter(update.x509_bundle_set.bundles))
            print(f"update {svid.leaf.serial_number:x} {len(bundle.x509_authorities)}", flush=True)

    follower = threading.Thread(target=follow)
    follower.start()
    print(f"ready {source.svid.leaf.serial_number:x}", flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            break
    updates.put(None)
    follower.join()
    stop.set()
    requester.join()
    ask(live)
    print(
        json.dumps(
            {
                "requests": Counts.requests,
                "failures": Counts.failures,
                "updates": Counts.updates,
                "handshakes": Counts.handshakes,
                "wrong_serials": Counts.wrong_serials,
            }
        ),
        flush=True,
    )
    # The watcher of the library keeps the process alive otherwise.
    source.close()


main()
