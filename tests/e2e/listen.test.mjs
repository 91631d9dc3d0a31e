// SPDX-License-Identifier: MIT
// Where it listens, as whom, what it can hold, and how it starts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync,
  statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { isRoot, loopback, run, runChatd, start, temporary }
  from './harness.mjs';
import { frame, Raw, request, TEXT } from './raw.mjs';

const hasIpv6 = existsSync('/proc/net/if_inet6') &&
  readFileSync('/proc/net/if_inet6', 'utf8').includes(' lo');

test('IPv4, IPv6 and a Unix socket at once are one chat', async (t) => {
  const socket = path.join(temporary(t), 'chat.sock');
  const listen = ['127.0.0.1:0', '127.0.0.2:0', `unix:${socket}`];
  if (hasIpv6) listen.push('[::1]:0');
  const server = await start(t, { listen: listen.join(' ') });
  assert.equal(server.addresses.length, listen.length);
  const clients = [];
  for (const [i, address] of server.addresses.entries()) {
    if (listen[i].startsWith('unix:')) {
      assert.equal(address, listen[i]);
      clients.push(await Raw.upgrade({ path: socket,
        clients: server.clients }));
    } else {
      const { hostname, port } = new URL(address);
      assert.notEqual(port, '0');
      clients.push(await Raw.upgrade({ host: hostname.replace(/[[\]]/g, ''),
        port, clients: server.clients }));
    }
  }
  for (const [i, client] of clients.entries()) {
    client.send(frame(TEXT, `from ${listen[i]}`));
    for (const other of clients) {
      assert.equal(await other.message(), `from ${listen[i]}`);
    }
  }
  await server.logged(/peer=unix:\S*: connected/);
  if (hasIpv6) await server.logged(/peer=\[::1\]:\d+: connected/);
  const { stdout } = await run('curl', ['-sS', '--unix-socket', socket,
    'http://localhost/healthz']);
  assert.equal(stdout, 'ok\n');
  for (const client of clients) client.destroy();
  await server.idle();
  await server.stop();
  assert(!existsSync(socket), 'the socket file is gone');
});

test('[::1] is IPv6 and nothing else', { skip: !hasIpv6 && 'no IPv6' },
  async (t) => {
    const server = await start(t, { listen: '[::1]:0' });
    assert.match(server.url, /^http:\/\/\[::1\]:\d+\/$/);
    const ann = await Chatter.join(server, {
      origin: server.url.slice(0, -1) });
    await chatIsWell([ann]);
    // On 127.0.0.1 another test may have that port.
    const [outcome] = await Promise.race(['connect', 'error'].map(
      (name) => once(net.connect(server.port, loopback()), name)
        .catch((error) => [error])));
    assert.equal(outcome?.code, 'ECONNREFUSED');
    // Were it both, this address would be one of its own.
    const mapped = await runChatd(
      ['--set', 'server.listen=[::ffff:127.0.0.1]:0']);
    assert.equal(mapped.code, 1);
    assert.match(mapped.stderr, /bind: Invalid argument/);
  });

// Connections that the server closed first keep its port for a minute.
test('the port can be taken again at once', async (t) => {
  for (let tries = 1; ; tries++) {
    const first = await start(t);
    const raw = await Raw.connect(first);
    raw.send(request('GET /healthz', { Connection: 'close' }));
    assert.equal((await raw.answer()).status, 200);
    await raw.rest();
    raw.end();
    await first.idle();
    await first.stop();
    try {
      const second = await start(t, { listen: `127.0.0.1:${first.port}` });
      const again = await Raw.connect(second);
      again.send(request('GET /healthz'));
      assert.equal((await again.answer()).status, 200);
      return;
    } catch (error) {
      // Another program may have been quicker, but not three times.
      if (tries === 3) throw error;
    }
  }
});

test('a port that is taken: which, why, and exit 1', async (t) => {
  const first = await start(t);
  const { code, stderr } = await runChatd(['--set',
    `server.listen=127.0.0.1:0 127.0.0.1:${first.port}`]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`error chatd: can't listen on 127\\.0\\.0` +
    `\\.1:${first.port}: bind: Address already in use`));
  assert.doesNotMatch(stderr, /listening/);
});

