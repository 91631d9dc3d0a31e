# SPDX-License-Identifier: MIT
"""Line charts in SVG, both axes logarithmic, for light and dark pages."""

import html
import math

from cells import (CEILING, CHATD, CPU, DELIVERIES, KERNEL, MEMORY, P99,
                   THROUGH, TWIN)

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 50

# One look a server, the same in all plots: colour, dashes.
LOOKS = {
    CHATD: ("#2f6fde", ""), THROUGH: ("#0a9d6e", ""), TWIN: ("#d1482f", ""),
    "wschat": ("#9a6fd0", ""), "lwschat": ("#b8860b", ""),
    "single": ("#808890", "2 4"), CEILING: ("#808890", "7 4"),
}
NAMES = {
    CHATD: "chatd, textbook", THROUGH: "chatd", TWIN: "Go twin",
    "wschat": "npm's ws", "lwschat": "libwebsockets",
    "single": "one send() each", CEILING: "batching loop",
}

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.page { fill: #fff }
.grid { stroke: #d8dee4; stroke-width: 1 }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
@media (prefers-color-scheme: dark) {
  text { fill: #d0d7de } .page { fill: #0d1117 } .grid { stroke: #30363d }
}
"""


def short(value):
    """5000000: 5M"""
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def ticks(low, high):
    """1, 2, 5, 10, ... that span the values."""
    steps = [m * 10 ** e for e in range(-4, 9) for m in (1, 2, 5)]
    first = max(s for s in steps if s <= low)
    last = min(s for s in steps if s >= high)
    found = [s for s in steps if first <= s <= last]
    if len(found) > 9:
        found = [s for s in found if math.log10(s).is_integer()
                 or s in (first, last)]
    return found


def spread(labels):
    """Moves labels, [y, ...], apart so that they can be read."""
    labels.sort()
    for above, label in zip(labels, labels[1:]):
        label[0] = max(label[0], above[0] + 16)
    return labels


def chart(title, unit, series):
    """An SVG; series: {server: {clients: value}}"""
    xs = sorted({x for line in series.values() for x in line})
    values = [y for line in series.values() for y in line.values()]
    rows = ticks(min(values), max(values))

    def scale(value, low, high, begin, end):
        if low == high:
            return (begin + end) / 2
        part = math.log(value / low) / math.log(high / low)
        return begin + part * (end - begin)

    def x_of(x):
        return scale(x, xs[0], xs[-1], LEFT + 10, WIDTH - RIGHT - 10)

    def y_of(y):
        return scale(y, rows[0], rows[-1], HEIGHT - BOTTOM, TOP)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
           f'viewBox="0 0 {WIDTH} {HEIGHT}">',
           f"<title>{html.escape(title)}</title><style>{STYLE}</style>",
           f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
           f'<text class="title" x="{LEFT}" y="28">{html.escape(title)}'
           "</text>",
           f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end">'
           "clients</text>"]
    for row in rows:
        y = y_of(row)
        out.append(f'<path class="grid" d="M{LEFT} {y:.1f}'
                   f'H{WIDTH - RIGHT}"/><text x="{LEFT - 8}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{short(row)}</text>')
    out.append(f'<text x="{LEFT - 8}" y="{TOP - 14}" text-anchor="end">'
               f"{html.escape(unit)}</text>")
    for x in xs:
        out.append(f'<text x="{x_of(x):.1f}" y="{HEIGHT - BOTTOM + 20}" '
                   f'text-anchor="middle">{x:,}</text>')
    labels = []
    for name, line in series.items():
        colour, dashes = LOOKS.get(name, ("#555", "4 2"))
        points = [(x_of(x), y_of(y)) for x, y in sorted(line.items())]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        out.append(f'<path class="line" d="M{path}" stroke="{colour}" '
                   f'stroke-dasharray="{dashes or "none"}"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" '
                f'fill="{colour}"/>' for x, y in points]
        labels.append([points[-1][1], points[-1][0], name, colour])
    for y, x, name, colour in spread(labels):
        out.append(f'<text x="{x + 12:.1f}" y="{y + 4:.1f}" '
                   f'style="fill:{colour}">{html.escape(NAMES.get(name, name))}'
                   "</text>")
    out.append("</svg>\n")
    return "\n".join(out)


def gather(results, kind, size, figures):
    """{server: {clients: the sum of these figures}}"""
    series = {}
    for cell, found in results.items():
        cell_kind, clients, _, cell_size = cell.split()
        if cell_kind != kind or int(cell_size) != size:
            continue
        for name in dict.fromkeys(name for name, _ in found):
            values = [found.get((name, figure)) for figure in figures]
            if all(value is not None and value > 0 for value in values):
                series.setdefault(name, {})[int(clients)] = sum(values)
    return series


PLOTS = (
    ("deliveries-64", "Deliveries a second, 64 bytes, saturated", "/s",
     "saturate", 64, (DELIVERIES,)),
    ("deliveries-512", "Deliveries a second, 512 bytes, saturated", "/s",
     "saturate", 512, (DELIVERIES,)),
    ("cpu-64", "CPU seconds a million deliveries, 64 bytes, saturated", "s",
     "saturate", 64, (CPU,)),
    ("cpu-512", "CPU seconds a million deliveries, 512 bytes, saturated", "s",
     "saturate", 512, (CPU,)),
    ("latency-64", "p99 of latency, 64 bytes, saturated", "ms",
     "saturate", 64, (P99,)),
    ("latency-paced", "p99 of latency, 20 messages a second", "ms",
     "paced", 64, (P99,)),
    ("cpu-paced", "CPU seconds a million deliveries, 20 messages a second",
     "s", "paced", 64, (CPU,)),
    ("memory", "Memory of an idle client, resident", "KiB",
     "idle", 64, (MEMORY,)),
    ("memory-kernel", "Memory of an idle client, with the kernel's", "KiB",
     "idle", 64, (MEMORY, KERNEL)),
)


def write_all(results, out):
    """Writes the plots for which there is more than one number of clients;
    their paths."""
    written = []
    for name, title, unit, kind, size, figures in PLOTS:
        series = gather(results, kind, size, figures)
        if len({x for line in series.values() for x in line}) > 1:
            path = out / f"{name}.svg"
            path.write_text(chart(title, unit, series))
            written.append(path)
    return written
