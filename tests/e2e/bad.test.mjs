// SPDX-License-Identifier: MIT
// Bad input on a bare socket.  Each gets the status or close code that HTTP
// or RFC 6455 names, and a line in the log; two others chat on and see
// nothing of it; and nothing is left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { start, until } from './harness.mjs';
import { BINARY, CLOSE, closeFrame, CONTINUATION, fragments, frame, PING, Raw,
  request, TEXT, upgradeRequest } from './raw.mjs';

const MiB = 1024 * 1024;

function join(...parts) {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

// A server on which two chat, in whose presence bad things are done.
async function withChat(t, set, doBadThings) {
  const server = await start(t, { set });
  const chatters = [await Chatter.join(server), await Chatter.join(server)];
  await chatIsWell(chatters);
  const before = { threads: server.threads(),
    descriptors: server.descriptors(), ...await server.counts() };
  await doBadThings(server, (tag) => chatIsWell(chatters, tag));
  await chatIsWell(chatters);
  let after;
  await until(async () => {
    after = { threads: server.threads(), descriptors: server.descriptors(),
      ...await server.counts() };
    return ['threads', 'descriptors', 'connections', 'messages'].every(
      (name) => after[name] === before[name]);
  }, () => `all is as before: ${JSON.stringify({ before, after })}`);
  assert.equal(after.dropped, 0);
  for (const chatter of chatters) await chatter.leave();
  await server.idle();
}

// ---- Where a request should be ----

test('bad requests', async (t) => {
  const cases = {
    'a head of 1 MB': [431, request('GET /', { X: 'x'.repeat(MiB) })],
    'a head of 1 MB in many lines': [431, request('GET /',
      Object.fromEntries(Array.from({ length: 40_000 },
        (_, i) => [`X-Header-${i}`, 'some value'])))],
    'a target of 1 MB': [414, request(`GET /${'x'.repeat(MiB)}`)],
    'frames without a handshake': [400, frame(TEXT, 'hello')],
    'garbage': [400, Buffer.from(Array.from({ length: 8192 },
      (_, i) => (i * 7919) >> 3 & 255))],
    'TLS': [400, Buffer.from('160301020001', 'hex')],
    'zeros': [400, Buffer.alloc(MiB)],
    'an upgrade with a body': [413,
      upgradeRequest('/ws', { 'Content-Length': '3' }) + 'abc'],
    'an upgrade with a bad key': [400,
      upgradeRequest('/ws', { 'Sec-WebSocket-Key': '*' })],
    'an upgrade from elsewhere': [403,
      upgradeRequest('/ws', { Origin: 'http://elsewhere.example' })],
  };
  // Long enough for those who do speak, on a busy machine.
  await withChat(t, { 'timeouts.head': '2s' }, async (server, chatIsGood) => {
    async function expect(raw, what, status, from) {
      assert.equal((await raw.answer()).status, status, what);
      await server.logged(new RegExp(
        `(warn|info) reader-\\d+ conn=\\d+ peer=\\S+: answered ${status} `),
      from);
      raw.destroy();
    }
    const silent = [];
    for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\nUser', 'GET /']) {
      silent.push(await Raw.connect(server));
      silent.at(-1).send(bytes);
    }
    for (const [what, [status, bytes]] of Object.entries(cases)) {
      const from = server.log.length;
      const raw = await Raw.connect(server);
      raw.send(bytes);
      await chatIsGood(what);
      await expect(raw, what, status, from);
    }
    for (const raw of silent) {
      await expect(raw, 'half a head, and silence', 408, 0);
    }
  });
});

// ---- Where a frame should be ----

