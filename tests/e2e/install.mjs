// SPDX-License-Identifier: MIT
//
// Installs the clients of these tests (npm ci), unless they are there as the
// lock file says.  The first of the tests, so that plain Meson runs them too.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

function changed(name) {
  return statSync(path.join(here, name), { throwIfNoEntry: false })?.mtimeMs
    ?? 0;
}

if (changed('node_modules/.package-lock.json') <=
  changed('package-lock.json')) {
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund',
    '--ignore-scripts'], { cwd: here, stdio: 'inherit' });
  if (error) console.error(`npm: ${error.message}`);
  process.exitCode = status ?? 1;
}
