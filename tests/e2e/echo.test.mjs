// SPDX-License-Identifier: MIT
// RFC 6455 from outside, at /echo, in the order of the Autobahn suite's
// chapters: what is sent comes back, and what is wrong gets the code that the
// RFC names.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { start } from './harness.mjs';
import { BINARY, CLOSE, closeFrame, CONTINUATION, fragments, frame, PING,
  PONG, Raw, TEXT } from './raw.mjs';

const MiB = 1024 * 1024;
const settings = { set: { 'server.echo': 'on' } };

function join(...parts) {
  return Buffer.concat(parts);
}

// Sends what is good, and wants these frames back in this order.
async function echoes(raw, bytes, expected) {
  raw.send(bytes);
  for (const [opcode, payload] of expected) {
    const back = await raw.message(opcode);
    assert(Buffer.from(payload).equals(Buffer.from(back)),
      `${String(payload).slice(0, 50)} comes back, not ${
        String(back).slice(0, 50)}`);
  }
}

// Sends what is bad, on a connection of its own: these messages come back,
// then a Close with that code, then the end.  What is bad is logged.
async function fails(server, bytes, code, before = []) {
  const from = server.log.length;
  const raw = await Raw.upgrade(server, '/echo');
  await echoes(raw, bytes, before);
  const close = await raw.closed();
  assert.equal(close.code, code);
  assert.notEqual(close.reason, '');
  assert.equal((await raw.rest()).length, 0, 'nothing follows a Close');
  raw.destroy();
  await server.logged(
    new RegExp(`warn reader-\\d+ conn=\\d+ peer=\\S+: closed with ${code}: `),
    from);
}

// ---- 1: sizes ----

for (const [name, opcode] of [['text', TEXT], ['binary', BINARY]]) {
  test(`${name} of every form of length, whole and in pieces`, async (t) => {
    const server = await start(t, settings);
    const raw = await Raw.upgrade(server, '/echo');
    for (const size of [0, 1, 125, 126, 127, 128, 4095, 4096, 4097, 65535,
      65536, 65537, MiB]) {
      const payload = opcode === TEXT ? Buffer.alloc(size, '*')
        : randomBytes(size);
      await echoes(raw, frame(opcode, payload), [[opcode, payload]]);
    }
    for (const size of [65536, 65536 + 997]) {
      const payload = randomBytes(size);
      const bytes = frame(BINARY, payload);
      for (let at = 0; at < bytes.length; at += 997) {
        await raw.sendAll(bytes.subarray(at, at + 997));
      }
      await echoes(raw, '', [[BINARY, payload]]);
    }
  });
}

test('frames that come byte by byte', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  for (const byte of join(frame(TEXT, 'a'.repeat(130)), frame(PING, 'p'),
    frame(BINARY, 'b', { fin: false }), frame(CONTINUATION, 'b'))) {
    await raw.sendAll(Buffer.from([byte]));
  }
  await echoes(raw, '', [[TEXT, 'a'.repeat(130)], [PONG, 'p'],
    [BINARY, 'bb']]);
});

test('16 MiB are taken, and one byte more isn\'t', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  for (const opcode of [BINARY, TEXT]) {
    const payload = Buffer.alloc(16 * MiB, 'x');
    await echoes(raw, frame(opcode, payload), [[opcode, payload]]);
  }
  const payload = randomBytes(16 * MiB);
  await echoes(raw, fragments(BINARY, payload,
    Array(255).fill(65536)), [[BINARY, payload]]);
  raw.destroy();
  // It isn't waited for: the head says so.
  await fails(server, frame(BINARY, 'x', { length: 16 * MiB + 1 }), 1009);
  await fails(server, join(frame(BINARY, payload, { fin: false }),
    frame(CONTINUATION, 'x')), 1009);
  await fails(server, frame(BINARY, 'x',
    { length: 2n ** 62n, lengthBytes: 8 }), 1009);
});

test('many messages in one segment come back in order', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  const texts = Array.from({ length: 3000 }, (_, i) => `message ${i}`);
  await echoes(raw, join(...texts.map((text) => frame(TEXT, text))),
    texts.map((text) => [TEXT, text]));
});

// ---- 2: pings and pongs ----

test('pings come back as pongs, with what they carried', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  for (const payload of ['', 'hello', Buffer.from('00ff00fdfe', 'hex'),
    randomBytes(125)]) {
    await echoes(raw, frame(PING, payload), [[PONG, payload]]);
  }
  const many = Array.from({ length: 10 }, (_, i) => `ping ${i}`);
  await echoes(raw, join(...many.map((text) => frame(PING, text))),
    many.map((text) => [PONG, text]));
});

