"""What is asked of an engine, and how its decisions are timed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .cases import Request


@dataclass(frozen=True)
class Figure:
    """The cost of one decision with so many rules."""

    engine: str
    rules: int
    #: CPU microseconds of a decision.
    cpu_us: float
    #: Microseconds on the clock, median and 99th percentile; None where they cannot be told apart from other work.
    p50_us: float | None
    p99_us: float | None
    #: Seconds to take the rules in.
    load_s: float
    #: How many decisions were timed.
    count: int

    @property
    def per_cpu_second(self) -> float:
        return 1e6 / self.cpu_us if self.cpu_us else float("inf")


class Engine:
    """An engine that decides within this process. A subclass loads rules and decides one request."""

    name: str
    #: What the figures have to be read with.
    remark = ""

    @classmethod
    def missing(cls) -> str | None:
        """Why it cannot be measured here, or nothing."""
        return None

    def load(self, rules: int) -> None:
        raise NotImplementedError

    def decide(self, request: Request) -> bool:
        raise NotImplementedError

    def prepare(self, request: Request) -> object:
        """What the engine wants of a request: made before the clock runs."""
        return request

    def measure(self, rules: int, requests: list[Request], seconds: float) -> Figure:
        began = time.perf_counter()
        self.load(rules)
        load_s = time.perf_counter() - began
        prepared = [(self.prepare(request), request.allowed) for request in requests]
        # Four kinds of request follow one another: right answers first, and what is slow the first time.
        for value, allowed in prepared[:4]:
            if self.decide(value) != allowed:
                raise RuntimeError(f"{self.name} with {rules} rules: a wrong answer")
        times: list[int] = []
        cpu = time.process_time()
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline or len(times) < 4:
            # In whole fours, so that each kind of request counts alike however slow the engine is.
            start = len(times) % len(prepared)
            for value, allowed in prepared[start : start + 4]:
                before = time.perf_counter_ns()
                answer = self.decide(value)
                times.append(time.perf_counter_ns() - before)
                if answer != allowed:
                    raise RuntimeError(f"{self.name} with {rules} rules: a wrong answer")
        cpu = time.process_time() - cpu
        times.sort()
        return Figure(
            engine=self.name,
            rules=rules,
            cpu_us=cpu / len(times) * 1e6,
            p50_us=times[len(times) // 2] / 1e3,
            p99_us=times[min(len(times) - 1, len(times) * 99 // 100)] / 1e3,
            load_s=load_s,
            count=len(times),
        )
