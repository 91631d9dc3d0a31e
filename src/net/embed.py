#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a C file that holds the files of the page: embed.py OUT FILE..."""
import hashlib
import pathlib
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}


def main(out, names):
    lines = ['#include "assets.h"', ""]
    rows = []
    for i, path in enumerate(map(pathlib.Path, names)):
        data = path.read_bytes()
        tag = hashlib.sha256(data).hexdigest()[:16]
        target = "/" if path.name == "index.html" else "/" + path.name
        lines.append(f"static const unsigned char bytes_{i}[] = {{")
        for at in range(0, len(data), 16):
            row = ",".join(str(b) for b in data[at:at + 16])
            lines.append(f"\t{row},")
        lines.append("\t0};")
        rows.append(f'\t{{"{target}", "{TYPES[path.suffix]}", '
                    f'"\\"{tag}\\"", bytes_{i}, {len(data)}}},')
    lines += ["", "const struct asset assets[] = {", *rows, "};",
              "const size_t assets_count = sizeof(assets) / sizeof(*assets);"]
    pathlib.Path(out).write_text("\n".join(lines) + "\n")


main(sys.argv[1], sys.argv[2:])
