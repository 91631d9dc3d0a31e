// SPDX-License-Identifier: MIT
// Descriptors and threads run out while it serves: whom it can't serve is
// told 503, everybody else chats on, and once there is something again the
// next one is served.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { chatd, isRoot, run, start, temporary, until } from './harness.mjs';
import { Raw, request } from './raw.mjs';

// Sets a limit of the running server, as the user that it is.
async function limit(server, resource, n, become = []) {
  const [command, ...args] = [...become, 'prlimit', '--pid',
    String(server.pid), `--${resource}=${n}:`];
  const { code, stderr } = await run(command, args);
  assert.equal(code, 0, stderr);
}

// Leaves it with n descriptors that are free.
async function leaveDescriptors(server, n) {
  const used = new Set(server.descriptorList().map((line) => parseInt(line)));
  let end = 0;
  for (let free = 0; free < n; end++) free += used.has(end) ? 0 : 1;
  while (used.has(end)) end++;
  await limit(server, 'nofile', end);
}

// Asks for something: {status, raw}; the connection stays, if it is served.
async function ask(server) {
  const raw = await Raw.connect(server);
  raw.send(request('GET /healthz'));
  const { status, headers } = await raw.answer();
  if (status === 503) {
    assert.equal(headers['retry-after'], '5');
    assert.equal(headers.connection, 'close');
    raw.destroy();
  }
  return { status, raw };
}

async function served(server) {
  const { status, raw } = await ask(server);
  assert.equal(status, 200);
  return raw;
}

async function refused(server) {
  assert.equal((await ask(server)).status, 503);
}

// Asks until it is served.
function servedAgain(server) {
  return until(async () => {
    const { status, raw } = await ask(server);
    return status === 200 && raw;
  }, 'somebody is served again');
}

test('no descriptor is left: 503, and the chat goes on', async (t) => {
  const server = await start(t);
  const chatters = [await Chatter.join(server), await Chatter.join(server)];
  await leaveDescriptors(server, 2);
  const pages = [await served(server), await served(server)];
  for (let i = 0; i < 20; i++) {
    await refused(server);
    await chatIsWell(chatters);
  }
  await server.logged(
    /warn acceptor peer=127\.0\.0\.1:\d+: refused with 503: no descriptor/);
  const lines = server.log.match(/refused with 503/g).length;
  assert(lines < 20, `a line a second, not ${lines}`);

  pages.pop().destroy();
  pages.push(await servedAgain(server));
  await refused(server);
  await chatIsWell(chatters);
  assert((await server.counts()).refused >= 21);

  await limit(server, 'nofile', 1000);
  for (let i = 0; i < 20; i++) pages.push(await served(server));
  await chatIsWell(chatters);
  for (const client of [...pages, ...chatters]) client.destroy();
  await server.idle();
});

test('with very few descriptors from the start it serves a few', async (t) => {
  const server = await start(t, { wrap: ['prlimit', '--nofile=40:40'] });
  assert.match(server.log, /takes up to 20 clients; .*\(ulimit -n\) is 40;/);
  const chatters = [await Chatter.join(server), await Chatter.join(server)];
  const pages = [];
  for (let i = 0; i < 18; i++) pages.push(await served(server));
  // More than are kept for a moment that they may read their answer.
  for (let i = 0; i < 40; i++) await refused(server);
  await chatIsWell(chatters);
  for (const client of [...pages, ...chatters]) client.destroy();
  await server.idle();
});

