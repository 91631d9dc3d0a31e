# SPDX-License-Identifier: MIT
"""The figures as a table of ratios, each beside what it should be."""

import statistics

from cells import (AT_LEAST, CEILING, CHATD, CPU, DELIVERIES, GROWTH,
                   OF_CEILING, THROUGH, TWIN)


def figure_of(report, key):
    """A figure of a report by its dotted name; None where it isn't known."""
    for part in key.split("."):
        report = report.get(part)
        if report is None:
            return None
    return report


def medians(cell, reports):
    """{(server, figure): median of its rounds}"""
    found = {}
    for name, runs in reports.items():
        for figure in cell.figures:
            values = [figure_of(run, figure.key) for run in runs]
            values = [value for value in values if value is not None]
            if values:
                found[name, figure] = statistics.median(values)
    return found


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 100000:
        return f"{value / 1000:.0f}k"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


class Judge:
    """Says how a ratio stands to its target, and remembers those short."""

    def __init__(self):
        self.count = 0
        self.short = []

    def __call__(self, what, ratio, better, target):
        if not target:
            return ""
        must, goal = target
        sign = 1 if better == AT_LEAST else -1
        self.count += 1
        if sign * (ratio - goal) >= 0:
            return "goal"
        if sign * (ratio - must) >= 0:
            return "good"
        self.short.append(f"{what}: {ratio:.2f}, {better} {must:g}")
        return "SHORT"


def print_row(name, columns):
    print(f"{name:20}{''.join(f'{column:21}' for column in columns)}".rstrip())


def print_cell(cell, found, usual, judge):
    """found, usual: medians of the cell, and of that which chatd's own are
    held against in place of the Go twin's."""
    print()
    print_row(cell.name, [f"{f.title} {f.unit}" for f in cell.figures])
    for name in dict.fromkeys(name for name, _ in found):
        targets = cell.targets.get(name, {})
        columns = []
        for figure in cell.figures:
            value = found.get((name, figure))
            against = (usual.get((name, figure)) if cell.usual
                       else found.get((TWIN, figure)))
            column = f"{number(value):>6}"
            if value and against and (cell.usual or name != TWIN):
                ratio = value / against
                word = judge(f"{cell.name}, {name}, {figure.title}", ratio,
                             figure.better, targets.get(figure))
                column += f" {ratio:5.2f}x {word}"
            columns.append(column)
        print_row(f"  {name}", columns)
        if targets:
            print_row("    must / goal", [
                "{:>12g} / {:g}".format(*targets[figure])
                if figure in targets else "" for figure in cell.figures])
    print_of_ceiling(cell, found, judge)


def print_of_ceiling(cell, found, judge):
    most = found.get((CEILING, DELIVERIES))
    for name in CHATD, THROUGH:
        value = found.get((name, DELIVERIES))
        if not most or not value:
            continue
        target = OF_CEILING if name == THROUGH and cell.targets else None
        if target and cell.clients < 100:
            target = (target[0], target[0])
        word = judge(f"{cell.name}, {name}, of the ceiling", value / most,
                     AT_LEAST, target)
        print_row("  of the ceiling",
                  [f"{'':7}{value / most:5.2f}x {word}", name])


def print_growth(results, judge):
    """results: {cell's name: medians}"""
    few = results.get("saturate 100 x 64", {})
    many = results.get("saturate 10000 x 64", {})
    rows = [(name, many[name, figure] / few[name, figure])
            for name, figure in few if figure == CPU and (name, CPU) in many]
    if rows:
        print("\nCPU a delivery with 10,000 clients, over that with 100")
    for name, ratio in rows:
        target = GROWTH if name in (CHATD, THROUGH) else None
        word = judge(f"growth, {name}", ratio, "at most", target)
        print_row(f"  {name}", [f"{'':7}{ratio:5.2f}x {word}"])


def print_sum(judge):
    if not judge.count:
        return
    print(f"\n{judge.count - len(judge.short)} of {judge.count} targets "
          "reached" + ("; short:" if judge.short else ""))
    for line in judge.short:
        print(f"  {line}")
