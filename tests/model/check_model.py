#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_model.py MODEL COMPILER: spin looks at every state that the model can
come to, and finds nothing wrong and no statement that was never reached.

check_model.py MODEL COMPILER MUTANT...: it finds something wrong with each of
these, bugs planted in the model; what it found is printed.

Exits with 77, which means "skipped" to Meson, where there is no spin.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def call(command, cwd):
    run = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    if run.returncode != 0:
        sys.exit(f'{" ".join(command)}: {run.stdout}')
    return run.stdout


def explore(model, compiler, mutant):
    """What pan, the program that spin makes of the model, reports."""
    with tempfile.TemporaryDirectory() as where:
        call(['spin', '-a', f'-DMUTANT={mutant}', str(model)], where)
        # Mutants are found out soon; the proof takes seconds.
        call([compiler, '-w', '-O0' if mutant != 'NONE' else '-O2',
              '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'], where)
        return call(['./pan', '-m1000', '-w23'], where)


def prove(model, compiler):
    report = explore(model, compiler, 'NONE')
    unreached = re.findall(r'unreached in .*\n(?:\t.*\n)*?\t\((\d+) of', report)
    good = ('errors: 0' in report and 'not completed' not in report
            and unreached and not any(map(int, unreached)))
    print(report)
    return good


def find_mutants(model, compiler, mutants):
    good = True
    for mutant in mutants:
        report = explore(model, compiler, mutant)
        fault = re.search(r'^pan:1: (assertion violated|invalid end state).*',
                          report, re.M)
        print(f'{mutant}: {fault[0] if fault else report}')
        good = good and fault
    return good


def main():
    model, compiler = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    if not shutil.which('spin'):
        print('skipped: there is no spin')
        return 77
    if sys.argv[3:]:
        return 0 if find_mutants(model, compiler, sys.argv[3:]) else 1
    return 0 if prove(model, compiler) else 1


sys.exit(main())
