"""Model servers of other people, each on a Unix socket in a folder: model_servers.py FOLDER

llama.sock     llama.cpp's server (xllamacpp) with the model of tiny_model.py: chat, completions, responses, messages
mlserver.sock  MLServer with two models of scikit-learn that are trained here: `points` adds coordinates up to a class,
               `tickets` tells from a ticket's text which mailbox it goes to
kserve.sock    KServe's own server with `sums`, which adds up rows; it speaks the protocol's binary extension

Prints `ready` once all three answer, and ends with standard input.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import tiny_model


def onto_socket(path: str) -> None:
    """Has uvicorn, which both Python servers run in, listen on a Unix socket instead of a port."""
    import uvicorn

    plain = uvicorn.Config.__init__

    def on_socket(self, app, *arguments, **settings):
        settings.pop("host", None)
        settings.pop("port", None)
        plain(self, app, *arguments, uds=path, **settings)

    uvicorn.Config.__init__ = on_socket


def serve_llama(folder: str) -> None:
    import xllamacpp

    model = f"{folder}/chain.gguf"
    with open(model, "wb") as file:
        file.write(tiny_model.model())
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {"chain"}
    parameters.hostnames = [f"{folder}/llama.sock"]
    parameters.n_ctx = 4096
    parameters.n_parallel = 2
    parameters.cpuparams.n_threads = 1
    parameters.warmup = False
    parameters.sampling.temp = 0
    server = xllamacpp.Server(parameters)
    signal.pause()
    del server


def serve_mlserver(folder: str) -> None:
    import joblib
    from mlserver.cli import main
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    points = LogisticRegression().fit([[0, 0], [0, 1], [1, 0], [3, 3], [3, 2], [2, 3]], [0, 0, 0, 1, 1, 1])
    tickets = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
        ["the invoice is wrong", "a payment came twice", "the page does not load", "login fails with an error"],
        ["billing@example.org"] * 2 + ["support@example.org"] * 2,
    )
    for name, model in {"points": points, "tickets": tickets}.items():
        os.makedirs(f"{folder}/models/{name}")
        joblib.dump(model, f"{folder}/models/{name}/model.joblib")
        with open(f"{folder}/models/{name}/model-settings.json", "w") as file:
            json.dump({"name": name, "implementation": "mlserver_sklearn.SKLearnModel"}, file)
    with open(f"{folder}/models/settings.json", "w") as file:
        json.dump(
            {"host": "127.0.0.1", "grpc_port": 0, "metrics_endpoint": None, "parallel_workers": 0, "use_structured_logging": False},
            file,
        )
    onto_socket(f"{folder}/mlserver.sock")
    sys.argv = ["mlserver", "start", f"{folder}/models"]
    main()


def serve_kserve(folder: str) -> None:
    # Its own arguments are read when it is imported.
    sys.argv = ["kserve"]
    import kserve

    class Sums(kserve.Model):
        def __init__(self):
            super().__init__("sums")
            self.ready = True

        def predict(self, request, headers=None, response_headers=None):
            rows = request.inputs[0].as_numpy()
            output = kserve.InferOutput("sum", [rows.shape[0]], "FP64")
            output.set_data_from_numpy(rows.astype("float64").sum(axis=1), binary_data=False)
            return kserve.InferResponse(
                request.id,
                "sums",
                [output],
                use_binary_outputs=request.use_binary_outputs,
                requested_outputs=request.request_outputs,
            )

    onto_socket(f"{folder}/kserve.sock")
    kserve.ModelServer(workers=1, enable_grpc=False).start([Sums()])


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def answers(path: str, probe: str) -> bool:
    connection = Connection(path)
    try:
        connection.request("GET", probe)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


SERVERS = {
    "llama": (serve_llama, ["/health"]),
    "mlserver": (serve_mlserver, ["/v2/models/points/ready", "/v2/models/tickets/ready"]),
    "kserve": (serve_kserve, ["/v2/models/sums/ready"]),
}


def main() -> None:
    folder = sys.argv[1]
    children = {}
    try:
        for name in SERVERS:
            log = open(f"{folder}/{name}.log", "w")
            children[name] = subprocess.Popen(
                [sys.executable, __file__, folder, name], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + 120
        for name, (_, probes) in SERVERS.items():
            while not all(answers(f"{folder}/{name}.sock", probe) for probe in probes):
                if children[name].poll() is not None or time.monotonic() > until:
                    with open(f"{folder}/{name}.log") as log:
                        sys.exit(f"{name} did not start:\n{log.read()[-2000:]}")
                time.sleep(0.1)
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        for child in children.values():
            child.kill()
        for child in children.values():
            child.wait()


if __name__ == "__main__":
    SERVERS[sys.argv[2]][0](sys.argv[1]) if len(sys.argv) > 2 else main()