test('an address of another machine: exit 1', async () => {
  const { code, stderr } = await runChatd(
    ['--set', 'server.listen=192.0.2.1:0']);
  assert.equal(code, 1);
  assert.match(stderr,
    /can't listen on 192\.0\.2\.1:0: bind: Cannot assign requested address/);
});

test('a Unix socket: in use, left behind, or no socket at all',
  async (t) => {
    const dir = temporary(t);
    const socket = path.join(dir, 'chat.sock');
    const server = await start(t, { listen: `127.0.0.1:0 unix:${socket}` });
    assert.equal(statSync(socket).mode & 0o777, 0o666);
    const { code, stderr } = await runChatd(
      ['--set', `server.listen=unix:${socket}`]);
    assert.equal(code, 1);
    assert.match(stderr, /can't listen on unix:.*Address already in use/);
    assert(existsSync(socket), 'that of another is left alone');

    // Who is killed leaves the file behind; the next one takes it over.
    await server.killed();
    assert(existsSync(socket));
    const next = await start(t, { listen: `127.0.0.1:0 unix:${socket}` });
    const client = await Raw.connect({ path: socket, clients: next.clients });
    client.send(request('GET /healthz'));
    assert.equal((await client.answer()).status, 200);

    const file = path.join(dir, 'file');
    writeFileSync(file, 'precious');
    const taken = await runChatd(['--set', `server.listen=unix:${file}`]);
    assert.equal(taken.code, 1);
    assert.equal(readFileSync(file, 'utf8'), 'precious');
    const nowhere = await runChatd(
      ['--set', `server.listen=unix:${dir}/no/where`]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /bind: No such file or directory/);
  });

// ---- As whom ----

test('server.user: root is given away, by all threads and for good',
  { skip: !isRoot && 'not root' }, async (t) => {
    const dir = temporary(t);
    const sockets = path.join(dir, 'sockets');
    mkdirSync(sockets);
    chmodSync(dir, 0o755);
    const server = await start(t, { set: { 'server.user': 'nobody' },
      wrap: ['setpriv', '--groups=0,4'],
      listen: `127.0.0.1:0 unix:${sockets}/chat` });
    const ann = await Chatter.join(server);
    await chatIsWell([ann]);
    const uid = Number((await run('id', ['-u', 'nobody'])).stdout);
    const gid = Number((await run('id', ['-g', 'nobody'])).stdout);
    const tasks = readdirSync(`/proc/${server.pid}/task`);
    assert(tasks.length >= 7, 'with a reader and a writer');
    for (const task of tasks) {
      const status = readFileSync(
        `/proc/${server.pid}/task/${task}/status`, 'utf8');
      assert.match(status, new RegExp(
        `^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
      assert.match(status, new RegExp(
        `^Gid:\\s+${gid}\\s+${gid}\\s+${gid}\\s+${gid}$`, 'm'));
      assert.match(status, /^CapEff:\s+0+$/m);
      assert.doesNotMatch(status.match(/^Groups:(.*)$/m)[1], /\b0\b/);
    }
  });

test('server.user that isn\'t there: exit 1', async () => {
  const { code, stderr } = await runChatd(['--set', 'server.user=no-such-user',
    '--set', 'server.listen=127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(stderr,
    /can't become server\.user no-such-user: no such user/);
});

// ---- What it can hold ----

test('it says what it can hold, and what would raise that', async (t) => {
  const server = await start(t);
  assert.match(server.log, new RegExp('info chatd: takes up to (\\d+) ' +
    'clients; this machine holds \\1: .+ is \\d+; to raise it: \\w+'));
  const few = await start(t, { set: { 'server.max_clients': 3 } });
  assert.match(few.log, /takes up to 3 clients; this machine holds \d{2,}:/);
});

test('server.max_clients is lowered to what the descriptors hold',
  async (t) => {
    const server = await start(t, { set: { 'server.max_clients': 1000 },
      wrap: ['prlimit', '--nofile=200:200'] });
    assert.match(server.log, new RegExp('warn chatd: server\\.max_clients is ' +
      'lowered from 1000 to 136: the limit of open files \\(ulimit -n\\) is ' +
      '200; to raise it: ulimit -n'));
  });

test('the soft limit of descriptors is raised to the hard one',
  async (t) => {
    const server = await start(t, { wrap: ['prlimit', '--nofile=100:300'] });
    assert.match(server.log, /takes up to 236 clients; .* is 300;/);
    assert.match(readFileSync(`/proc/${server.pid}/limits`, 'utf8'),
      /^Max open files\s+300\s+300\s/m);
  });

// ---- Its threads ----

test('threads have names', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  await Raw.connect(server);
  const expected = ['acceptor', 'chatd', 'hub', 'log', 'reader-1', 'reader-2',
    'signals', 'writer-1'];
  const seen = await (async () => {
    for (;;) {
      const names = server.threadNames();
      if (names.includes('reader-2')) return names;
    }
  })();
  // A sanitizer has a thread of its own, named like the program.
  assert.deepEqual([...new Set(seen)], expected);
  await chatIsWell([ann]);
});
