// SPDX-License-Identifier: MIT
// How it ends: clients get what waits for them, then 1001, within
// timeouts.drain.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { loopback, slow, start, until } from './harness.mjs';
import { BINARY, CLOSE, frame, Raw, request, TEXT } from './raw.mjs';

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  test(`${signal}: all get 1001, and it exits with 0`, async (t) => {
    const server = await start(t, { set: { 'server.echo': 'on' } });
    const chatters = [await Chatter.join(server), await Chatter.join(server),
      await Chatter.join(server, { target: '/echo' })];
    await chatIsWell(chatters.slice(0, 2));
    const began = Date.now();
    await server.stop({ signal });
    assert(Date.now() - began < 2000 * slow, 'nobody had to wait');
    for (const chatter of chatters) {
      assert.equal((await chatter.ended()).code, 1001);
    }
    assert.match(server.log, /info signals: stopping: \w+/);
  });
}

test('with nobody there it ends at once', async (t) => {
  const server = await start(t);
  const began = Date.now();
  await server.stop();
  assert(Date.now() - began < 1000 * slow);
});

test('what was said before is heard before the 1001', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  const bob = await Chatter.join(server);
  const said = Array.from({ length: 100 }, (_, i) => `last words ${i}`);
  for (const text of said) ann.say(text);
  // The hub has given them to all; a pong says only that they were read.
  assert.deepEqual(await ann.hearAll(said.length), said);
  await server.stop();
  for (const chatter of [ann, bob]) {
    assert.equal((await chatter.ended()).code, 1001);
    assert.deepEqual(chatter.heard, said);
  }
});

test('who reads late gets all that waits, and then 1001', async (t) => {
  const server = await start(t, { set: { 'plain.message': '32K',
    'plain.queue': 4096, 'plain.queue_bytes': '64M',
    'timeouts.drain': '1m' } });
  const ann = await Chatter.join(server);
  const late = await Raw.upgrade(server);
  late.socket.pause();
  const said = Array.from({ length: 600 },
    (_, i) => `${i} `.padEnd(32 * 1024, '.'));
  for (const text of said) ann.say(text);
  assert.deepEqual(await ann.hearAll(said.length), said);

  server.signal('SIGTERM');
  assert.equal((await ann.ended()).code, 1001);
  late.socket.resume();
  const heard = [];
  let f;
  while ((f = await late.frame()).opcode !== CLOSE) {
    heard.push(...String(f.payload).split('\n'));
  }
  assert.equal(f.payload.readUInt16BE(), 1001);
  assert.deepEqual(heard, said);
  late.end();
  await server.exits(0);
});

test('whoever isn\'t in a chat doesn\'t hold it up', async (t) => {
  const server = await start(t, { set: { 'timeouts.drain': '1m' } });
  const nothing = await Raw.connect(server);
  const half = await Raw.connect(server);
  half.send('GET / HTTP/1.1\r\n');
  const kept = await Raw.connect(server);
  kept.send(request('GET /healthz'));
  assert.equal((await kept.answer()).status, 200);
  await until(async () => (await server.counts()).connections === 3,
    'three connections');
  server.signal('SIGTERM');
  for (const raw of [nothing, half, kept]) {
    assert.equal((await raw.rest()).length, 0);
    raw.end();
  }
  await server.exits(0);
});

test('nobody comes in any more', async (t) => {
  const server = await start(t, { listen: `${loopback()}:0`,
    set: { 'timeouts.drain': '1m' } });
  const stays = await Raw.upgrade(server);
  server.signal('SIGTERM');
  assert.equal((await stays.closed()).code, 1001);
  await until(() => new Promise((done) => {
    const socket = net.connect(server.port, server.host);
    socket.once('connect', () => { socket.destroy(); done(false); });
    socket.once('error', (error) => done(error.code === 'ECONNREFUSED'));
  }), 'a connection is refused');
  assert(server.running);
  // What it says now is nobody's business.
  stays.send(frame(TEXT, 'too late'));
  stays.end();
  await server.exits(0);
});

test('who doesn\'t take it is cut off within timeouts.drain', async (t) => {
  const server = await start(t, { set: { 'server.echo': 'on',
    'timeouts.drain': '2s', 'plain.message': '64K', 'plain.queue': 4096,
    'plain.queue_bytes': '64M' } });
  const ann = await Chatter.join(server);
  const deaf = await Raw.upgrade(server); // with much in its queue
  const mute = await Raw.upgrade(server); // which doesn't end its side
  const echo = await Raw.upgrade(server, '/echo'); // in the middle of a write
  for (const raw of [deaf, echo]) raw.socket.pause();
  echo.send(frame(BINARY, Buffer.alloc(16 << 20)));
  await until(async () => (await server.counts()).messages > 0,
    'the echo was read');
  for (let i = 0; i < 200; i++) ann.say('x'.repeat(65_000));
  await ann.hearAll(200);
  const began = Date.now();
  server.signal('SIGTERM');
  assert.equal((await ann.ended()).code, 1001);
  await server.exits(0);
  const took = Date.now() - began;
  assert(took > 1700 && took < 2000 + 1000 * slow, `took ${took} ms`);
  assert.match(server.log, /warn chatd: cut 3 connections that took too long/);
  mute.destroy();
});

test('a second signal ends it at once, with 1', async (t) => {
  for (const [first, second] of [['SIGTERM', 'SIGTERM'], ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT']]) {
    const server = await start(t, { set: { 'timeouts.drain': '1h' } });
    const raw = await Raw.upgrade(server);
    server.signal(first);
    assert.equal((await raw.closed()).code, 1001);
    assert(server.running);
    server.signal(second);
    await server.exits(1);
  }
});

test('hundreds all get 1001', async (t) => {
  const server = await start(t, { set: { 'timeouts.drain': '1m' } });
  const crowd = [];
  for (let i = 0; i < 300; i++) crowd.push(await Raw.upgrade(server));
  server.signal('SIGTERM');
  for (const raw of crowd) {
    assert.equal((await raw.closed()).code, 1001);
    raw.end();
  }
  await server.exits(0);
});

test('while many come, go and speak', async (t) => {
  const server = await start(t, { set: { 'timeouts.drain': '1m' } });
  let stop = false;
  async function busy() {
    while (!stop) {
      try {
        const raw = await Raw.upgrade(server);
        raw.send(frame(TEXT, 'hello'));
        await raw.frame();
        raw.destroy();
      } catch {
        return; // it is stopping
      }
    }
  }
  const all = Array.from({ length: 20 }, busy);
  await until(async () => (await server.counts()).ever > 200, 'traffic');
  server.signal('SIGTERM');
  await server.exits(0);
  stop = true;
  await Promise.all(all);
});
