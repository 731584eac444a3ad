"""nginx, as Debian packages it: one worker."""

from __future__ import annotations

import os
import shutil
import subprocess

from .job import CALLER, METHOD, PREDICT, STREAM
from .processes import Process, free_port
from .proxy import Proxy


def find_nginx() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class Nginx(Proxy):
    """It cannot match a URI SAN, so it checks the subject: less work, and a weaker check, than the others do."""

    name = "nginx"
    remark = "checks the certificate's subject, not its SPIFFE ID; no log"
    identity_header = "X-Client-Subject"
    reads_spiffe_id = False
    access_log = "off"

    @classmethod
    def missing(cls) -> str | None:
        return None if find_nginx() else "nginx is not installed; run Benchmarks/proxy/setup"

    def version(self) -> str:
        said = subprocess.run([find_nginx(), "-v"], capture_output=True, text=True).stderr
        return said.strip().rpartition("/")[2]

    def start(self) -> None:
        self.port = free_port()
        self.directory.mkdir()
        for folder in ("body", "proxy"):
            (self.directory / folder).mkdir()
        file = self.directory / "nginx.conf"
        file.write_text(self.configuration())
        self.process = Process(
            [find_nginx(), "-p", str(self.directory), "-c", str(file), "-e", str(self.directory / "error.log")],
            self.directory / "output.log",
            self.cpu,
        )
        self.process.wait_for_port(self.port)

    def configuration(self) -> str:
        up = self.upstream
        server = f"unix:{up.socket}" if up.kind == "unix" else f"127.0.0.1:{up.port}"
        certificates = self.certificates
        return f"""
daemon off;
# Only root may say who the workers are; they then need no rights of their own to read what the benchmark made.
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 1;
worker_rlimit_nofile 65536;
pid {self.directory}/pid;
error_log {self.directory}/error.log;
events {{ worker_connections 32768; }}
http {{
    access_log {self.access_log};
    client_body_temp_path {self.directory}/body;
    proxy_temp_path {self.directory}/proxy;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    # Caller, method and path in one look-up: one row per call that is allowed.
    map "$ssl_client_s_dn $request_method $uri" $allowed {{
        default 0;
        "CN={CALLER.common_name} {METHOD} {PREDICT}" 1;
        "CN={CALLER.common_name} {METHOD} {STREAM}" 1;
    }}
    upstream service {{
        server {server};
        keepalive 1024;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{self.port} ssl backlog=4096;
        ssl_certificate {certificates.service.certificate};
        ssl_certificate_key {certificates.service.key};
        ssl_client_certificate {certificates.bundle};
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        ssl_ecdh_curve X25519;
        ssl_session_cache off;
        ssl_session_tickets off;
        if ($allowed = 0) {{ return 403; }}
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Host $host;
            proxy_set_header Connection "";
            proxy_set_header {self.identity_header} $ssl_client_s_dn;
        }}
    }}
}}
"""


class LoggingNginx(Nginx):
    """The same with its access log on: buffered, not synced."""

    name = "nginx-log"
    remark = "as nginx, with a buffered access log"

    @property
    def access_log(self) -> str:
        return f"{self.directory}/access.log combined buffer=64k flush=1s"
