# SPDX-License-Identifier: MIT
"""What is measured, and what chatd should reach."""

import dataclasses

# Of the two figures of a target the first must be reached, the second is the
# goal.  They are ratios: chatd's median over that of what it is held against,
# mostly the Go twin.
AT_LEAST, AT_MOST = "at least", "at most"


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of chatbench's report; key: its name there, dotted."""
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

CHATD, THROUGH = "chatd", "chatd-wt"  # its two settings
TWIN, CEILING = "gochat", "ceiling"   # what it is held against
RIVALS = (CHATD, THROUGH, "baseline", TWIN)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One load, put on several servers in turns."""
    kind: str
    clients: int
    size: int
    figures: tuple
    load: tuple          # chatbench's options
    seconds: float       # measured
    targets: dict        # of chatd's settings: {figure: (must, goal)}
    usual: object = None  # a cell of chatd itself to be held against
    quick: bool = True   # measured also when there is little time
    twin: bool = True    # the Go twin, too
    everybody: bool = True  # and those that are no rivals

    @property
    def name(self):
        return f"{self.kind} {self.clients} x {self.size}"


def takes_part(cell, name):
    """Whether that server is measured in that cell."""
    if name == TWIN:
        return cell.twin
    return cell.everybody or name in RIVALS


def both(targets):
    return {CHATD: targets, THROUGH: targets}


def saturate(clients, size, pure=None, through=None, **more):
    targets = {}
    if pure:
        targets = {
            CHATD: {DELIVERIES: pure[0], CPU: pure[1], P99: (0.9, 0.5)},
            THROUGH: {DELIVERIES: through[0], CPU: through[1],
                      P99: (0.5, 0.5)},
        }
    return Cell("saturate", clients, size, (DELIVERIES, CPU, P50, P99),
                ("--window", "8"), 3, targets, **more)


def paced(clients, size=64):
    return Cell("paced", clients, size, (CPU, P50, P99), ("--rate", "20"), 6, {
        CHATD: {CPU: (1.7, 1.4), P50: (1.3, 1.1), P99: (1.5, 1.2)},
        THROUGH: {CPU: (0.6, 0.6), P50: (1.05, 1.05), P99: (1.15, 1.0)},
    }, everybody=False)


def idle(clients, size=64, connects=None, memory=None, **more):
    targets = {figure: target for figure, target
               in ((CONNECTS, connects), (MEMORY, memory)) if target}
    return Cell("idle", clients, size, (CONNECTS, MEMORY, KERNEL, HEARD),
                ("--idle",), 1, both(targets), everybody=False, **more)


# 10 of 110 clients read nothing, and are dropped sooner or later.
STALLED_LOAD = ("--rate", "400", "--warmup", "0")
UNSTALLED = Cell("usual", 100, 512, (CPU, P50, P99), STALLED_LOAD, 5, {},
                 quick=False, twin=False, everybody=False)
STALLED = Cell("stalled", 100, 512, (CPU, P50, P99),
               (*STALLED_LOAD, "--stalled", "10"), 5,
               both({P99: (1.1, 1.0)}), usual=UNSTALLED, quick=False,
               twin=False, everybody=False)

# 2,000 clients a second come and go.
CALM = Cell("calm", 100, 64, (P50, P99), ("--rate", "20"), 20, {},
            quick=False, twin=False, everybody=False)
CHURN = Cell("churn", 100, 64, (P50, P99),
             ("--rate", "20", "--churn", "2000", "--sources", "4"), 60,
             both({P99: (2.0, 1.0)}), usual=CALM, quick=False,
             twin=False, everybody=False)

CELLS = (
    saturate(10, 64, ((1.5, 2.0), (0.70, 0.50)), ((2.0, 2.4), (0.55, 0.38))),
    saturate(10, 512, ((4.5, 6.5), (0.25, 0.15)), ((6, 9), (0.16, 0.10))),
    saturate(100, 64, ((1.7, 2.2), (0.70, 0.50)), ((3.0, 4.0), (0.35, 0.20))),
    saturate(100, 512, ((4.5, 6), (0.25, 0.16)), ((7, 10), (0.12, 0.08))),
    saturate(1000, 64, ((1.6, 2.2), (0.75, 0.50)), ((3.0, 4.0), (0.35, 0.20))),
    saturate(1000, 512, ((4, 5.5), (0.28, 0.18)), ((8, 12), (0.10, 0.06))),
    saturate(10000, 64, quick=False),
    paced(100),
    paced(1000),
    idle(1000, connects=(0.8, 1.0)),
    idle(5000, connects=(0.6, 1.0), memory=(1.3, 1.0)),
    idle(10000, quick=False),
    UNSTALLED,
    STALLED,
    CALM,
    CHURN,
)

KINDS = tuple(dict.fromkeys(cell.kind for cell in CELLS))
MADE = {"saturate": saturate, "paced": paced, "idle": idle}

# Of the ceiling's deliveries; the goal is for 100 clients and more.
OF_CEILING = (0.5, 0.8)
# CPU a delivery at saturation: with 10,000 clients over that with 100.
GROWTH = (1.6, 1.6)


def select(kinds, clients, sizes, quick):
    """The cells asked for; a number of clients or bytes that no cell has makes
    one for each kind where any number does."""
    def wanted(cell):
        return ((not kinds or cell.kind in kinds)
                and (not clients or cell.clients in clients)
                and (not sizes or cell.size in sizes))

    # Who names it gets it, however long it takes.
    found = [cell for cell in CELLS
             if wanted(cell) and (kinds or clients or cell.quick or not quick)]
    have = {(cell.kind, cell.clients) for cell in found}
    found += [MADE[kind](n, size)
              for kind in kinds or () if kind in MADE
              for n in clients or () if (kind, n) not in have
              for size in sizes or [64]]
    return found
