"""What the kernel says of a proxy: its processes, their CPU time, their memory."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A loopback port that the system chose and that is free again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second may hold spaces and brackets."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            children.setdefault(int(stat_fields(int(entry))[1]), []).append(int(entry))
        except (OSError, IndexError):
            continue  # It ended meanwhile.
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


@dataclass(frozen=True)
class CPUTime:
    """The CPU time of a set of processes at one moment, read two ways."""

    #: Per thread, in nanoseconds: exact, but a thread that ends takes its count with it.
    threads: dict[int, int]
    #: User and system time with that of children that ended, in seconds: complete, in steps of 10 ms.
    total: float

    @classmethod
    def now(cls, pids: list[int]) -> CPUTime:
        threads: dict[int, int] = {}
        ticks = 0
        for pid in pids:
            try:
                ticks += sum(int(field) for field in stat_fields(pid)[11:15])
                for thread in os.listdir(f"/proc/{pid}/task"):
                    path = f"/proc/{pid}/task/{thread}/schedstat"
                    threads[int(thread)] = int(Path(path).read_text().split()[0])
            except (OSError, IndexError):
                continue
        return cls(threads, ticks / TICKS)

    def since(self, begin: CPUTime) -> float:
        """CPU seconds between two moments: by thread where none ended meanwhile, else by the coarse total."""
        if not self.threads or begin.threads.keys() - self.threads.keys():
            return self.total - begin.total
        return sum(spent - begin.threads.get(thread, 0) for thread, spent in self.threads.items()) / 1e9


def machine_busy() -> float:
    """CPU seconds that the whole machine has spent on anything."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    # user nice system idle iowait irq softirq steal: neither idle nor waiting.
    return (sum(fields[:3]) + sum(fields[5:7])) / TICKS


def resident_bytes(pids: list[int]) -> int:
    """Resident memory: each process in full, so a page that two of them share counts twice."""
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def proportional_bytes(pids: list[int]) -> int:
    """Resident memory: a page that so many processes share counts in each by its share, so here once."""
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


class Process:
    """A child that ends with the benchmark: its output in a file, its group killed if it does not stop."""

    def __init__(self, command: list[str], log: Path, cpu: set[int] | None = None, **options: object) -> None:
        self.command = command
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                stdin=options.pop("stdin", subprocess.DEVNULL),
                stdout=options.pop("stdout", output),
                stderr=output,
                process_group=0,
                **options,
            )
        if cpu:
            os.sched_setaffinity(self.popen.pid, cpu)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def check(self) -> None:
        """Raises if it has ended, with the end of what it said."""
        if self.popen.poll() is not None:
            said = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.command[0]} ended with {self.popen.returncode}; it said:\n{said}")

    def wait_for_port(self, port: int, seconds: float = 30) -> None:
        """Returns once something listens there."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.check()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{self.command[0]} does not listen on port {port}; see {self.log}")

    def stop(self, grace: float = 5) -> None:
        """Asks it to end, then ends its whole group."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
