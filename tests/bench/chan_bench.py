#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures libchan against Go's channels, in turns, and prints the ratios.

A figure is nanoseconds per operation, the median of all rounds; what an
operation is says chan_bench.c.  Go's threads are two (GOMAXPROCS=2).
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

# One round after the other, so that what else the machine does meets all.
ROUNDS, QUICK_ROUNDS = 7, 5
TIME, QUICK_TIME = 200, 60  # milliseconds a loop

# Ours, Go's that stands beside it, and what the ratio of the two must be at
# most, and should.
TARGETS = (
    ("uncontended", "uncontended", 1.0, 0.6),
    ("select", "select", 0.7, 0.4),
    ("try-empty", "try-empty", 0.6, 0.4),
    ("try-full", "try-full", 0.6, 0.4),
    ("1:1", "1:1", 8, 5),
    ("1:1-some", "1:1", 3, 1.0),
    ("4:1", "4:1", None, None),
    ("4:1-some", "4:1", 4, 2.5),
    # A thread can't be switched to as cheaply as a goroutine.
    ("ping-pong", "ping-pong", None, None),
    ("ping-pong", "ping-pong-locked", 0.8, 0.8),
)


def build_gochan(out):
    """Go's program, or None where there is no Go."""
    if not shutil.which("go"):
        return None
    env = dict(os.environ, GO111MODULE="off", GOFLAGS="")
    env.setdefault("GOCACHE", str(out / "go-cache"))
    subprocess.run(["go", "build", "-o", out / "gochan", "."],
                   cwd=HERE / "gochan", env=env, check=True)
    return out / "gochan"


def run_once(program, milliseconds):
    """{loop: nanoseconds}"""
    lines = subprocess.run(
        [program, f"--time={milliseconds}"], check=True, text=True,
        stdout=subprocess.PIPE, env=dict(os.environ, GOMAXPROCS="2"),
    ).stdout.splitlines()
    return {name: float(ns) for name, ns in map(str.split, lines)}


def medians(runs):
    return {name: statistics.median(run[name] for run in runs)
            for name in runs[0]}


def judge(ratio, must, goal):
    if must is None:
        return ""
    word = "goal" if ratio <= goal else "good" if ratio <= must else "MISSED"
    return f"{word:7} at most {must:g}, goal {goal:g}"


def print_table(found):
    """found: {"chan": {loop: ns}, "go": ..., "baseline": ...}"""
    go, baseline = found.get("go"), found.get("baseline")
    print(f"{'ns per operation':29} {'libchan':>9}"
          + (f" {'baseline':>9}" if baseline else "")
          + (f" {'Go':>9} {'ratio':>6}" if go else ""))
    for ours, theirs, must, goal in TARGETS:
        name = ours if ours == theirs else f"{ours} / {theirs}"
        line = f"{name:29} {found['chan'][ours]:>9.4g}"
        if baseline:
            line += f" {baseline[ours]:>9.4g}"
        if go:
            ratio = found["chan"][ours] / go[theirs]
            line += f" {go[theirs]:>9.4g} {ratio:>6.2f}"
            line += f"  {judge(ratio, must, goal)}"
        print(line.rstrip())
    sys.stdout.flush()


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", type=pathlib.Path,
                   help="a build directory, of buildtype release")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--rounds", type=int)
    p.add_argument("--baseline", type=pathlib.Path, metavar="BUILD",
                   help="another build to measure beside")
    args = p.parse_args()
    out = args.build.resolve() / "bench"
    out.mkdir(exist_ok=True)

    programs = {"chan": args.build / "tests/bench/chan_bench"}
    if args.baseline:
        programs["baseline"] = args.baseline / "tests/bench/chan_bench"
    programs["go"] = build_gochan(out)
    if not programs["go"]:
        print("Go is not here: no ratios", file=sys.stderr)
        del programs["go"]

    runs = {name: [] for name in programs}
    for _ in range(args.rounds or (QUICK_ROUNDS if args.quick else ROUNDS)):
        for name, program in programs.items():
            runs[name].append(
                run_once(program, QUICK_TIME if args.quick else TIME))
    print_table({name: medians(each) for name, each in runs.items()})


if __name__ == "__main__":
    main()