test('pongs that nobody asked for are passed over', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  await echoes(raw, join(frame(PONG), frame(PONG, 'x'.repeat(125)),
    frame(PING, 'p'), frame(PONG, 'y')), [[PONG, 'p']]);
});

test('control frames over 125 bytes, or in pieces: 1002', async (t) => {
  const server = await start(t, settings);
  for (const opcode of [PING, PONG, CLOSE]) {
    await fails(server, join(frame(TEXT, 'ok'),
      frame(opcode, 'x'.repeat(126))), 1002, [[TEXT, 'ok']]);
    await fails(server, frame(opcode, 'x'.repeat(65536)), 1002);
    await fails(server, join(frame(opcode, 'x', { fin: false }),
      frame(CONTINUATION, 'y')), 1002);
  }
});

// ---- 3 and 4: reserved bits and opcodes ----

test('reserved bits: 1002', async (t) => {
  const server = await start(t, settings);
  for (let rsv = 1; rsv < 8; rsv++) {
    await fails(server, join(frame(TEXT, 'ok'), frame(PING, 'p'),
      frame(TEXT, 'bad', { rsv }), frame(PING, 'too late')), 1002,
    [[TEXT, 'ok'], [PONG, 'p']]);
  }
  for (const opcode of [BINARY, PING, PONG, CLOSE]) {
    await fails(server, frame(opcode, '', { rsv: 4 }), 1002);
  }
});

test('reserved opcodes: 1002', async (t) => {
  const server = await start(t, settings);
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    await fails(server, join(frame(TEXT, 'ok'), frame(opcode, 'bad'),
      frame(TEXT, 'too late')), 1002, [[TEXT, 'ok']]);
    await fails(server, frame(opcode), 1002);
  }
});

test('frames without a mask, and long forms of short lengths: 1002',
  async (t) => {
    const server = await start(t, settings);
    await fails(server, frame(TEXT, 'bare', { mask: false }), 1002);
    await fails(server, frame(CLOSE, '', { mask: false }), 1002);
    await fails(server, frame(TEXT, 'x', { lengthBytes: 2 }), 1002);
    await fails(server, frame(TEXT, 'x'.repeat(126), { lengthBytes: 8 }),
      1002);
    await fails(server, frame(TEXT, 'x',
      { length: 2n ** 63n, lengthBytes: 8 }), 1002);
  });

// ---- 5: fragments ----

test('fragments, with control frames between them', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  await echoes(raw, fragments(TEXT, 'abc', [1, 1]), [[TEXT, 'abc']]);
  await echoes(raw, fragments(TEXT, 'abc', [0, 3]), [[TEXT, 'abc']]);
  await echoes(raw, fragments(BINARY, '', [0, 0, 0]), [[BINARY, '']]);
  await echoes(raw, join(frame(TEXT, 'a', { fin: false }), frame(PING, '1'),
    frame(CONTINUATION, 'b', { fin: false }), frame(PING, '2'),
    frame(PONG, '3'), frame(CONTINUATION, 'c'), frame(TEXT, 'd')),
  [[PONG, '1'], [PONG, '2'], [TEXT, 'abc'], [TEXT, 'd']]);
  // A ping is answered at once, not only at the message's end.
  await echoes(raw, join(frame(TEXT, 'a', { fin: false }), frame(PING, 'now')),
    [[PONG, 'now']]);
  await echoes(raw, frame(CONTINUATION, 'z'), [[TEXT, 'az']]);
});

test('what is out of place: 1002', async (t) => {
  const server = await start(t, settings);
  for (const fin of [true, false]) {
    await fails(server, frame(CONTINUATION, 'of nothing', { fin }), 1002);
    await fails(server, join(frame(TEXT, 'ok'),
      frame(CONTINUATION, 'of nothing', { fin })), 1002, [[TEXT, 'ok']]);
    await fails(server, join(frame(TEXT, 'a', { fin: false }),
      frame(TEXT, 'b', { fin })), 1002);
    await fails(server, join(frame(TEXT, 'a', { fin: false }),
      frame(BINARY, 'b', { fin })), 1002);
  }
});

