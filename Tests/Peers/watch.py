"""Follows FetchX509SVID through py-spiffe and prints each message's ids, and the error that ends the stream.

A line `seteuid N` on standard input makes it another user, and any other ends it.
"""

import os
import sys
import threading

from spiffe import WorkloadApiClient


def main():
    ended = threading.Event()

    def on_success(context):
        print("svids " + " ".join(str(each.spiffe_id) for each in context.x509_svids), flush=True)

    def on_error(error):
        print(f"error {error}".replace("\n", " "), flush=True)
        ended.set()

    client = WorkloadApiClient()
    handler = client.stream_x509_contexts(on_success, on_error, retry_connect=False)

    def obey():
        for line in sys.stdin:
            words = line.split()
            if words[:1] != ["seteuid"]:
                break
            os.seteuid(int(words[1]))
        ended.set()

    threading.Thread(target=obey, daemon=True).start()
    ended.wait(60)
    handler.cancel()


main()
