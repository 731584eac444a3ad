"""The two programs in tools/: built on demand, started, and spoken to."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path

from .certificates import Credential
from .job import Upstream
from .processes import Process

HERE = Path(__file__).resolve().parents[1]
LOAD = HERE / ".build" / "load"
UPSTREAM = HERE / ".build" / "upstream"


def build() -> None:
    done = subprocess.run(["make", "-s", "-C", str(HERE)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"cannot build the load generator (run Benchmarks/proxy/setup):\n{done.stderr}")


class UpstreamServer:
    """The service behind the proxies; it ends when its standard input does."""

    def __init__(
        self, directory: Path, kind: str, delay_us: int, events: int, event_interval_us: int, cpu: set[int] | None
    ) -> None:
        socket = directory / "upstream.sock"
        self.process = Process(
            [
                str(UPSTREAM), "--socket", str(socket), "--delay-us", str(delay_us),
                "--events", str(events), "--event-interval-us", str(event_interval_us),
            ],
            directory / "upstream.log", cpu, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.popen.stdout.readline()
        if not line:
            self.process.popen.wait()
            self.process.check()
        self.address = Upstream(kind, socket, int(line), events)

    def ask(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.address.port}{path}", timeout=5) as answer:
            return answer.read().decode("latin-1")

    def answered(self) -> int:
        """How many requests have reached it and been answered."""
        counts = json.loads(self.ask("/counts"))
        return counts["predictions"] + counts["streams"]

    def last_head(self) -> str:
        """The head of the last request as it arrived."""
        return self.ask("/last")


class LoadRun:
    """One run of the load generator, in the steps between which the proxy's counters are read."""

    def __init__(
        self, port: int, bundle: Path, credential: Credential, log: Path, cpu: set[int] | None, **options: object
    ) -> None:
        command = [
            str(LOAD), "--connect", f"127.0.0.1:{port}", "--ca", str(bundle),
            "--cert", str(credential.certificate), "--key", str(credential.key),
        ]  # fmt: skip
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self.process = Process(command, log, cpu, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read("ready")

    def read(self, expected: str | None = None) -> str:
        line = self.process.popen.stdout.readline().strip()
        if not line or (expected and line != expected):
            self.process.popen.wait(5)
            self.process.check()
            raise RuntimeError(f"the load generator said `{line}`")
        return line

    def go(self) -> dict:
        """Runs it; its connections stay open."""
        self.process.popen.stdin.write("go\n")
        self.process.popen.stdin.flush()
        return json.loads(self.read())

    def end(self) -> None:
        self.process.popen.stdin.close()
        self.process.popen.wait(30)
