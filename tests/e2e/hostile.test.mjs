// SPDX-License-Identifier: MIT
// Peers that mean harm, or are only quicker than others.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { slow, start, until } from './harness.mjs';
import { CLOSE, frame, PING, PONG, Raw, request, TEXT } from './raw.mjs';

for (const writeThrough of ['on', 'off']) {
  // Caught: a hub that drops whoever's writer hasn't had a processor since the
  // hub has filled its queue.
  test(`a burst drops nobody, write_through ${writeThrough}`, async (t) => {
    const server = await start(t, {
      set: { 'hub.write_through': writeThrough } });
    const chatters = [];
    for (let i = 0; i < 10; i++) chatters.push(await Chatter.join(server));
    const raw = await Raw.upgrade(server);
    const said = Array.from({ length: 5000 }, (_, i) => `${i}`);
    raw.send(Buffer.concat(said.map((text) => frame(TEXT, text))));
    for (const chatter of chatters) {
      assert.deepEqual(await chatter.hearAll(said.length), said);
    }
    assert.equal((await server.counts()).dropped, 0);
  });
}

// Caught: pongs that go where there is room, and nowhere else.
test('of many pings each is answered', async (t) => {
  const server = await start(t, { set: { 'plain.queue': 4,
    'server.echo': 'on' } });
  for (const target of ['/ws', '/echo']) {
    const raw = await Raw.upgrade(server, target);
    const pings = Array.from({ length: 2000 }, (_, i) => `${i}`);
    raw.send(Buffer.concat(pings.map((text) => frame(PING, text))));
    for (const text of pings) {
      assert.equal(String(await raw.message(PONG)), text);
    }
  }
});

test('who was dropped is heard no more', async (t) => {
  const server = await start(t, { set: { 'plain.message': '32K',
    'plain.queue': 16, 'plain.queue_bytes': '2M', 'timeouts.write': '1m' } });
  const ann = await Chatter.join(server);
  const deaf = await Raw.upgrade(server);
  deaf.socket.pause();
  for (let i = 0; !server.log.includes('dropped: '); i++) {
    ann.say('.'.repeat(32 * 1024));
    await ann.hear();
    assert(i < 10_000, 'nobody is dropped');
  }
  for (let i = 0; i < 100; i++) deaf.send(frame(TEXT, 'I am still here'));
  await until(() => server.log.match(/conn=2 /), 'the drop');
  const bob = await Chatter.join(server);
  await chatIsWell([ann, bob]);
  // Its reader has read that, and more, by the time it ends.
  deaf.socket.resume();
  let last;
  for (let f; (f = await deaf.frame()); last = f);
  assert.equal(last.opcode, CLOSE);
  deaf.end();
  await server.logged(/reader-2 .*disconnected/);
  await chatIsWell([ann, bob]);
});

test('no body answers a HEAD, not even one with a body', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  raw.send(`${request('HEAD /', { 'Content-Length': 5 })}hello`);
  const answer = await raw.answer({ withBody: false });
  assert.equal(answer.status, 413);
  assert.equal((await raw.rest()).length, 0);
});

// It took 26 seconds of a processor once, and the drain with it.
test('thousands of headers are read in no time', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  const head = request('GET /healthz', { Connection: 'close' });
  raw.send(head.replace('\r\n\r\n',
    `\r\n${'Connection:x\r\n'.repeat(2200)}\r\n`));
  const began = Date.now();
  assert.equal((await raw.answer()).status, 200);
  assert(Date.now() - began < 1000 * slow, `${Date.now() - began} ms`);
  await raw.rest();
});