// Debian's wslay takes 96 bytes of heap a fragment where it keeps them.
test('a message in 65,537 and in a million pieces takes no more memory',
  async (t) => {
    const server = await start(t, settings);
    const raw = await Raw.upgrade(server, '/echo');
    await echoes(raw, frame(TEXT, 'warm'), [[TEXT, 'warm']]);
    for (const count of [65_537, 1_000_000]) {
      const before = server.memory('VmHWM');
      const first = frame(BINARY, 'x', { fin: false });
      const next = frame(CONTINUATION, 'x', { fin: false });
      const frames = join(first, ...Array(10_000).fill(next));
      let sent = 1;
      await raw.sendAll(first);
      for (; sent < count - 1; sent += 1) {
        const n = Math.min(10_000, count - 1 - sent);
        await raw.sendAll(frames.subarray(first.length,
          first.length + n * next.length));
        sent += n - 1;
      }
      raw.send(frame(CONTINUATION, 'x'));
      const back = await raw.message(BINARY);
      assert(back.equals(Buffer.alloc(count, 'x')));
      const grown = server.memory('VmHWM') - before;
      // The message, grown by halves and copied once; a sanitizer pads.
      assert(grown < 8 * MiB + 4 * count, `${count}: ${grown} bytes more`);
    }
  });

test('two messages are held at most, while their peer doesn\'t read',
  async (t) => {
    const server = await start(t, settings);
    const ann = await Chatter.join(server);
    const raw = await Raw.upgrade(server, '/echo');
    raw.socket.pause();
    const payload = Buffer.alloc(4 * MiB, 'x');
    let written = 0;
    for (let i = 0; i < 20; i++) {
      raw.socket.write(frame(BINARY, payload), () => { written++; });
    }
    await chatIsWell([ann]);
    // It takes until it holds two, and what the kernel holds of both ways.
    let before = -1;
    while (before !== raw.socket.bytesWritten - raw.socket.writableLength) {
      before = raw.socket.bytesWritten - raw.socket.writableLength;
      for (let i = 0; i < 20; i++) await chatIsWell([ann]);
    }
    assert(written < 10, `${written} were taken`);
    assert((await server.counts()).messages <= 3);
    raw.socket.resume();
    for (let i = 0; i < 20; i++) {
      assert((await raw.message(BINARY)).equals(payload));
    }
  });

// ---- 6: UTF-8 ----

const good = {
  'of one to four bytes': '24 c2a2 e282ac f0908d88',
  'Greek': 'cebae1bdb9cf83cebcceb5',
  'NUL': '00',
  'the first of each length': '00 c280 e0a080 f0908080',
  'the last of each length': '7f dfbf efbfbf f48fbfbf',
  'around the surrogates': 'ed9fbf ee8080',
  'the replacement character': 'efbfbd',
  'non-characters': 'efbfbe efbfbf f09fbfbe',
  'a byte order mark': 'efbbbf',
};
const bad = {
  'a continuation byte alone': '80',
  'a last continuation byte alone': 'bf',
  'an impossible byte': 'fe',
  'another': 'ff',
  'a lead byte and a letter': 'c3 20',
  'overlong of two': 'c080',
  'overlong of two, the last': 'c1bf',
  'overlong of three': 'e080af',
  'overlong of four': 'f08080af',
  'overlong of five': 'f8888080 80',
  'overlong of six': 'fc84808080 80',
  'the first surrogate': 'eda080',
  'the last surrogate': 'edbfbf',
  'a pair of surrogates': 'eda081edb080',
  'above U+10FFFF': 'f4908080',
  'far above': 'f5808080',
  'two of three bytes, and more': 'e282 41',
};
const unfinished = { 'one of two bytes': 'c2', 'one of three': 'e2',
  'two of three': 'e282', 'one of four': 'f0', 'two of four': 'f090',
  'three of four': 'f0908d' };

function bytesOf(hex) {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

test('UTF-8 comes back, cut anywhere', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  for (const hex of Object.values(good)) {
    const text = bytesOf(hex);
    await echoes(raw, frame(TEXT, text), [[TEXT, text]]);
    await echoes(raw, fragments(TEXT, text, Array(text.length - 1).fill(1)),
      [[TEXT, text]]);
  }
  // Binary may be anything.
  for (const hex of Object.values(bad)) {
    await echoes(raw, frame(BINARY, bytesOf(hex)), [[BINARY, bytesOf(hex)]]);
  }
});

test('what is no UTF-8: 1007', async (t) => {
  const server = await start(t, settings);
  for (const hex of [...Object.values(bad), ...Object.values(unfinished)]) {
    const text = bytesOf(hex);
    await fails(server, join(frame(TEXT, 'ok'), frame(TEXT, text)), 1007,
      [[TEXT, 'ok']]);
    await fails(server, join(frame(TEXT, 'good so far ', { fin: false }),
      frame(CONTINUATION, text)), 1007);
    await fails(server,
      fragments(TEXT, text, Array(text.length - 1).fill(1)), 1007);
  }
});

