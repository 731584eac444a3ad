"""What the benchmark asks of a proxy."""

from __future__ import annotations

from pathlib import Path

from .certificates import Certificates, Credential
from .job import Upstream
from .processes import Process, tree


class Proxy:
    """A proxy under measurement. A subclass writes a configuration, starts it, and says what it cannot do."""

    #: The name on the command line and in the tables.
    name: str
    #: What the figures have to be read with.
    remark: str = ""
    #: The header in which the upstream is told who called.
    identity_header: str
    #: Whether that header holds the SPIFFE ID (or a subject).
    reads_spiffe_id: bool = True

    def __init__(self, directory: Path, certificates: Certificates, upstream: Upstream, cpu: set[int] | None) -> None:
        self.directory = directory
        self.certificates = certificates
        self.upstream = upstream
        self.cpu = cpu
        self.port = 0
        self.process: Process | None = None

    # For a subclass.

    @classmethod
    def missing(cls) -> str | None:
        """Why it cannot be measured here, or nothing."""
        return None

    def version(self) -> str:
        raise NotImplementedError

    def start(self) -> None:
        """Starts it; returns once it listens on `self.port`."""
        raise NotImplementedError

    def syncs(self) -> float | None:
        """How often it has forced data to disk since it began, if it says so."""
        return None

    def records(self) -> float | None:
        """How many records are on disk, if it keeps them and says so."""
        return None

    def verify_records(self) -> str | None:
        """Proves that what it claims to have recorded is there; says so, or raises. Nothing where it keeps none."""
        return None

    # For the benchmark.

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    @property
    def bundle(self) -> Path:
        """What a client trusts it by."""
        return self.certificates.bundle

    @property
    def caller(self) -> Credential:
        """What the right caller presents."""
        return self.certificates.caller

    @property
    def wrong_caller(self) -> Credential:
        return self.certificates.wrong_caller

    @property
    def foreign_caller(self) -> Credential:
        return self.certificates.foreign_caller

    def pids(self) -> list[int]:
        """All its processes."""
        return tree(self.process.pid) if self.process else []
