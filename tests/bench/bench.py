#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures chatd against other servers, in turns, and prints the ratios.

Each cell is one load.  The servers take turns in rounds (A B A B ...), each
time as a new process, and a figure is the median of all rounds.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import cells
import servers

# One round after the other, so that what else the machine does meets all.
ROUNDS, QUICK_ROUNDS = 5, 3
TWIN = "gochat"


def say(text):
    print(text, file=sys.stderr, flush=True)


def figure_of(report, key):
    """A figure by its dotted name; None where it isn't known."""
    for part in key.split("."):
        if part == "p99" and "p99" not in report:
            return None
        report = report.get(part)
        if report is None:
            return None
    return report


def add_kernel_memory(report):
    """What the kernel holds for a client outside the process: stacks, page
    tables, slab; chatbench's own sockets are in there, the same for all."""
    before = report.get("memory_before_kib")
    after = report.get("memory_connected_kib")
    if not before or not report["connected"]:
        return
    grown = sum(after[part] - before[part]
                for part in ("kernel_stacks", "all_page_tables", "slab"))
    report["kernel_kib_per_client"] = grown / report["connected"]


def measure(chatbench, cell, server, seconds, warmup):
    """One run of one server; chatbench's report."""
    argv = [chatbench, "--json", "--allow-faults", "--clients", cell.clients,
            "--size", cell.size, "--warmup", warmup, *cell.load]
    server.start()
    try:
        argv += ["--url", server.url, "--pid", server.process.pid,
                 "--duration", seconds]
        done = subprocess.run([str(arg) for arg in argv], check=True,
                              stdout=subprocess.PIPE)
    finally:
        server.stop()
    report = json.loads(done.stdout)
    add_kernel_memory(report)
    return report


def faults_of(report):
    """What the server did wrong, in a few words; empty: nothing."""
    found = [f"{report[name]} {name}"
             for name in ("lost", "duplicates", "disorder", "corrupt")
             if report[name]]
    found += [f"{report[name]['total']} {name}"
              for name in ("refused", "dropped") if report[name]["total"]]
    return ", ".join(found)


def run_cell(args, cell, chosen):
    """All rounds of a cell: {server: {figure: median}}."""
    reports = {name: [] for name in chosen}
    seconds = args.seconds or (cell.measured / 2 if args.quick
                               else cell.measured)
    for i in range(args.rounds):
        for name, server in chosen.items():
            report = measure(args.chatbench, cell, server, seconds,
                             0.5 if args.quick else 1)
            reports[name].append(report)
            shown = " ".join(
                f"{f.title} {number(figure_of(report, f.key))}{f.unit}"
                for f in cell.figures)
            faults = faults_of(report)
            say(f"{cell.name}, {i + 1}/{args.rounds}, {name:9} {shown}"
                f"{'  FAULTS: ' + faults if faults else ''}")
    return reports


def medians(cell, reports):
    found = {}
    for name, runs in reports.items():
        for figure in cell.figures:
            values = [figure_of(run, figure.key) for run in runs]
            values = [value for value in values if value is not None]
            if values:
                found[name, figure] = statistics.median(values)
    return found


# ---- What is printed ----

def number(value):
    if value is None:
        return "-"
    if abs(value) >= 100000:
        return f"{value / 1000:.0f}k"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def judge(figure, ratio, target):
    if not target:
        return ""
    must, goal = target
    sign = 1 if figure.better == cells.AT_LEAST else -1
    if sign * (ratio - goal) >= 0:
        word = "goal"
    elif sign * (ratio - must) >= 0:
        word = "good"
    else:
        word = "SHORT"
    return f"{word:5} ({figure.better} {must:g}, goal {goal:g})"


def print_cell(cell, found, names):
    print(f"\n{cell.name}")
    for figure in cell.figures:
        twin = found.get((TWIN, figure))
        for name in names:
            value = found.get((name, figure))
            if value is None:
                continue
            line = f"  {figure.title:11}{name:10}"
            line += f"{number(value) + ' ' + figure.unit:>12}"
            if twin and name != TWIN:
                ratio = value / twin
                target = cell.targets.get(name, {}).get(figure)
                line += f"  {ratio:6.2f} x  {judge(figure, ratio, target)}"
            print(line.rstrip())
    sys.stdout.flush()


# ---- The command line ----

def numbers(text):
    return [int(part) for part in text.split(",")]


def words(text):
    return text.split(",")


def parse():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", type=pathlib.Path,
                   help="a build directory, of buildtype release")
    p.add_argument("--quick", action="store_true",
                   help="few and short rounds: within five minutes")
    p.add_argument("--only", type=words, metavar="KIND,...",
                   help="these kinds of load: "
                        + ", ".join(dict.fromkeys(c.kind
                                                  for c in cells.CELLS)))
    p.add_argument("--clients", type=numbers, metavar="N,...",
                   help="cells with so many clients")
    p.add_argument("--size", type=numbers, metavar="BYTES,...",
                   help="cells with messages of that size")
    p.add_argument("--rounds", type=int)
    p.add_argument("--seconds", type=float, help="measured in each run")
    p.add_argument("--servers", type=words, metavar="NAME,...",
                   help="only these servers")
    p.add_argument("--baseline", type=pathlib.Path, metavar="BUILD",
                   help="another build of chatd to measure beside")
    p.add_argument("--set", action="append", default=[], dest="settings",
                   metavar="KEY=VALUE", help="for chatd, e.g. plain.queue=512")
    args = p.parse_args()
    args.rounds = args.rounds or (QUICK_ROUNDS if args.quick else ROUNDS)
    args.chatbench = args.build.resolve() / "src/tools/chatbench"
    return args


def selected(args):
    return [cell for cell in cells.CELLS
            if (not args.only or cell.kind in args.only)
            and (not args.clients or cell.clients in args.clients)
            and (not args.size or cell.size in args.size)]


def main():
    args = parse()
    out = args.build.resolve() / "bench"
    out.mkdir(exist_ok=True)
    chosen = servers.every(args.build.resolve(), out, args.settings,
                           args.baseline and args.baseline.resolve())
    if TWIN not in chosen:
        say("Go or its websocket library is not here: no ratios")
    if args.servers:
        chosen = {name: server for name, server in chosen.items()
                  if name in args.servers}
    kept = {}
    for cell in selected(args):
        reports = run_cell(args, cell, chosen)
        kept[cell.name] = reports
        print_cell(cell, medians(cell, reports), list(chosen))
    (out / "reports.json").write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
