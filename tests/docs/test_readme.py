#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_readme.py SOURCE_DIR CHATD LIBCHAN.A CC...

Holds README.md and README.zh-CN.md to the tree.  C blocks are compiled as the
body of a function, or, after a mark in a comment, something better:

    <!-- test: run -->          a program; it prints the text block that follows
    <!-- test: quote FILE -->   stands like this in FILE; "..." leaves lines out

Files, functions, commands and headings that are named exist, so do all packages
that ./dev wants for a build, the table of the configuration is chatd's own, and
both pages have the same blocks and tables.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Caught: a wrong argument in a fragment, a quote that the code has left
# behind, a program that prints something else, a default that was changed, a
# key, file, function, ./dev command or heading that isn't there, a package that
# isn't named, a block changed on one page only.

PAGES = ('README.md', 'README.zh-CN.md')
FLAGS = ['-std=gnu11', '-Wall', '-Wno-unused', '-Werror', '-pthread']

# Around each fragment: what the text around it says is there.
PROLOGUE = '''\
#include <chan.h>
#include <stdbool.h>
#define SECOND INT64_C(1000000000)
void use(int v);
void drop(int v);
void give_up(void);
void fragment(struct chan *numbers, struct chan *quit, struct chan *answers,
	      %s int v, bool ok, size_t n, enum chan_status status)
{
'''

problems = []


def complain(page, what):
    problems.append(f'{page}: {what}')


class Page:
    """A page's blocks, as (language, mark, text), and the rest of it."""

    def __init__(self, root, name):
        self.name = name
        self.blocks, prose, mark = [], [], None
        block = None
        for line in (root / name).read_text().splitlines():
            fence = re.match(r'```(\w*)', line)
            if block is not None and fence:
                self.blocks.append((language, mark, '\n'.join(block) + '\n'))
                block = mark = None
            elif block is not None:
                block.append(line)
            elif fence:
                language, block = fence[1], []
            else:
                found = re.match(r'<!-- test: (.*) -->', line)
                mark = found[1] if found else mark if not line else None
                prose.append(line)
        self.lines = prose
        self.prose = '\n'.join(prose) + '\n'

    def table(self, mark):
        """The cells of the rows of the table behind a mark."""
        at = self.lines.index(f'<!-- test: {mark} -->') + 1
        rows = []
        while at < len(self.lines) and self.lines[at].startswith('|'):
            rows.append([cell.strip()
                         for cell in self.lines[at].strip('|').split('|')])
            at += 1
        return rows[2:]

    def code(self, text):
        return re.findall(r'`([^`]+)`', text)


