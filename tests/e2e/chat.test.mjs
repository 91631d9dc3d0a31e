// SPDX-License-Identifier: MIT
// The plain dialect, spoken by npm's ws: what one says, all hear.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { start, within } from './harness.mjs';
import { BINARY, CLOSE, closeFrame, fragments, frame, PING, PONG, Raw, TEXT,
  upgradeRequest } from './raw.mjs';

test('two clients talk, and the sender hears itself', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  const bob = await Chatter.join(server);
  ann.say('hello');
  assert.equal(await ann.hear(), 'hello');
  assert.equal(await bob.hear(), 'hello');
  await chatIsWell([ann, bob]);
  assert.equal((await ann.leave()).code, 1000);
  assert.equal((await bob.leave(4321)).code, 4321);
  await server.idle();
});

test('all hear the same, in one order', async (t) => {
  const count = 200;
  const server = await start(t, {
    set: { 'plain.queue': 4096, 'plain.queue_bytes': '16M' } });
  const crowd = [];
  for (let i = 0; i < 5; i++) crowd.push(await Chatter.join(server));
  for (let n = 0; n < count; n++) {
    for (const [i, chatter] of crowd.entries()) chatter.say(`${i} ${n}`);
  }
  const first = await crowd[0].hearAll(crowd.length * count);
  for (const chatter of crowd.slice(1)) {
    assert.deepEqual(await chatter.hearAll(crowd.length * count), first);
  }
  for (const i of crowd.keys()) {
    assert.deepEqual(first.filter((text) => text.startsWith(`${i} `)),
      Array.from({ length: count }, (_, n) => `${i} ${n}`),
      'what one says stays in its order');
  }
  await chatIsWell(crowd);
});

test('who comes later hears what is said from then on', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  ann.say('before');
  await ann.hear();
  const bob = await Chatter.join(server);
  ann.say('after');
  assert.equal(await bob.hear(), 'after');
});

test('newlines become spaces, and the ends are trimmed', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  const bob = await Chatter.join(server);
  const cases = [
    ['  two  words  ', 'two  words'],
    ['\none\ntwo\n\nthree\n', 'one two  three'],
    ['\t\v\f\r x \r\n', 'x'],
    ['a\rb', 'a\rb'],
    // Unicode's white space, as Go's unicode.IsSpace has it ...
    ['\u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000x\u3000',
      'x'],
    // ... and what only looks like it.
    ['\u200bx\ufeff', '\u200bx\ufeff'],
    ['<b>&amp;</b>', '<b>&amp;</b>'],
    ['你好 👋🏽', '你好 👋🏽'],
    ['\0nul\0', '\0nul\0'],
    ['', ''],
    [' \n ', ''],
    ['\u3000', ''],
  ];
  for (const [said, heard] of cases) {
    ann.say(said);
    assert.equal(await bob.hear(), heard, JSON.stringify(said));
    assert.equal(await ann.hear(), heard, JSON.stringify(said));
  }
  assert.equal(bob.messages.length, cases.length, 'an empty one is a message');
});

// All of one read is published at once, and the hub takes all that waits.
for (const [coalesce, expected] of [
  ['on', ['one\ntwo\n\nfour']], ['off', ['one', 'two', '', 'four']]]) {
  test(`plain.coalesce=${coalesce}: what comes together`, async (t) => {
    const server = await start(t, { set: { 'plain.coalesce': coalesce } });
    const ann = await Chatter.join(server);
    const raw = await Raw.upgrade(server);
    raw.send(Buffer.concat(
      ['one', 'two', '', 'four'].map((text) => frame(TEXT, text))));
    assert.deepEqual(await ann.hearAll(4), ['one', 'two', '', 'four']);
    assert.deepEqual(ann.messages, expected);
    for (const text of expected) assert.equal(await raw.message(), text);
  });
}

test('a message may have 512 bytes and no more', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  const bob = await Chatter.join(server);
  const longest = 'é'.repeat(256);
  ann.say(longest);
  assert.equal(await bob.hear(), longest);
  // White space counts, though it's trimmed later.
  ann.say(` ${'y'.repeat(512)}`);
  assert.equal((await ann.ended()).code, 1009);
  await server.logged(
    /warn reader-1 conn=1 peer=127\.0\.0\.1:\d+: closed with 1009: /);

  const raw = await Raw.upgrade(server);
  raw.send(fragments(TEXT, 'z'.repeat(512), [500, 0, 11]));
  assert.equal(await raw.message(), 'z'.repeat(512));
  raw.send(fragments(TEXT, 'z'.repeat(513), [500, 0, 12]));
  assert.equal((await raw.closed()).code, 1009);
  assert.equal(await bob.hear(), 'z'.repeat(512));
  await chatIsWell([bob]);
});

test('a message that says it is too long is not waited for', async (t) => {
  const server = await start(t);
  const raw = await Raw.upgrade(server);
  raw.send(frame(TEXT, 'x', { length: 513 }));
  assert.equal((await raw.closed()).code, 1009);
});

test('plain.message sets the limit', async (t) => {
  const server = await start(t, {
    set: { 'plain.message': '100000', 'plain.queue_bytes': '1M' } });
  const ann = await Chatter.join(server);
  ann.say('x'.repeat(100_000));
  assert.equal((await ann.hear()).length, 100_000);
  ann.say('x'.repeat(100_001));
  assert.equal((await ann.ended()).code, 1009);
});

