"""Lapwing, with its records on: every decision is on disk before an answer's head leaves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from .job import CALLER, METHOD, PREDICT, SERVICE, STREAM, TRUST_DOMAIN
from .processes import Process, free_port
from .proxy import Proxy

#: Set from the command line's --lapwing.
binary: str | None = None


def find_lapwing() -> str | None:
    """The binary that --lapwing or `LAPWING_BIN` names, that this repository's release build made, or on the path."""
    if binary or os.environ.get("LAPWING_BIN"):
        return binary or os.environ["LAPWING_BIN"]
    built = Path(__file__).resolve().parents[3] / ".build" / "release" / "lapwing"
    return str(built) if built.exists() else shutil.which("lapwing")


class Lapwing(Proxy):
    """The supervisor, the authority and the gateway together; the gateway has one event loop."""

    name = "lapwing"
    remark = "policy on the SPIFFE ID; records on disk before the answer"
    identity_header = "x-lapwing-spiffe-id"

    @classmethod
    def missing(cls) -> str | None:
        return None if find_lapwing() else "there is no lapwing binary; build one, or name it with --lapwing"

    def version(self) -> str:
        return subprocess.run([find_lapwing(), "--version"], capture_output=True, text=True).stdout.strip()

    def start(self) -> None:
        self.port, self.admin_port = free_port(), free_port()
        configuration = self.directory / "configuration"
        configuration.mkdir(parents=True)
        for name, text in self.configuration().items():
            (configuration / name).write_text(text)
        self.process = Process(self.command(configuration), self.directory / "output.log", self.cpu)
        self.process.wait_for_port(self.port)
        self.wait_until_ready()

    def command(self, configuration: Path) -> list[str]:
        """How it is started: with one event loop, as the others have one worker."""
        return [find_lapwing(), "serve", *self.settings(configuration), "--log-level", "warning", "--threads", "1"]

    def settings(self, configuration: Path) -> list[str]:
        """Where everything of this instance lies."""
        return [
            "--config", str(configuration), "--state", str(self.directory / "state"),
            "--run", str(self.directory / "run"), "--trust-domain", TRUST_DOMAIN, "--node", "benchmark",
        ]  # fmt: skip

    def configuration(self) -> dict[str, str]:
        up = self.upstream
        address = (
            f"unixSocket: {up.socket}"
            if up.kind == "unix"
            else f"address: 127.0.0.1\n    port: {up.port}\n    plaintext: true"
        )
        gateway = f"""
apiVersion: lapwing.dev/v1alpha1
kind: Gateway
metadata:
  name: inference
  namespace: {SERVICE.namespace}
spec:
  workload:
    labels: {{ app: {SERVICE.service_account} }}
    serviceAccount: {SERVICE.service_account}
  pathNormalization: MERGE_SLASHES
  listeners:
  - name: mtls
    address: 127.0.0.1
    port: {self.port}
  upstreams:
  - name: model
    {address}
    maximumConnections: 10000
  routes:
  - name: predict
    path: {{ exact: {PREDICT} }}
    upstream: model
  - name: stream
    path: {{ exact: {STREAM} }}
    upstream: model
  limits:
    maximumConnections: 100000
    maximumRequestsPerConnection: 1000000000
    idleTimeout: 600s
  admin:
    address: 127.0.0.1
    port: {self.admin_port}
"""
        policy = f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: only-{CALLER.service_account}
  namespace: {SERVICE.namespace}
spec:
  selector:
    matchLabels:
      app: {SERVICE.service_account}
  action: ALLOW
  rules:
  - from:
    - source:
        principals: ["{TRUST_DOMAIN}/ns/{CALLER.namespace}/sa/{CALLER.service_account}"]
    to:
    - operation:
        methods: ["{METHOD}"]
        paths: ["{PREDICT}", "{STREAM}"]
"""
        entry = f"""
apiVersion: lapwing.dev/v1alpha1
kind: WorkloadEntry
metadata:
  name: {SERVICE.service_account}
spec:
  spiffeID: {SERVICE.spiffe_id}
  selectors: ["unix:uid:{os.getuid()}"]
"""
        # Its authority is signed by the benchmark's, so that all proxies trust the same callers.
        authority = self.certificates.authority
        settings = f"""
apiVersion: lapwing.dev/v1alpha1
kind: Settings
metadata:
  name: settings
spec:
  authority:
    upstream:
      certificateFile: {authority.certificate}
      keyFile: {authority.key}
"""
        return {
            "gateway.yaml": gateway,
            "policies.yaml": policy,
            "identities.yaml": entry,
            "settings.yaml": settings,
        }

    def admin(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5) as answer:
            return answer.read().decode()

    def wait_until_ready(self, seconds: float = 30) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.process.check()
            try:
                self.admin("/readyz")
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.01)
        raise RuntimeError(f"lapwing is not ready after {seconds:g} s; see {self.process.log}")

    def counters(self) -> dict[str, float]:
        """Every metric without labels."""
        return {name: float(value) for name, value in re.findall(r"^(lapwing_\w+) (\S+)$", self.admin("/metrics"), re.M)}

    def syncs(self) -> float | None:
        return self.counters().get("lapwing_audit_syncs_total")

    def records(self) -> float | None:
        return self.counters().get("lapwing_audit_events_total")

    def verify_records(self) -> str | None:
        """Hashes the whole log again."""
        # A checkpoint is signed every second; this one covers all that was measured.
        written, limit = self.records(), time.monotonic() + 30
        while self.counters().get("lapwing_audit_checkpoint_size", 0) < written and time.monotonic() < limit:
            time.sleep(0.1)
        command = [find_lapwing(), "audit", "verify", *self.settings(self.directory / "configuration")]
        done = subprocess.run(command, capture_output=True, text=True)
        found = re.search(r"verified: (\d+) entries", done.stdout)
        if done.returncode != 0 or not found or int(found[1]) < written:
            raise RuntimeError(f"the record does not verify:\n{done.stdout}{done.stderr}")
        return f"its record verifies: {found[1]} entries"
