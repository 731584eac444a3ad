"""A server of alerts that never comes to an end. Prints its port.

usage: trickle.py head|body|silent|deaf
head: the head of its answer comes byte by byte; body: the head is whole and the body comes byte by byte; silent: it reads
and says nothing; deaf: it does not even read.
"""
import socket
import sys
import threading
import time

mode = sys.argv[1]
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)


def serve(connection):
    try:
        if mode != "deaf":
            connection.recv(65536)
        if mode == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        elif mode == "head":
            connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while True:
            time.sleep(0.1)
            if mode in ("head", "body"):
                connection.sendall(b"a")
    except OSError:
        pass


while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
