// SPDX-License-Identifier: MIT
// Every wait has a deadline.  The tests of this file run side by side, since
// all they do is wait; how short the deadlines may be depends on how long a
// busy machine may keep a client from saying what it has to say.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { sleep, start, until } from './harness.mjs';
import { BINARY, frame, PING, Raw, request, TEXT } from './raw.mjs';

// Sends one byte after the other until the server has had enough.
async function trickle(raw, bytes, ms) {
  for (const byte of bytes) {
    if (raw.ended || raw.error) return;
    raw.send(Buffer.from([byte]));
    await sleep(ms);
  }
  throw new Error('the server took all of it');
}

describe('timeouts', { concurrency: true }, () => {
  test('a head that doesn\'t come: 408 where it was begun', async (t) => {
    const server = await start(t, { set: { 'timeouts.head': '1s',
      'log.level': 'debug' } });
    const ann = await Chatter.join(server);
    const nothing = await Raw.connect(server);
    const half = await Raw.connect(server);
    half.send('GET / HTTP/1.1\r\n');
    const answered = await Raw.connect(server);
    answered.send(request('GET /healthz'));
    const behind = await Raw.connect(server);
    behind.send(`${request('GET /healthz')}GET`);

    for (const raw of [half, behind]) {
      if (raw === behind) assert.equal((await raw.answer()).status, 200);
      const answer = await raw.answer();
      assert.equal(answer.status, 408);
      assert.equal(answer.headers.connection, 'close');
      assert.equal((await raw.rest()).length, 0);
      raw.end();
    }
    await server.logged(/info reader-3 .*timed out: no whole request came/);
    // Who has begun nothing gets nothing: a request may be under way that
    // would take a 408 for its answer.
    assert.equal((await nothing.rest()).length, 0);
    assert.equal((await answered.answer()).status, 200);
    assert.equal((await answered.rest()).length, 0);
    await server.logged(/debug reader-2 .*timed out: it asked for nothing/);
    nothing.end();
    answered.end();
    // It isn't for those who have been upgraded.
    await chatIsWell([ann]);
    ann.destroy();
    await server.idle();
  });

  test('a head that trickles is one head: 408', async (t) => {
    const server = await start(t, { set: { 'timeouts.head': '1s' } });
    const raw = await Raw.connect(server);
    await trickle(raw, Buffer.from(request('GET /', { X: 'x'.repeat(9999) })),
      20);
    assert.equal((await raw.answer()).status, 408);
  });

  test('timeouts.head=0 is never', async (t) => {
    const server = await start(t, { set: { 'timeouts.head': 0 } });
    const raw = await Raw.connect(server);
    raw.send('GET /healthz HTTP/1.1\r\nHost');
    await sleep(500);
    raw.send(': x\r\n\r\n');
    assert.equal((await raw.answer()).status, 200);
  });

  test('who is silent is closed; who answers pings isn\'t', async (t) => {
    const server = await start(t, { set: { 'timeouts.silence': '4s',
      'timeouts.ping': '500ms' } });
    const quiet = await Chatter.join(server); // ws answers pings
    let pings = 0;
    quiet.ws.on('ping', () => { pings++; });
    const silent = await Raw.upgrade(server);
    const half = await Raw.upgrade(server);
    // Bytes are no message: a frame that trickles is silence.
    const trickling = trickle(half, frame(TEXT, 'x'.repeat(500)), 20);

    assert.equal((await silent.frame()).opcode, PING);
    for (const raw of [silent, half]) {
      let f = await raw.frame();
      let before = 0;
      for (; f.opcode === PING; f = await raw.frame()) before++;
      assert(before >= 1 && before <= 8, `${before} pings`);
      assert.equal(f.payload.readUInt16BE(), 1008);
      assert.equal((await raw.rest()).length, 0);
      raw.end();
    }
    await trickling;
    await server.logged(/info reader-2 .*timed out: nothing was heard of it/);
    await until(() => pings >= 10, 'more pings than fit into the silence');
    await chatIsWell([quiet]);
    quiet.destroy();
    await server.idle();
  });

  test('without pings, and without a limit to silence', async (t) => {
    const noPing = await start(t, { set: { 'timeouts.silence': '700ms',
      'timeouts.ping': 0 } });
    const raw = await Raw.upgrade(noPing);
    assert.equal((await raw.closed()).code, 1008, 'no ping came before');
    raw.destroy();

    const patient = await start(t, { set: { 'timeouts.silence': 0,
      'timeouts.ping': '100ms' } });
    const silent = await Raw.upgrade(patient);
    for (let i = 0; i < 10; i++) {
      assert.equal((await silent.frame()).opcode, PING);
    }
  });

  // Where writers write, none of them is ever idle.
  test('under traffic pings still come', async (t) => {
    const server = await start(t, { set: { 'timeouts.ping': '300ms',
      'hub.write_through': 'off' } });
    const ann = await Chatter.join(server);
    let pings = 0;
    ann.ws.on('ping', () => { pings++; });
    await until(async () => {
      await chatIsWell([ann]);
      return pings >= 3;
    }, 'three pings');
  });

  test('who takes nothing of a page is cut off', async (t) => {
    const server = await start(t, { set: { 'timeouts.write': '300ms' } });
    const raw = await Raw.connect(server);
    raw.socket.pause();
    raw.send(request('GET /log.js').repeat(2000));
    await server.logged(/info writer-1 conn=1 .*timed out: it took nothing/);
    await server.idle();
  });

  test('who takes nothing of an echo is cut off', async (t) => {
    const server = await start(t, { set: { 'server.echo': 'on',
      'timeouts.write': '300ms' } });
    const raw = await Raw.upgrade(server, '/echo');
    raw.socket.pause();
    raw.send(frame(BINARY, Buffer.alloc(16 << 20)));
    await server.logged(/info writer-1 conn=1 .*timed out: it took nothing/);
    await server.idle();
  });

  // What counts is the last byte that was taken, not how long it all takes.
  test('who takes little by little isn\'t', async (t) => {
    const server = await start(t, { set: { 'server.echo': 'on',
      'timeouts.write': '3s' } });
    const raw = await Raw.upgrade(server, '/echo');
    const payload = Buffer.alloc(16 << 20, 'x');
    raw.socket.pause();
    raw.send(frame(BINARY, payload));
    let got = 0;
    for (const began = Date.now(); Date.now() - began < 6000;) {
      const chunk = raw.socket.read(256 * 1024) ?? raw.socket.read();
      got += chunk?.length ?? 0;
      await sleep(150);
    }
    assert(got > 1 << 20, `${got} bytes`);
    assert.doesNotMatch(server.log, /timed out/);
    raw.destroy();
    await server.idle();
  });

  test('who gets a Close and doesn\'t end is cut off', async (t) => {
    const server = await start(t, { set: { 'timeouts.write': '500ms' } });
    const bad = await Raw.upgrade(server);
    bad.send(frame(TEXT, 'x', { mask: false }));
    assert.equal((await bad.closed()).code, 1002);
    assert.equal((await bad.rest()).length, 0);
    const page = await Raw.connect(server);
    page.send(request('GET /healthz', { Connection: 'close' }));
    assert.equal((await page.answer()).status, 200);
    await server.logged(/writer-1 conn=1 .*timed out: it didn't end its side/);
    await server.logged(/writer-2 conn=2 .*timed out: it didn't end its side/);
    // Our side of both is still open.
    await server.idle();
  });
});
