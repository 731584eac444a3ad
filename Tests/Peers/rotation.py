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
from spiffetls import create_ssl_context
from spiffetls.tlsconfig.authorize import authorize_id


class Moment:
    """What a source holds at one moment, in the form that spiffe-tls makes a TLS context of.

    spiffe-tls changes its contexts in place on an update, which the pyOpenSSL that it asks for refuses once a context
    has been used; so each update gets contexts of its own.
    """

    def __init__(self, context):
        self.svid = context.default_svid
        self.bundles = context.x509_bundle_set.bundles

    def subscribe_for_updates(self, callback):
        pass


class Contexts:
    """The TLS contexts of both sides, replaced together."""

    def __init__(self, context):
        moment = Moment(context)
        authorize = authorize_id(SpiffeId(str(moment.svid.spiffe_id)))
        self.serial = moment.svid.leaf.serial_number
        self.server = create_ssl_context(SSL.TLS_SERVER_METHOD, moment, authorize)
        self.client = create_ssl_context(SSL.TLS_CLIENT_METHOD, moment, authorize, SSL.VERIFY_PEER)


def receive(connection, count):
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise ConnectionError("the connection was closed")
        data += chunk
    return data


def serve(listener, current):
    """Echoes messages of eight bytes on every connection."""

    def echo(connection):
        try:
            connection.do_handshake()
            while True:
                connection.sendall(receive(connection, 8))
        except Exception:
            pass

    while True:
        accepted, _ = listener.accept()
        connection = SSL.Connection(current().server, accepted)
        connection.set_accept_state()
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


class Counts:
    requests = 0
    failures = 0
    updates = 0
    handshakes = 0
    wrong_serials = 0


def main():
    source = X509Source(timeout_in_seconds=20)
    state = {"contexts": Contexts(source.get_x509_context())}
    updates = queue.Queue()
    source.subscribe_for_updates(lambda: updates.put(source.get_x509_context()))
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    threading.Thread(
        target=serve, args=(listener, lambda: state["contexts"]), daemon=True
    ).start()

    def connect():
        connection = SSL.Connection(state["contexts"].client, socket.create_connection(address))
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
    def follow():
        while True:
            update = updates.get()
            if update is None:
                return
            svid = update.default_svid
            state["contexts"] = Contexts(update)
            Counts.updates += 1
            try:
                fresh = connect()
                Counts.handshakes += 1
                message = b"fresh..."
                fresh.sendall(message)
                if receive(fresh, 8) != message:
                    raise ConnectionError("the answer is another's")
                if fresh.get_peer_certificate().get_serial_number() != svid.leaf.serial_number:
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
    print(f"ready {state['contexts'].serial:x}", flush=True)
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