test('binary is closed with 1003', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  const bob = await Chatter.join(server);
  ann.ws.send(Buffer.from('binary'));
  assert.equal((await ann.ended()).code, 1003);
  const raw = await Raw.upgrade(server);
  raw.send(frame(BINARY, 'x', { fin: false }));
  assert.equal((await raw.closed()).code, 1003);
  await chatIsWell([bob]);
});

test('what is not UTF-8 closes its sender and reaches nobody', async (t) => {
  const server = await start(t);
  const bob = await Chatter.join(server);
  for (const bytes of ['ff', 'c328', 'c0af', 'eda080', 'f4908080', 'e282']) {
    const ann = await Chatter.join(server);
    ann.say('fine');
    ann.ws.send(Buffer.from(bytes, 'hex'), { binary: false });
    assert.equal((await ann.ended()).code, 1007, bytes);
    assert.equal(await bob.hear(), 'fine', 'what came before is heard');
  }
  await chatIsWell([bob]);
});

test('pings are answered with what they carried', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  for (const payload of ['', 'x', 'y'.repeat(125)]) {
    const pong = once(ann.ws, 'pong');
    ann.ws.ping(payload);
    assert.equal(String((await within(pong, 'a pong'))[0]), payload);
  }
  ann.ws.pong('unasked');
  await chatIsWell([ann]);

  // Between the fragments of a message, too.
  const raw = await Raw.upgrade(server);
  raw.send(Buffer.concat([frame(TEXT, 'in two ', { fin: false }),
    frame(PING, 'now'), frame(PONG, 'unasked'), frame(0, 'pieces')]));
  assert.equal(String(await raw.message(PONG)), 'now');
  assert.equal(await raw.message(), 'in two pieces');
});

test('a close is answered with its code, and then it ends', async (t) => {
  const server = await start(t);
  const bob = await Chatter.join(server);
  for (const [bytes, code] of [[frame(CLOSE), 1005],
    [closeFrame(1000), 1000], [closeFrame(1001, 'bye'), 1001],
    [closeFrame(3000), 3000], [closeFrame(4999, 'x'.repeat(123)), 4999]]) {
    const raw = await Raw.upgrade(server);
    // What follows a Close is nothing any more.
    raw.send(Buffer.concat([frame(TEXT, 'last'), bytes,
      frame(TEXT, 'too late')]));
    assert.equal(await raw.message(), 'last');
    assert.deepEqual(await raw.closed(), { code, reason: '' });
    assert.equal((await raw.rest()).length, 0);
    raw.end();
    assert.equal(await bob.hear(), 'last');
  }
  await chatIsWell([bob]);
  bob.destroy();
  await server.idle();
});

test('who goes without a Close is let go', async (t) => {
  const server = await start(t);
  const bob = await Chatter.join(server);
  for (const how of ['end', 'destroy', 'reset']) {
    const raw = await Raw.upgrade(server);
    raw.send(frame(TEXT, how));
    assert.equal(await bob.hear(), how);
    raw[how]();
  }
  await chatIsWell([bob]);
  bob.destroy();
  await server.idle();
});

// Caught: a hub that gave out what waited in `broadcast` before it added who
// had just registered: his own first message never came back to him.
test('frames in one segment with the head are first messages', async (t) => {
  const server = await start(t);
  const bob = await Chatter.join(server);
  const raw = await Raw.connect(server);
  raw.send(Buffer.concat([Buffer.from(upgradeRequest()),
    frame(TEXT, 'early'), frame(PING, 'p'),
    frame(TEXT, 'cut').subarray(0, 7)]));
  assert.equal((await raw.answer()).status, 101);
  assert.equal(await bob.hear(), 'early');
  const heard = [await raw.frame(), await raw.frame()];
  assert.deepEqual(heard.map((f) => String(f.payload)).sort(), ['early', 'p']);
  raw.destroy();
  await chatIsWell([bob]);
});

test('a first message in one segment with the head comes back', async (t) => {
  const server = await start(t);
  for (let i = 0; i < 20; i++) {
    const raw = await Raw.connect(server);
    raw.send(Buffer.concat([Buffer.from(upgradeRequest()),
      frame(TEXT, 'early')]));
    assert.equal((await raw.answer()).status, 101);
    assert.equal(await raw.message(), 'early');
    raw.destroy();
  }
});

test('a half frame with the head is gone on with', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  const bytes = frame(TEXT, 'one half and the other');
  raw.send(Buffer.concat([Buffer.from(upgradeRequest()),
    bytes.subarray(0, 9)]));
  assert.equal((await raw.answer()).status, 101);
  raw.send(bytes.subarray(9));
  assert.equal(await raw.message(), 'one half and the other');
});

// What the page of gorilla/websocket's chat does, in a browser's words.
test('the page of the Go demo chats here', async (t) => {
  const server = await start(t);
  const { origin } = new URL(server.url);
  const ann = await Chatter.join(server, {
    origin, perMessageDeflate: true,
    headers: { 'Cache-Control': 'no-cache', 'Accept-Language': 'en' } });
  assert.equal(ann.ws.extensions, '', 'extensions are declined');
  assert.equal(ann.ws.protocol, '');
  await chatIsWell([ann]);
});
