"""Puts CONNECT requests to an Envoy with filters of ours: connect_in_envoy.py ENVOY CASES.

CASES is JSON: `filters`, a list of lists, and `targets`. Prints for each list, as JSON, which targets were let through.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

TYPE = "type.googleapis.com/envoy.extensions"


def listener(path, filters):
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "check",
        "normalize_path": True,
        "upgrade_configs": [{"upgrade_type": "CONNECT"}],
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{"match": {"connect_matcher": {}}, "direct_response": {"status": 418}}],
        }]},
        "http_filters": filters + [
            {"name": "router", "typed_config": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}
        ],
    }
    return {
        "name": path, "address": {"pipe": {"path": path}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def listens(path):
    """Whether somebody takes connections there: the file is there a moment before."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
        return True
    except OSError:
        return False


def ask(path, target):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        answer = connection.recv(65536)
    status = int(answer.split()[1])
    assert status in (403, 418), answer
    return status == 418


def main(binary, cases):
    cases = json.load(open(cases))
    folder = tempfile.mkdtemp()
    paths = [os.path.join(folder, f"{number}.sock") for number in range(len(cases["filters"]))]
    file = os.path.join(folder, "envoy.json")
    with open(file, "w") as output:
        listeners = [listener(path, filters) for path, filters in zip(paths, cases["filters"])]
        json.dump({"static_resources": {"listeners": listeners}}, output)
    log = open(os.path.join(folder, "envoy.log"), "w")
    process = subprocess.Popen(
        [binary, "-c", file, "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"], stdout=log, stderr=log
    )
    try:
        for _ in range(400):
            if process.poll() is not None or all(map(listens, paths)):
                break
            time.sleep(0.05)
        assert all(map(listens, paths)), open(log.name).read()
        print(json.dumps([[ask(path, target) for target in cases["targets"]] for path in paths]))
    finally:
        process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