class Compiler:
    def __init__(self, root, library, cc, scratch):
        self.command = [*cc, *FLAGS, f'-I{root / "include"}']
        self.library, self.scratch = library, pathlib.Path(scratch)

    def compile(self, page, code, *more):
        source = self.scratch / 'block.c'
        source.write_text(code)
        done = subprocess.run([*self.command, source, *more],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            complain(page.name, f'this does not compile:\n{code}{done.stdout}')
        return done.returncode == 0

    def fragment(self, page, code, before='struct chan *c,'):
        self.compile(page, PROLOGUE % before + code + '}\n', '-fsyntax-only')

    def run(self, page, code, expected):
        program = self.scratch / 'block'
        if not self.compile(page, code, '-o', program, self.library):
            return
        said = subprocess.run([program], stdout=subprocess.PIPE, text=True,
                              timeout=30, check=False)
        if said.returncode != 0 or said.stdout != expected:
            complain(page.name, f'this exits with {said.returncode} and prints '
                     f'{said.stdout!r}, not {expected!r}:\n{code}')


def check_quote(page, root, name, text):
    """Each piece between two "..." stands in the file, in this order."""
    rest = (root / name).read_text()
    for piece in text.split('...\n'):
        before, found, rest = rest.partition(piece)
        if not found:
            complain(page.name, f'{name} has no such lines here:\n{piece}')
            return


def check_blocks(page, root, compiler):
    for i, (language, mark, text) in enumerate(page.blocks):
        if language != 'c':
            continue
        kind, _, name = (mark or '').partition(' ')
        if kind == 'run':
            compiler.run(page, text, page.blocks[i + 1][2])
        elif kind == 'quote':
            check_quote(page, root, name, text)
        else:
            compiler.fragment(page, text)
    rows = [page.code(row[2])[0] for row in page.table('table')
            if page.code(row[2])]
    compiler.fragment(page, '\n'.join(rows) + '\n', '')


def check_go(page):
    if not shutil.which('gofmt'):
        return
    for language, _, text in page.blocks:
        if language != 'go':
            continue
        if text.startswith('case'):
            text = f'select {{\n{text}}}\n'
        done = subprocess.run(['gofmt', '-e'], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if done.returncode != 0:
            complain(page.name, f'gofmt: {done.stdout}{text}')


def check_names(page, root):
    text = page.prose
    for path in re.findall(r'\b(?:src|include|web|tests|subprojects)/[\w./-]*',
                           text):
        if not (root / path.rstrip('.')).exists():
            complain(page.name, f'there is no {path}')
    for target in re.findall(r'\]\(([^)]+)\)', text):
        path = target.partition('#')[0]
        if not re.match(r'[a-z]+:', target) and not (root / path).exists():
            complain(page.name, f'there is no {path}')

    headings = {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
                for heading in re.findall(r'^#+ (.*)', text, re.M)}
    for anchor in re.findall(r'\]\(#([^)]+)\)', text):
        if anchor not in headings:
            complain(page.name, f'there is no heading #{anchor}')

    code = '\n'.join(path.read_text()
                     for where in ('src', 'include')
                     for path in sorted((root / where).rglob('*.[ch]')))
    for name in re.findall(r'`(\w+)\(\)`', text):
        if not re.search(rf'\b{name}\(', code):
            complain(page.name, f'no code calls {name}()')

    dev = (root / 'dev').read_text()
    everything = text + ''.join(block[2] for block in page.blocks)
    for command in re.findall(r'\./dev (\w+)', everything):
        if not re.search(rf'^{command}\)', dev, re.M):
            complain(page.name, f'there is no ./dev {command}')
    needs = dev[dev.index('need_build()'):dev.index('need_test()')]
    for packages in re.findall(r"\bwant '?([\w|+-]+)", needs):
        if not any(package in text for package in packages.split('|')):
            complain(page.name, f'the package {packages} is not named')


def check_config(page, chatd):
    said = subprocess.run([chatd, '--help-config'], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    section, wanted = '', []
    for line in said.splitlines():
        if line.startswith('['):
            section = line.strip('[]')
        elif found := re.match(r'#(\w+) =(.*)', line):
            wanted.append((f'{section}.{found[1]}', found[2].strip()))
    listed = [(page.code(row[0])[0], ''.join(page.code(row[1])))
              for row in page.table('config')]
    if listed != wanted:
        for row in sorted(set(listed) ^ set(wanted)):
            complain(page.name, f'the configuration: {" = ".join(row)}: '
                     + ('not chatd\'s' if row in listed else 'missing'))
        if sorted(listed) == sorted(wanted):
            complain(page.name, 'the keys stand in another order')


def check_twins(one, other):
    """What both pages have in common is the same."""
    if len(one.blocks) != len(other.blocks):
        complain(other.name, 'the number of blocks differs')
    for a, b in zip(one.blocks, other.blocks):
        # The comments of commands are in the page's language.
        a, b = ((language, mark, re.sub(r'  # .*', '', text))
                for language, mark, text in (a, b))
        if a != b:
            complain(other.name, f'a block differs:\n{a[2]}--\n{b[2]}')
    shape = [re.findall(r'^(#+) |^(\|)|^(- )|^(\d+\.) ', page.prose, re.M)
             for page in (one, other)]
    if shape[0] != shape[1]:
        complain(other.name, 'headings, tables and lists are not the same')
    figures = [re.findall(r'^\|.*', page.prose, re.M) for page in (one, other)]
    for a, b in zip(*figures):
        if one.code(a) != other.code(b):
            complain(other.name, f'a row differs: {a} {b}')


def main():
    root = pathlib.Path(sys.argv[1])
    chatd, library, cc = sys.argv[2], sys.argv[3], sys.argv[4:]
    pages = [Page(root, name) for name in PAGES]
    with tempfile.TemporaryDirectory() as scratch:
        compiler = Compiler(root, library, cc, scratch)
        for page in pages:
            check_blocks(page, root, compiler)
    for page in pages:
        check_go(page)
        check_names(page, root)
        check_config(page, chatd)
    check_twins(*pages)
    print('\n'.join(problems))
    return 1 if problems else 0


sys.exit(main())
