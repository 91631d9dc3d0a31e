# SPDX-License-Identifier: MIT
"""What is measured, and what chatd should reach against the Go twin."""

import dataclasses

# Of the two figures of a target the first must be reached, the second is the
# goal.  A ratio: chatd's median over the Go twin's.
AT_LEAST, AT_MOST = "at least", "at most"


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of chatbench's report."""
    key: str
    title: str
    unit: str
    better: str  # AT_LEAST or AT_MOST


DELIVERIES = Figure("deliveries_per_s", "deliveries", "/s", AT_LEAST)
CPU = Figure("server_cpu_s_per_million", "CPU", "s/M", AT_MOST)
P50 = Figure("latency_ms.p50", "p50", "ms", AT_MOST)
P99 = Figure("latency_ms.p99", "p99", "ms", AT_MOST)
MEMORY = Figure("rss_kib_per_client", "memory", "KiB", AT_MOST)
KERNEL = Figure("kernel_kib_per_client", "kernel's", "KiB", AT_MOST)
CONNECTS = Figure("connects_per_s", "connects", "/s", AT_LEAST)
HEARD = Figure("heard_ms", "all heard", "ms", AT_MOST)


@dataclasses.dataclass(frozen=True)
class Cell:
    kind: str
    clients: int
    size: int
    figures: tuple
    load: tuple      # chatbench's options
    measured: float  # seconds; 0: it ends by itself
    targets: dict    # of chatd's setting: {figure: (must, goal)}

    @property
    def name(self):
        return f"{self.kind} {self.clients} x {self.size}"


def saturate(clients, size, pure=None, through=None):
    targets = {}
    if pure:
        targets["chatd"] = {DELIVERIES: pure[0], CPU: pure[1],
                            P99: (0.9, 0.5)}
        targets["chatd-wt"] = {DELIVERIES: through[0], CPU: through[1],
                               P99: (0.5, 0.5)}
    return Cell("saturate", clients, size, (DELIVERIES, CPU, P50, P99),
                ("--window", "8"), 3, targets)


def paced(clients):
    targets = {
        "chatd": {CPU: (1.7, 1.4), P50: (1.3, 1.1), P99: (1.5, 1.2)},
        "chatd-wt": {CPU: (0.6, 0.6), P50: (1.05, 1.05), P99: (1.15, 1.0)},
    }
    return Cell("paced", clients, 64, (CPU, P50, P99), ("--rate", "20"), 5,
                targets)


def idle(clients, connects=None, memory=None):
    wanted = {}
    if connects:
        wanted[CONNECTS] = connects
    if memory:
        wanted[MEMORY] = memory
    return Cell("idle", clients, 64, (CONNECTS, MEMORY, KERNEL, HEARD),
                ("--idle",), 1, {"chatd": wanted, "chatd-wt": wanted})


CELLS = (
    saturate(10, 64, ((1.5, 2.0), (0.70, 0.50)), ((2.0, 2.4), (0.55, 0.38))),
    saturate(10, 512, ((4.5, 6.5), (0.25, 0.15)), ((6, 9), (0.16, 0.10))),
    saturate(100, 64, ((1.7, 2.2), (0.70, 0.50)), ((3.0, 4.0), (0.35, 0.20))),
    saturate(100, 512, ((4.5, 6), (0.25, 0.16)), ((7, 10), (0.12, 0.08))),
    saturate(1000, 64, ((1.6, 2.2), (0.75, 0.50)), ((3.0, 4.0), (0.35, 0.20))),
    saturate(1000, 512, ((4, 5.5), (0.28, 0.18)), ((8, 12), (0.10, 0.06))),
    paced(100),
    paced(1000),
    idle(1000, (0.8, 1.0)),
    idle(5000, (0.6, 1.0), (1.3, 1.0)),
)
