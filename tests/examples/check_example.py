#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_example.py EXPECTED PROGRAM: runs the example and compares what it
prints.

check_example.py --go DIRECTORY NAME...: the same with the Go programs that
stand at the head of each NAME*.c, so that they really are twins.  Exits with
77, which means "skipped" to Meson, where there is no Go.
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LONGEST = 60  # lines; an example is to be seen whole


def compare(name, command, expected, env=None):
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                         env=env, check=False)
    wanted = expected.read_text()
    if run.stdout != wanted:
        sys.stdout.writelines(difflib.unified_diff(
            wanted.splitlines(True), run.stdout.splitlines(True),
            expected.name, name))
    if run.returncode != 0:
        print(f'{name}: exit status {run.returncode}')
    return run.stdout == wanted and run.returncode == 0


def go_program(sources):
    """What the first comments hold, with the clauses that they leave out."""
    code = ''
    for source in sources:
        head = source.read_text().split('*/\n')[1]
        code += re.sub(r'^ \*\t?', '', head[head.index(' *\t'):], flags=re.M)
    imports = [name for name in ('fmt', 'time') if name + '.' in code]
    return '\n'.join(['package main', *[f'import "{name}"' for name in imports],
                      code])


def check_go(directory, names):
    if not shutil.which('go'):
        print('there is no Go')
        return 77
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        env = dict(os.environ, GO111MODULE='off', GOFLAGS='',
                   GOCACHE=os.path.join(scratch, 'cache'))
        for name in names:
            program = pathlib.Path(scratch, name + '.go')
            program.write_text(go_program(sorted(directory.glob(name + '*.c'))))
            good &= compare(program.name, ['go', 'run', program],
                            directory / (name + '.out'), env)
    return 0 if good else 1


def check_length(directory):
    good = True
    for source in directory.glob('*.c'):
        lines = len(source.read_text().splitlines())
        if lines > LONGEST:
            print(f'{source.name}: {lines} lines, over {LONGEST}')
            good = False
    return good


def main():
    if sys.argv[1] == '--go':
        return check_go(pathlib.Path(sys.argv[2]), sys.argv[3:])
    expected = pathlib.Path(sys.argv[1])
    good = check_length(expected.parent)
    good &= compare(expected.stem, [sys.argv[2]], expected)
    return 0 if good else 1


sys.exit(main())