test('it is checked as it comes: the message\'s end isn\'t waited for',
  async (t) => {
    const server = await start(t, settings);
    // In a frame that doesn't end, after a fragment, after a chop.
    await fails(server, frame(TEXT, bytesOf('ceba f4 90'),
      { length: 1000 }), 1007);
    await fails(server, join(frame(TEXT, bytesOf('ceba f4'), { fin: false }),
      frame(CONTINUATION, bytesOf('90'), { fin: false })), 1007);
    const raw = await Raw.upgrade(server, '/echo');
    const bytes = frame(TEXT, bytesOf('ceba f4 90 8080'));
    await raw.sendAll(bytes.subarray(0, bytes.length - 3));
    await raw.sendAll(bytes.subarray(bytes.length - 3, bytes.length - 2));
    assert.equal((await raw.closed()).code, 1007);
    // Half a character at the end of a fragment is none of that.
    const other = await Raw.upgrade(server, '/echo');
    await echoes(other, join(frame(TEXT, bytesOf('f0908d'), { fin: false }),
      frame(PING, 'alive')), [[PONG, 'alive']]);
    await echoes(other, frame(CONTINUATION, bytesOf('88')),
      [[TEXT, bytesOf('f0908d88')]]);
  });

// ---- 7: closing ----

test('a Close is answered with its code, behind what came before',
  async (t) => {
    const server = await start(t, settings);
    for (const [bytes, code] of [[frame(CLOSE), 1005],
      ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013,
        1014, 3000, 3999, 4000, 4999].map((c) => [closeFrame(c), c]),
      [closeFrame(1000, 'x'.repeat(123)), 1000],
      [closeFrame(1000, 'grüß 你好'), 1000]]) {
      const raw = await Raw.upgrade(server, '/echo');
      await echoes(raw, join(frame(TEXT, 'before'), bytes, frame(PING, 'late'),
        frame(TEXT, 'too late'), bytes), [[TEXT, 'before']]);
      assert.equal((await raw.closed()).code, code);
      assert.equal((await raw.rest()).length, 0);
      raw.destroy();
    }
  });

test('a Close in the middle of a message ends it, too', async (t) => {
  const server = await start(t, settings);
  const raw = await Raw.upgrade(server, '/echo');
  raw.send(join(frame(TEXT, 'a', { fin: false }), closeFrame(1000),
    frame(CONTINUATION, 'b')));
  assert.equal((await raw.closed()).code, 1000);
  assert.equal((await raw.rest()).length, 0);
});

test('a Close that may not be sent: 1002', async (t) => {
  const server = await start(t, settings);
  for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000,
    2999, 5000, 65535]) {
    await fails(server, join(frame(TEXT, 'ok'), closeFrame(code)), 1002,
      [[TEXT, 'ok']]);
  }
  await fails(server, frame(CLOSE, 'x'), 1002);
});

test('a Close with a reason that is no UTF-8: 1007', async (t) => {
  const server = await start(t, settings);
  for (const hex of [...Object.values(bad), ...Object.values(unfinished)]) {
    await fails(server, closeFrame(1000, bytesOf(hex)), 1007);
  }
});

// ---- 9: what came before an error goes out before the Close ----

test('echoes of what came before an error go out first', async (t) => {
  const server = await start(t, settings);
  const big = Buffer.alloc(MiB, 'x');
  const before = [[BINARY, big], [TEXT, 'small'], [BINARY, big]];
  await fails(server, join(...before.map(([o, p]) => frame(o, p)),
    frame(3, 'bad')), 1002, before);
});

// ---- Another implementation, over all of it ----

test('npm\'s ws has nothing to complain about', async (t) => {
  const server = await start(t, settings);
  const ann = await Chatter.join(server, { target: '/echo',
    perMessageDeflate: true });
  const back = [];
  ann.ws.removeAllListeners('message');
  ann.ws.on('message', (data, isBinary) => back.push([data, isBinary]));
  const sent = [0, 1, 125, 126, 65535, 65536, MiB].flatMap((size) => [
    [Buffer.alloc(size, 'é'.repeat(4)), false], [randomBytes(size), true]]);
  sent.forEach(([data, binary]) => {
    if (!binary && data.length % 2) data[data.length - 1] = 0x20;
  });
  for (const [data, binary] of sent) ann.ws.send(data, { binary });
  await ann.sync();
  assert.deepEqual(back, sent);
  assert.deepEqual(await ann.leave(1000), { code: 1000, reason: '' });
  await server.idle();
});
