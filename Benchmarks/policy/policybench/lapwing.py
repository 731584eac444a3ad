"""Lapwing's engine, measured by Benchmarks/Sources/PolicyDecisions in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from . import cases
from .engine import Figure

HERE = Path(__file__).resolve().parents[2]


def binary() -> Path | None:
    """What `POLICYDECISIONS_BIN` names, or the release build."""
    if named := os.environ.get("POLICYDECISIONS_BIN"):
        return Path(named)
    built = HERE / ".build" / "release" / "policydecisions"
    return built if built.is_file() else None


def run(*arguments: object) -> dict[str, float]:
    done = subprocess.run([str(binary()), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"policydecisions failed: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def files(directory: Path, rules: int, requests: list[cases.Request]) -> tuple[Path, Path]:
    policies = directory / f"policies-{rules}.yaml"
    policies.write_text(cases.istio_yaml(rules))
    return policies, cases.write_requests(directory / f"requests-{rules}.jsonl", requests)


def decisions(directory: Path, rules: int, requests: list[cases.Request], seconds: float) -> Figure:
    policies, asked = files(directory, rules, requests)
    found = run("decide", "--policies", policies, "--requests", asked, "--seconds", seconds)
    return Figure(
        "lapwing", rules, found["cpu_us"], found["p50_us"], found["p99_us"], found["load_s"], int(found["samples"])
    )


def explanations(directory: Path, seconds: float) -> dict[str, float]:
    """Of the reference policy, the smallest edit found and tried each time."""
    policies = directory / "reference.yaml"
    policies.write_text(cases.REFERENCE)
    asked = cases.write_requests(directory / "reference.jsonl", cases.REFERENCE_REQUESTS)
    return run("explain", "--policies", policies, "--requests", asked, "--seconds", seconds)


def replay(directory: Path, records: int, distinct: bool) -> dict[str, float]:
    policies, asked = files(directory, 100, cases.requests(100, 1000))
    words = ["replay", "--policies", policies, "--requests", asked, "--records", records]
    return run(*words, *(["--distinct"] if distinct else []))
