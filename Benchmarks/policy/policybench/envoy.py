"""Envoy's RBAC filter: what a request costs with so many rules, less what it costs without the filter."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proxy"))

from proxybench import tools  # noqa: E402
from proxybench.certificates import Credential, make_authority, make_leaf  # noqa: E402
from proxybench.envoy import TYPE, find_envoy  # noqa: E402
from proxybench.job import SERVICE, Workload  # noqa: E402
from proxybench.processes import CPUTime, Process, free_port, tree  # noqa: E402

from . import cases  # noqa: E402
from .engine import Figure  # noqa: E402

CONNECTIONS = 16


def missing() -> str | None:
    return None if find_envoy() else "Envoy is not installed; run Benchmarks/policy/setup, or set ENVOY_BIN"


@dataclass(frozen=True)
class Peers:
    """The certificates of the server and of three callers for a number of rules: first, middle, last, and a stranger."""

    authority: Credential
    server: Credential
    callers: dict[int, Credential]
    stranger: Credential


def make_peers(directory: Path, numbers: list[int]) -> Peers:
    directory.mkdir(parents=True)
    authority = make_authority(directory, "authority")
    return Peers(
        authority,
        make_leaf(directory, "server", authority, SERVICE),
        {
            number: make_leaf(directory, f"team-{number}", authority, Workload(f"team-{number}", "client"))
            for number in numbers
        },
        make_leaf(directory, "stranger", authority, Workload("nobody", "client")),
    )


def rbac(rules: int) -> dict:
    """A policy for each rule. Envoy walks them in the order of their names, which are the numbers."""
    return {
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": f"{TYPE}.extensions.filters.http.rbac.v3.RBAC",
            "rules": {
                "action": "ALLOW",
                "policies": {
                    f"rule-{rule:06}": {
                        "principals": [
                            {"authenticated": {"principal_name": {"exact": f"spiffe://{cases.caller(rule)}"}}}
                        ],
                        "permissions": [
                            {
                                "and_rules": {
                                    "rules": [
                                        {"header": {"name": ":method", "string_match": {"exact": "POST"}}},
                                        {"url_path": {"path": {"exact": cases.path(rule)}}},
                                    ]
                                }
                            }
                        ],
                    }
                    for rule in range(rules)
                },
            },
        },
    }


def configuration(port: int, rules: int, peers: Peers) -> dict:
    """mTLS on a port; whatever the filter lets through is answered by Envoy itself."""
    tls = {
        "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "require_client_certificate": True,
        "common_tls_context": {
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": str(peers.server.certificate)},
                    "private_key": {"filename": str(peers.server.key)},
                }
            ],
            "validation_context": {"trusted_ca": {"filename": str(peers.authority.certificate)}},
        },
    }
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "rbac",
        "codec_type": "HTTP1",
        "http_filters": ([rbac(rules)] if rules else []) + [router],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                }
            ]
        },
    }
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": "mtls",
                    "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
                    "filter_chains": [
                        {
                            "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
                            "filters": [
                                {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
                            ],
                        }
                    ],
                }
            ]
        }
    }


class Server:
    """An Envoy with one worker and so many rules; none: without the filter."""

    def __init__(self, directory: Path, rules: int, peers: Peers) -> None:
        self.directory, self.rules, self.peers = directory, rules, peers
        self.port = free_port()
        file = directory / f"envoy-{rules}.json"
        file.write_text(json.dumps(configuration(self.port, rules, peers)))
        self.process = Process(
            [str(find_envoy()), "-c", str(file), "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"],
            directory / f"envoy-{rules}.log",
        )
        self.process.wait_for_port(self.port, 60)

    def cost(self, credential: Credential, path: str, status: int, seconds: float) -> tuple[float, int]:
        """CPU microseconds of a request, and how many there were."""
        run = tools.LoadRun(
            self.port, self.peers.authority.certificate, credential, self.directory / "load.log", None,
            mode="closed", connections=CONNECTIONS, path=path, seconds=seconds, expect=status, body_bytes=0,
            method="POST",
        )  # fmt: skip
        pids = tree(self.process.pid)
        before = CPUTime.now(pids)
        result = run.go()
        cpu = CPUTime.now(pids).since(before)
        run.end()
        if result["errors"]:
            raise RuntimeError(f"Envoy with {self.rules} rules: {result['errors']} wrong answers")
        return cpu / result["count"] * 1e6, result["count"]

    def stop(self) -> None:
        self.process.stop()


def decisions(directory: Path, sizes: list[int], seconds: float) -> list[Figure]:
    """The mean over a caller of the first, the middle and the last rule and a stranger, as the other engines' mix has."""
    tools.build()
    numbers = sorted({number for rules in sizes for number in (0, rules // 2, rules - 1)})
    peers = make_peers(directory / "envoy-certificates", numbers)
    each = seconds / 4
    bare = Server(directory, 0, peers)
    figures = []
    try:
        bare.cost(peers.callers[0], "/", 200, each / 2)
        for rules in sizes:
            server = Server(directory, rules, peers)
            try:
                samples = []
                for number in (0, rules // 2, rules - 1):
                    with_filter = server.cost(peers.callers[number], cases.path(number), 200, each)
                    without = bare.cost(peers.callers[number], cases.path(number), 200, each)
                    samples.append((with_filter[0] - without[0], with_filter[1]))
                denied = server.cost(peers.stranger, cases.path(0), 403, each)
                without = bare.cost(peers.stranger, cases.path(0), 200, each)
                samples.append((denied[0] - without[0], denied[1]))
            finally:
                server.stop()
            cost = max(0.0, sum(sample[0] for sample in samples) / len(samples))
            figures.append(Figure("envoy", rules, cost, None, None, 0.0, sum(sample[1] for sample in samples)))
    finally:
        bare.stop()
    return figures