test('not even the spare descriptor is left: they wait, and the chat goes on',
  async (t) => {
    const server = await start(t);
    const chatters = [await Chatter.join(server), await Chatter.join(server)];
    await limit(server, 'nofile', 4);
    const waiting = [];
    for (let i = 0; i < 5; i++) {
      const raw = await Raw.connect(server); // by the kernel
      raw.send(request('GET /healthz'));
      waiting.push(raw);
    }
    await server.logged(/warn acceptor .*no descriptor is left at all/);
    for (let i = 0; i < 50; i++) await chatIsWell(chatters);
    assert.equal(waiting.filter((raw) => raw.ended).length, 0);

    await limit(server, 'nofile', 1000);
    for (const raw of waiting) {
      assert.equal((await raw.answer()).status, 200);
    }
    await chatIsWell(chatters);
    // It has a spare one again when it next needs it.
    await leaveDescriptors(server, 1);
    const last = [await ask(server), await ask(server), await ask(server)];
    assert.equal(last.filter(({ status }) => status === 200).length, 1);
    for (const { raw } of last) raw.destroy();
    for (const client of [...waiting, ...chatters]) client.destroy();
  });

// Of a user of its own, since the kernel counts all threads of a user; and
// not root, who isn't held to it.
let users = 0;
async function startAsUser(t) {
  const dir = temporary(t);
  const program = path.join(dir, 'chatd'); // where this user may read it
  copyFileSync(chatd, program);
  chmodSync(dir, 0o755);
  chmodSync(program, 0o755);
  const id = 2_000_000 + process.pid * 10 + users++;
  const become = ['setpriv', `--reuid=${id}`, `--regid=${id}`,
    '--clear-groups'];
  const server = await start(t, { program, wrap: become });
  server.limitThreads = (n) => limit(server, 'nproc', n, become);
  return server;
}

test('no thread is left: 503, and the chat goes on',
  { skip: !isRoot && 'not root, who can become somebody else' }, async (t) => {
    const server = await startAsUser(t);
    const chatters = [await Chatter.join(server), await Chatter.join(server)];
    // A reader and a writer; then a reader without a writer.
    await server.limitThreads(server.threads() + 3);
    const pages = [await served(server)];
    for (let i = 0; i < 10; i++) {
      await refused(server);
      await chatIsWell(chatters);
    }
    await server.logged(/warn reader-\d+ conn=\d+ peer=\S+: .*503: no thread/);
    // An even number: not even a reader.
    await server.limitThreads(server.threads());
    for (let i = 0; i < 10; i++) {
      await refused(server);
      await chatIsWell(chatters);
    }
    await server.logged(/warn acceptor peer=\S+: refused with 503: no thread/);

    pages.pop().destroy();
    pages.push(await servedAgain(server));
    await chatIsWell(chatters);
    await server.limitThreads(1000);
    for (let i = 0; i < 20; i++) pages.push(await served(server));
    await chatIsWell(chatters);
    for (const client of [...pages, ...chatters]) client.destroy();
    await server.idle();
  });

test('an upgrade that gets no writer is told 503, too',
  { skip: !isRoot && 'not root, who can become somebody else' }, async (t) => {
    const server = await startAsUser(t);
    const ann = await Chatter.join(server);
    await server.limitThreads(server.threads() + 1);
    await assert.rejects(Chatter.join(server), /503/);
    await chatIsWell([ann]);
    await server.limitThreads(1000);
    const bob = await Chatter.join(server);
    await chatIsWell([ann, bob]);
    for (const client of [ann, bob]) client.destroy();
    await server.idle();
  });

// Of the stacks of its threads only what is used is in memory, and a page that
// is touched once stays.  Caught: a handshake a hundred bytes deeper.
test('an idle client holds two pages of each of its stacks',
  { skip: process.env.CHATD_SOFT === 'yes' && 'sanitized' }, async (t) => {
    const server = await start(t, { set: { 'server.stack': '68K' } });
    const clients = [];
    for (let i = 0; i < 10; i++) clients.push(await Chatter.join(server));
    await chatIsWell(clients);
    const stacks = readFileSync(`/proc/${server.pid}/smaps`, 'utf8')
      .split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)
      .filter((m) => /^Size: +68 kB$/m.test(m) && / rw-p /.test(m))
      .map((m) => Number(m.match(/^Rss: +(\d+) kB$/m)[1]));
    assert.equal(stacks.length, 20);
    assert.deepEqual(stacks.filter((kib) => kib > 8), []);
  });