// Each is sent behind a message, which all hear.
const broken = {
  'a frame without a mask': [1002, frame(TEXT, 'x', { mask: false })],
  'a ping without a mask': [1002, frame(PING, 'x', { mask: false })],
  'reserved bit 1': [1002, frame(TEXT, 'x', { rsv: 4 })],
  'reserved bit 2': [1002, frame(TEXT, 'x', { rsv: 2 })],
  'reserved bit 3': [1002, frame(TEXT, 'x', { rsv: 1 })],
  'opcode 3': [1002, frame(3, 'x')],
  'opcode 7': [1002, frame(7, 'x')],
  'opcode 11': [1002, frame(11, 'x')],
  'opcode 15': [1002, frame(15, 'x')],
  'a ping of 126 bytes': [1002, frame(PING, 'x'.repeat(126))],
  'a close of 126 bytes': [1002, closeFrame(1000, 'x'.repeat(124))],
  'a ping of 64 KiB': [1002, frame(PING, 'x'.repeat(65536))],
  'a fragmented ping': [1002, join(frame(PING, 'x', { fin: false }),
    frame(CONTINUATION, 'y'))],
  'a continuation out of nowhere': [1002, frame(CONTINUATION, 'x')],
  'a text inside a text': [1002, join(frame(TEXT, 'x', { fin: false }),
    frame(TEXT, 'y'))],
  'a length with its top bit set': [1002,
    frame(TEXT, 'x', { length: 2n ** 63n + 1n, lengthBytes: 8 })],
  'all ones for a length': [1002,
    frame(TEXT, 'x', { length: 2n ** 64n - 1n, lengthBytes: 8 })],
  'a length in too long a form': [1002, frame(TEXT, 'x', { lengthBytes: 8 })],
  'a length beyond all memory': [1009,
    frame(TEXT, 'x', { length: 2n ** 63n - 1n, lengthBytes: 8 })],
  'a message over the limit': [1009, frame(TEXT, 'x'.repeat(513))],
  'a message far over the limit': [1009, frame(TEXT, 'x'.repeat(MiB))],
  'fragments over the limit': [1009,
    fragments(TEXT, 'x'.repeat(600), [200, 200])],
  'text that is no UTF-8': [1007, frame(TEXT, Buffer.from('c3', 'hex'))],
  'text that is no UTF-8, early': [1007, frame(TEXT,
    Buffer.concat([Buffer.from('ff', 'hex'), Buffer.alloc(400, 'x')]))],
  'a character cut by the end of fragments': [1007,
    fragments(TEXT, Buffer.from('61e282', 'hex'), [2])],
  'a character cut, then another begun': [1007,
    fragments(TEXT, Buffer.from('e282e282ac', 'hex'), [2])],
  'binary': [1003, frame(BINARY, 'x')],
  'close with code 0': [1002, closeFrame(0)],
  'close with code 999': [1002, closeFrame(999)],
  'close with code 1005': [1002, closeFrame(1005)],
  'close with code 1006': [1002, closeFrame(1006)],
  'close with code 5000': [1002, closeFrame(5000)],
  'close with one byte': [1002, frame(CLOSE, 'x')],
  'close with a reason that is no UTF-8': [1007,
    closeFrame(1000, Buffer.from('ff', 'hex'))],
};

test('broken frames', async (t) => {
  await withChat(t, {}, async (server, chatIsGood) => {
    for (const [what, [code, bytes]] of Object.entries(broken)) {
      const from = server.log.length;
      const raw = await Raw.upgrade(server);
      // What comes behind is not read as frames any more.
      raw.send(join(bytes, frame(TEXT, 'too late')));
      const close = await raw.closed();
      assert.equal(close.code, code, what);
      assert.equal((await raw.rest()).length, 0);
      await chatIsGood(what);
      await server.logged(new RegExp(
        `warn reader-\\d+ conn=\\d+ peer=\\S+: closed with ${code}: \\w+`),
      from);
      raw.destroy();
    }
    assert.doesNotMatch(server.log, /too late|xxx/, 'nothing said is logged');
  });
});

test('broken frames behind good ones, which all hear', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  for (const [what, [code, bytes]] of Object.entries(broken)) {
    const raw = await Raw.connect(server);
    raw.send(join(upgradeRequest(), frame(TEXT, what), bytes));
    assert.equal((await raw.answer()).status, 101);
    assert.equal(await ann.hear(), what);
    assert.equal(await raw.message(), what);
    assert.equal((await raw.closed()).code, code, what);
    raw.destroy();
  }
  ann.destroy();
  await server.idle();
});

// ---- What can't be answered ----

test('who leaves in the middle', async (t) => {
  const whole = join(frame(TEXT, 'a', { fin: false }),
    frame(CONTINUATION, 'b', { fin: false }), frame(PING, 'p'));
  await withChat(t, {}, async (server, chatIsGood) => {
    for (const how of ['end', 'destroy', 'reset']) {
      for (let n = 0; n <= whole.length; n++) {
        const raw = await Raw.upgrade(server);
        await raw.sendAll(whole.subarray(0, n));
        raw[how]();
      }
      await chatIsGood(how);
    }
  });
});

// A generator of numbers (Lehmer's), so that each run is the same.
function numbers(seed) {
  let state = seed;
  return () => (state = state * 48271 % 2147483647);
}

test('garbage where frames should be', async (t) => {
  await withChat(t, {}, async (server, chatIsGood) => {
    for (let seed = 1; seed <= 100; seed++) {
      const next = numbers(seed);
      const bytes = Buffer.from(
        Array.from({ length: 1 + next() % 2000 }, () => next() & 255));
      const raw = await Raw.upgrade(server);
      raw.send(bytes);
      raw.end();
      const f = await raw.frame(); // null: it looked like half a frame
      if (f) {
        assert.equal(f.opcode, CLOSE, `seed ${seed}`);
        assert([1002, 1003, 1007, 1009].includes(f.payload.readUInt16BE()));
        assert.equal((await raw.rest()).length, 0);
      }
      raw.destroy();
    }
    await chatIsGood();
  });
});

// One bit is wrong, each in its turn: whatever comes of it, it ends.
test('a bit that is wrong', async (t) => {
  const good = join(frame(TEXT, 'a', { fin: false }),
    frame(CONTINUATION, 'b'), closeFrame(1000));
  await withChat(t, { 'server.echo': 'on' }, async (server) => {
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bytes = Buffer.from(good);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      const raw = await Raw.upgrade(server, '/echo');
      raw.send(bytes);
      raw.end();
      let f = await raw.frame();
      while (f && f.opcode !== CLOSE) f = await raw.frame();
      raw.destroy();
    }
  });
});
