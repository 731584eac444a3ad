"""How a proxy is measured: CPU seconds from the kernel around a run of the load generator, in interleaved rounds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from .job import PREDICT, STREAM
from .processes import CPUTime, machine_busy, resident_bytes
from .proxy import Proxy
from .tools import LoadRun, UpstreamServer


@dataclass(frozen=True)
class Case:
    """One kind of load."""

    name: str
    title: str
    #: What the CPU time is divided by: `count` (requests) or `events`.
    unit: str
    options: dict[str, object]


@dataclass(frozen=True)
class Sample:
    """One run of one case against one proxy."""

    case: str
    proxy: str
    round: int
    #: The proxy's CPU seconds, all its processes.
    cpu_s: float
    #: The same per 10,000 requests or events.
    cpu_s_per_10k: float
    #: CPU seconds that the machine spent on anything but the proxy, the load generator and the upstream.
    others_cpu_s: float
    wall_s: float
    rss_bytes: int
    syncs_per_s: float | None
    #: Records that reached the disk for each request, where the proxy keeps them.
    records_per_request: float | None
    load: dict


def cases(connections: int, rate: float, streams: int, handshakes: int) -> list[Case]:
    return [
        Case(
            "saturation",
            f"{connections} connections, each asking again at once",
            "count",
            {"mode": "closed", "connections": connections, "path": PREDICT},
        ),
        Case(
            "rate",
            f"{rate:g} requests a second on {connections} connections, latency from when each was due",
            "count",
            {"mode": "open", "connections": connections, "rate": rate, "path": PREDICT},
        ),
        Case(
            "handshakes",
            f"a full handshake for every request, {handshakes} at a time",
            "count",
            {"mode": "handshake", "connections": handshakes, "path": PREDICT},
        ),
        Case(
            "streams",
            f"{streams} server-sent event streams at a time; per 10,000 events",
            "events",
            {"mode": "sse", "connections": streams, "path": STREAM},
        ),
    ]


def difference(before: float | None, after: float | None, per: float) -> float | None:
    """How much a counter grew for each of so many, where there is a counter."""
    return (after - before) / per if before is not None and after is not None and per else None


class Bench:
    """The running upstream and proxies, and where output goes."""

    def __init__(
        self, proxies: list[Proxy], upstream: UpstreamServer, directory: Path, load_cpu: set[int] | None
    ) -> None:
        self.proxies = proxies
        self.upstream = upstream
        self.directory = directory
        self.load_cpu = load_cpu

    def load(self, proxy: Proxy, options: dict[str, object], seconds: float) -> LoadRun:
        log = self.directory / f"load-{proxy.name}.log"
        return LoadRun(
            proxy.port, proxy.bundle, proxy.caller, log, self.load_cpu, seconds=seconds, **options
        )

    def warm_up(self, proxy: Proxy, options: dict[str, object], seconds: float) -> None:
        run = self.load(proxy, options, seconds)
        run.go()
        run.end()

    def sample(self, case: Case, proxy: Proxy, number: int, seconds: float) -> Sample:
        """Opens the connections, then measures from before the first request until after the last answer."""
        run = self.load(proxy, case.options, seconds)
        ours = [run.process.pid, self.upstream.process.pid, os.getpid()]
        syncs, records = proxy.syncs(), proxy.records()
        busy, ours_before = machine_busy(), CPUTime.now(ours)
        began, before = time.monotonic(), CPUTime.now(proxy.pids())
        result = run.go()
        pids = proxy.pids()
        cpu, wall = CPUTime.now(pids).since(before), time.monotonic() - began
        others = machine_busy() - busy - cpu - CPUTime.now(ours).since(ours_before)
        syncs_after, records_after = proxy.syncs(), proxy.records()
        resident = resident_bytes(pids)
        run.end()
        proxy.process.check()
        units = result[case.unit]
        return Sample(
            case=case.name,
            proxy=proxy.name,
            round=number,
            cpu_s=cpu,
            cpu_s_per_10k=cpu / units * 10_000 if units else float("inf"),
            others_cpu_s=max(0.0, others),
            wall_s=wall,
            rss_bytes=resident,
            syncs_per_s=difference(syncs, syncs_after, wall),
            records_per_request=difference(records, records_after, result["count"]),
            load=result,
        )

    def rounds(self, case: Case, count: int, seconds: float, say: Callable[[str], None]) -> list[Sample]:
        """A B C, B C A, C A B: whatever else the machine does falls on all alike."""
        samples = []
        for number in range(count):
            turn = number % len(self.proxies)
            for proxy in self.proxies[turn:] + self.proxies[:turn]:
                sample = self.sample(case, proxy, number, seconds)
                samples.append(sample)
                say(
                    f"  {case.name} {number + 1}/{count} {proxy.name:<10} "
                    f"{sample.cpu_s_per_10k:7.3f} CPU-s/10k  {sample.load['per_second']:8.0f}/s  "
                    f"p99 {sample.load['p99_us'] / 1000:.2f} ms  {sample.load['errors']} errors"
                )
        return samples

    def connection_memory(self, proxy: Proxy, connections: int) -> float:
        """Resident bytes for each idle connection."""
        before = resident_bytes(proxy.pids())
        run = self.load(proxy, {"mode": "closed", "connections": connections, "path": PREDICT}, 1)
        # `ready` has come: all are open, and nothing was asked.
        after = resident_bytes(proxy.pids())
        run.end()
        return (after - before) / connections


def plain(sample: Sample) -> dict:
    return asdict(sample)
