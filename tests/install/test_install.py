#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_install.py MESON BUILD_DIR SOURCE_DIR CC...

Installs into a temporary DESTDIR and looks at what a user of libchan finds
there: header, static and shared library, chan.pc, manual page.  Then builds
and runs outside.c with it, as C and as C++, linked either way.  Exits with 77,
"skipped" to Meson, where a tool is missing.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Caught: internal functions exported, a public one hidden, a soname without
# its number, chan.h or chan.pc not installed, a function without its manual
# page, chan.h without extern "C".

WARNINGS = ['-Wall', '-Wextra', '-pedantic', '-Werror']
missing = []


def output(*command, **options):
    return subprocess.run([str(word) for word in command], check=True,
                          stdout=subprocess.PIPE, text=True, **options).stdout


def only(root, name):
    """The one file of this name below root."""
    found = list(root.rglob(name))
    if len(found) != 1:
        sys.exit(f'{name}: there should be one, not {len(found)}')
    return found[0]


def same(what, got, wanted):
    if got != wanted:
        sys.exit(f'{what}: {sorted(got - wanted)} too much, '
                 f'{sorted(wanted - got)} missing')


def dynamic(tag, file):
    """The values of one tag of the dynamic section."""
    return set(re.findall(rf'\({tag}\).*\[(.*)\]', output('readelf', '-dW',
                                                         file)))


def symbols(*options):
    return {line.split()[-1].split('@')[0]
            for line in output('nm', '--defined-only', *options).splitlines()
            if len(line.split()) == 3}


def functions_of(header):
    code = re.sub(r'/\*.*?\*/', '', header, flags=re.S)
    names = set(re.findall(r'\b(chan_\w+)\([^()]*\);', code))
    return names - set(re.findall(r'^static inline .* (chan_\w+)\(', code,
                                  re.M))


def check_library(root, functions):
    shared = only(root, 'libchan.so')
    same('libchan.so exports', symbols('-D', shared), functions)
    same('soname', dynamic('SONAME', shared), {'libchan.so.0'})
    if not (shared.parent / 'libchan.so.0').exists():
        sys.exit('libchan.so.0, which programs ask for, is not there')
    same('libchan.so needs', dynamic('NEEDED', shared) -
         {'libpthread.so.0', 'ld-linux-x86-64.so.2'}, {'libc.so.6'})
    foreign = {name for name in symbols('-g', only(root, 'libchan.a'))
               if not name.startswith('chan_')}
    same('names of libchan.a that could meet others', foreign, set())


def check_manual(root, functions):
    pages = only(root, 'chan.3').parent
    # The macros that people call have the names without _sized.
    for name in {name.removesuffix('_sized') for name in functions}:
        page = pages / (name + '.3')
        if not page.is_file():
            sys.exit(f'there is no page for {name}(3)')
        if f'.Nm {name}' not in page.read_text():
            sys.exit(f'chan.3 does not name {name}')


def build_and_run(root, compiler, way):
    env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(root),
               PKG_CONFIG_LIBDIR=str(only(root, 'chan.pc').parent),
               PKG_CONFIG_ALLOW_SYSTEM_CFLAGS='1',
               PKG_CONFIG_ALLOW_SYSTEM_LIBS='1')
    cflags = output('pkg-config', '--cflags', 'chan', env=env).split()
    libs = output('pkg-config', '--libs', 'chan', env=env).split()
    if way == 'static':
        libs = ['-Wl,-Bstatic', *libs, '-Wl,-Bdynamic']
    program = root / 'outside'
    output(*compiler, *WARNINGS, *cflags, '-o', program, root / 'outside.c',
           '-x', 'none', *libs, cwd=root)
    needed = {name for name in dynamic('NEEDED', program) if 'chan' in name}
    same(f'{way} program needs', needed,
         {'libchan.so.0'} if way == 'shared' else set())
    env = dict(os.environ,
               LD_LIBRARY_PATH=str(only(root, 'libchan.so').parent))
    said = output(program, env=env)
    if said != '42\n':
        sys.exit(f'{compiler} {way}: the program said {said!r}')


def compilers(cc):
    yield [*cc, '-std=c11']
    yield [*cc, '-std=c99']
    for name in (os.environ.get('CXX', 'c++'), 'g++', 'clang++'):
        if shutil.which(name):
            yield [name, '-std=c++11', '-x', 'c++']
            yield [name, '-x', 'c++']
            return
    missing.append('a C++ compiler')


def main():
    meson, build, source = sys.argv[1:4]
    cc = sys.argv[4:]
    missing.extend(tool for tool in ('pkg-config', 'readelf', 'nm')
                   if not shutil.which(tool))
    if not missing:
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            output(meson, 'install', '-C', build, '--no-rebuild', '--quiet',
                   '--destdir', root)
            shutil.copy(pathlib.Path(source, 'outside.c'), root)
            functions = functions_of(only(root, 'chan.h').read_text())
            check_library(root, functions)
            check_manual(root, functions)
            for compiler in compilers(cc):
                for way in ('static', 'shared'):
                    build_and_run(root, compiler, way)
    if missing:
        print('not here:', *missing)
        return 77
    return 0


sys.exit(main())
