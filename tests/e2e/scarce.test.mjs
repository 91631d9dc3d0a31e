// SPDX-License-Identifier: MIT
// Times at which things go wrong: no descriptor is left, no thread, nobody who
// reads the log; and who comes after.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { isRoot, run, chatd, slow, start, temporary, until }
  from './harness.mjs';
import { frame, PING, PONG, Raw, request } from './raw.mjs';

// ---- Unix sockets ----

// Caught: a file that is removed at the very end, when it may be another's.
test('who takes over a Unix socket keeps it', async (t) => {
  const file = path.join(temporary(t), 'chat.sock');
  const old = await start(t, { listen: `unix:${file}`,
    set: { 'timeouts.drain': '1m' } });
  assert.equal(statSync(file).mode & 0o777, 0o666);
  const stays = await Raw.upgrade({ path: file });
  old.signal('SIGTERM');
  assert.equal((await stays.closed()).code, 1001);
  await until(() => !existsSync(file), () => 'the file is gone');
  const young = await start(t, { listen: `unix:${file}` });
  stays.end();
  await old.exits(0);
  assert(existsSync(file), 'the file is there');
  const raw = await Raw.upgrade({ path: file });
  raw.end();
  await young.stop();
  assert(!existsSync(file), 'the file is gone');
});

// ---- Want of descriptors and threads ----

// Sets a limit of the running server, the soft one.
function limit(server, name, value) {
  execFileSync('prlimit', [`--pid=${server.pid}`, `--${name}=${value}:`]);
}

// Caught: a report, and a wait of 100 ms, where accept() only wanted a
// descriptor to find that nobody else is there.
test('the last descriptor is no refusal', async (t) => {
  const server = await start(t);
  await Raw.connect(server);
  await until(async () => (await server.counts()).ever === 1, 'a connection');
  const used = server.descriptorList().map(parseFloat);
  let free = 0; // the lowest; something may have been inherited far above
  while (used.includes(free)) free++;
  limit(server, 'nofile', free + 1);
  const last = await Raw.connect(server);
  last.send(request('GET /healthz'));
  assert.equal((await last.answer()).status, 200);
  assert.equal((await server.counts()).refused, 0);
  // The next one is.
  const next = await Raw.connect(server);
  assert.equal((await next.answer()).status, 503);
  assert.equal((await server.counts()).refused, 1);
});

test('no thread to start with: exit 1, and the socket\'s file is gone',
  { skip: !isRoot && 'only root can become another' }, async (t) => {
    const dir = temporary(t);
    execFileSync('chmod', ['777', dir]);
    const file = path.join(dir, 'chat.sock');
    // root has threads without limit; nobody has none.
    // LeakSanitizer looks from a thread of its own, and here it has none;
    // test_faults_start.c has it look at starts that fail.
    const env = { ASAN_OPTIONS:
      `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0` };
    const { code, signal, stderr } = await run('prlimit', ['--nproc=1', chatd,
      '--set', `server.listen=unix:${file}`, '--set', 'server.user=nobody'],
    { env });
    assert.match(stderr, /error chatd: can't start/);
    assert.deepEqual({ code, signal }, { code: 1, signal: null }, stderr);
    assert(!existsSync(file), 'the file is gone');
  });

// ---- Standard error ----

// Caught: a connection that is descriptor 2, and is sent the log.
test('closed standard descriptors are nobody\'s', async (t) => {
  const file = path.join(temporary(t), 'chat.sock');
  const done = run('sh', ['-c', `echo $$ >"$2.pid"
    exec "$1" --set "server.listen=unix:$2" <&- >&- 2>&-`, 'sh', chatd, file]);
  const connect = () => new Promise((resolve) => {
    const socket = net.connect(file);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
  let first;
  await until(async () => (first = await connect()), 'it listens');
  first.destroy();
  const raws = [];
  for (let i = 0; i < 4; i++) raws.push(await Raw.upgrade({ path: file }));
  for (const raw of raws) {
    raw.send(frame(PING, 'who speaks?'));
    assert.equal(String(await raw.message(PONG)), 'who speaks?');
  }
  process.kill(Number(readFileSync(`${file}.pid`)), 'SIGTERM');
  for (const raw of raws) {
    assert.equal((await raw.closed()).code, 1001);
    raw.end();
  }
  assert.equal((await done).code, 0);
});

// Asks 5000 times at the Unix socket $2 what makes a line of the log each, and
// then ends the program $1, whose standard error is a terminal that nobody
// reads.  There write() blocks in the middle of a line.
const terminal = `
import os, pty, signal, socket, subprocess, sys, time
master, slave = pty.openpty()
p = subprocess.Popen([sys.argv[1], '--set', 'server.listen=unix:' + sys.argv[2],
    '--set', 'timeouts.drain=10s'], stderr=slave)
while True:
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[2])
        break
    except OSError:
        time.sleep(0.01)
for i in range(500):
    s.sendall(b'GET /ws HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' * 10)
    heard = b''
    while heard.count(b'HTTP/1.1 426') < 10:
        heard += s.recv(65536)
s.close()
began = time.monotonic()
p.send_signal(signal.SIGTERM)
try:
    print(p.wait(${20 * slow}), time.monotonic() - began)
finally:
    p.kill()
`;

// Caught: a log thread that is waited for, whatever it hangs in.
test('a terminal that is stopped doesn\'t keep it from ending', async (t) => {
  const file = path.join(temporary(t), 'chat.sock');
  const { code, stdout, stderr } = await run('python3',
    ['-c', terminal, chatd, file]);
  assert.equal(code, 0, stderr);
  const [status, seconds] = stdout.trim().split(' ').map(Number);
  assert.equal(status, 0);
  assert(seconds < 3 * slow, `${seconds} s`);
});
