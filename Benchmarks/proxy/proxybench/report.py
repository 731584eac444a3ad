"""The tables: minimum and median of the rounds, and how Lapwing stands to each peer in the same run."""

from __future__ import annotations

from statistics import median

from .measure import Case, Sample

#: Lapwing's CPU per unit of work, as a multiple of a peer's: the most that it may be.
TARGETS = {
    ("saturation", "nginx"): 1.3,
    ("rate", "nginx"): 1.3,
    ("saturation", "envoy"): 0.5,
    ("rate", "envoy"): 0.5,
    ("handshakes", "nginx"): 0.7,
    ("handshakes", "envoy"): 0.95,
    ("streams", "nginx"): 1.5,
}


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [cell.ljust(widths[0]) if i == 0 else cell.rjust(widths[i]) for i, cell in enumerate(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def of(samples: list[Sample], case: str, proxy: str) -> list[Sample]:
    return [sample for sample in samples if (sample.case, sample.proxy) == (case, proxy)]


def case_table(case: Case, proxies: list[str], samples: list[Sample]) -> str:
    rows = []
    lapwing = of(samples, case.name, "lapwing")
    for proxy in proxies:
        mine = of(samples, case.name, proxy)
        if not mine:
            continue
        cpu = [sample.cpu_s_per_10k for sample in mine]

        def ratio(choose, cpu: list[float] = cpu) -> str:
            return f"{choose([s.cpu_s_per_10k for s in lapwing]) / choose(cpu):.2f}" if lapwing else "-"

        def middle(key: str, mine: list[Sample] = mine) -> float:
            return median(sample.load[key] for sample in mine)

        syncs = [sample.syncs_per_s for sample in mine if sample.syncs_per_s is not None]
        records = [sample.records_per_request for sample in mine if sample.records_per_request is not None]
        rows.append(
            [
                proxy,
                f"{min(cpu):.3f}",
                f"{median(cpu):.3f}",
                ratio(min),
                ratio(median),
                f"{middle('p50_us') / 1000:.2f}",
                f"{middle('p99_us') / 1000:.2f}",
                f"{middle('per_second'):.0f}",
                f"{median(sample.rss_bytes for sample in mine) / 2**20:.0f}",
                f"{median(syncs):.0f}" if syncs else "-",
                f"{median(records):.2f}" if records else "-",
                str(sum(sample.load["errors"] for sample in mine)),
            ]
        )
    head = [
        "proxy", "CPU-s/10k min", "median", "lapwing ÷ it, min", "median", "p50 ms", "p99 ms", "per s", "RSS MiB",
        "syncs/s", "records each", "errors",
    ]  # fmt: skip
    return f"{case.name}: {case.title}\n{table(head, rows)}"


def others_line(samples: list[Sample], processors: int) -> str:
    share = [sample.others_cpu_s / (sample.wall_s * processors) for sample in samples]
    return (
        f"Everything else on the machine took {median(share):.0%} of its {processors} processors in the median run, "
        f"{max(share):.0%} in the worst."
    )


def targets_table(proxies: list[str], samples: list[Sample]) -> str | None:
    rows = []
    lapwing_cases = {sample.case for sample in samples if sample.proxy == "lapwing"}
    for (case, peer), most in TARGETS.items():
        theirs = of(samples, case, peer)
        if case not in lapwing_cases or not theirs:
            continue
        ratio = median(s.cpu_s_per_10k for s in of(samples, case, "lapwing")) / median(s.cpu_s_per_10k for s in theirs)
        rows.append([case, peer, f"{most:.2f}", f"{ratio:.2f}", "met" if ratio <= most else "missed"])
    return table(["case", "peer", "at most", "seen (median)", ""], rows) if rows else None
