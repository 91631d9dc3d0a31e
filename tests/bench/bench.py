#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures chatd against other servers, in turns, and prints the ratios.

Each cell is one load.  The servers take turns in rounds (A B A B ...), each
time as a new process, and a figure is the median of its rounds.  One cell
alone: --only saturate --clients 100 --size 64 --rounds 5
"""

import argparse
import json
import pathlib
import platform
import subprocess
import sys

import cells
import plots
import servers
import table

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS, QUICK_ROUNDS = 5, 3


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- Measuring ----

def add_kernel_memory(report):
    """What the kernel holds for a client outside of the process: stacks, page
    tables and slab.  chatbench's own sockets are in there, too, the same for
    all servers."""
    before = report.get("memory_before_kib")
    after = report.get("memory_connected_kib")
    if not before or not after or not report["connected"]:
        return
    grown = sum(after[part] - before[part]
                for part in ("kernel_stacks", "all_page_tables", "slab"))
    report["kernel_kib_per_client"] = grown / report["connected"]


def measure(args, cell, server):
    """One run against one server; chatbench's report."""
    seconds, warmup = cell.seconds, 1
    if args.quick:
        seconds, warmup = cell.seconds / 3, 0.5
    argv = [args.chatbench, "--json", "--allow-faults",
            "--warmup", warmup, "--duration", args.seconds or seconds,
            "--clients", cell.clients, "--size", cell.size, *cell.load]
    server.start()
    try:
        argv += ["--url", server.url, "--pid", server.process.pid]
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
              for name in ("refused", "dropped", "churn_failed")
              if report[name]["total"]]
    return ", ".join(found)


def rounds_of(args, name):
    """Those that are there for comparison only take fewer turns."""
    if name in cells.RIVALS:
        return args.rounds
    return 1 if args.quick else (args.rounds + 1) // 2


def run_cell(args, cell, chosen):
    """All rounds of a cell: {server: [report]}."""
    taking_part = {name: server for name, server in chosen.items()
                   if args.servers or cells.takes_part(cell, name)}
    reports = {name: [] for name in taking_part}
    for i in range(args.rounds):
        for name, server in taking_part.items():
            if i >= rounds_of(args, name):
                continue
            report = measure(args, cell, server)
            reports[name].append(report)
            shown = " ".join(
                f"{f.title} "
                f"{table.number(table.figure_of(report, f.key))}{f.unit}"
                for f in cell.figures)
            faults = faults_of(report)
            say(f"{cell.name}, {i + 1}/{args.rounds}, {name:8} {shown}"
                f"{'; FAULTS: ' + faults if faults else ''}")
    return reports


def print_faults(reports):
    """Tells of chatd's faults, without which no figure counts."""
    found = [f"{cell}, {name}: {faults_of(report)}"
             for cell, by_name in reports.items()
             for name, runs in by_name.items()
             for report in runs
             if name in (cells.CHATD, cells.THROUGH) and faults_of(report)]
    for line in found:
        print(f"FAULTS: {line}")
    return bool(found)


def run_channels(args):
    """libchan's own measurements."""
    argv = [sys.executable, HERE / "chan_bench.py", args.build]
    if args.quick:
        argv.append("--quick")
    print("\nlibchan", flush=True)
    subprocess.run(argv, check=True)


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
                   help="fewer and shorter rounds: within five minutes")
    p.add_argument("--only", type=words, metavar="KIND,...",
                   help="these kinds of load: chan, "
                        + ", ".join(cells.KINDS))
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
                   metavar="KEY=VALUE", help="for chatd: plain.queue=512")
    args = p.parse_args()
    args.build = args.build.resolve()
    args.baseline = args.baseline and args.baseline.resolve()
    args.rounds = args.rounds or (QUICK_ROUNDS if args.quick else ROUNDS)
    args.chatbench = args.build / "src/tools/chatbench"
    args.out = args.build / "bench"
    args.out.mkdir(exist_ok=True)
    return args


def main():
    args = parse()
    chosen = servers.every(args.build, args.out, args.settings, args.baseline)
    if args.servers:
        chosen = {name: server for name, server in chosen.items()
                  if name in args.servers}
    elif cells.TWIN not in chosen:
        say("Go or its websocket library is not here: no ratios")
    print(f"{platform.node()}: {servers.machine()}")

    judge = table.Judge()
    reports, results = {}, {}
    for cell in cells.select(args.only, args.clients, args.size, args.quick):
        reports[cell.name] = run_cell(args, cell, chosen)
        results[cell.name] = table.medians(cell, reports[cell.name])
        usual = results.get(cell.usual.name, {}) if cell.usual else {}
        table.print_cell(cell, results[cell.name], usual, judge)
        sys.stdout.flush()
    table.print_growth(results, judge)
    if not args.only or "chan" in args.only:
        run_channels(args)
    table.print_sum(judge)
    (args.out / "reports.json").write_text(json.dumps(reports, indent=1))
    failed = print_faults(reports)
    for path in plots.write_all(results, args.out):
        print(f"plot: {path}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
