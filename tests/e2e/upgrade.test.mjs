// SPDX-License-Identifier: MIT
// The opening handshake, to the letter of RFC 6455, section 4.2.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { run, start } from './harness.mjs';
import { acceptOf, frame, key, Raw, request, TEXT, upgradeRequest }
  from './raw.mjs';

// The answer to an upgrade that differs in these headers from a good one.
async function ask(server, headers = {}, target = '/ws') {
  const raw = await Raw.connect(server);
  raw.send(upgradeRequest(target, headers));
  const answer = await raw.answer();
  raw.destroy();
  return answer;
}

test('the answer names what RFC 6455, 4.2.2 asks for', async (t) => {
  const server = await start(t);
  const { status, reason, headers } = await ask(server);
  assert.equal(status, 101);
  assert.equal(reason, 'Switching Protocols');
  assert.equal(headers.upgrade, 'websocket');
  assert.equal(headers.connection, 'Upgrade');
  // The example of RFC 6455, 1.3.
  assert.equal(headers['sec-websocket-accept'],
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert(!('sec-websocket-protocol' in headers));
  assert(!('sec-websocket-extensions' in headers));
  assert(!('content-length' in headers));
  const other = Buffer.alloc(16, 0xff).toString('base64');
  assert.equal((await ask(server, { 'Sec-WebSocket-Key': other }))
    .headers['sec-websocket-accept'], acceptOf(other));
});

test('what may differ in a good request', async (t) => {
  const server = await start(t);
  for (const headers of [
    { Upgrade: 'WebSocket' },
    { Upgrade: 'h2c, websocket' },
    { Connection: 'keep-alive, Upgrade' },
    { Connection: 'keep-alive ,\tupgrade , x' },
    { Connection: 'keep-alive\r\nConnection: Upgrade' },
    { 'Sec-WebSocket-Extensions':
      'permessage-deflate; client_max_window_bits' },
    { 'Sec-WebSocket-Extensions': 'x-unknown, permessage-deflate' },
    { Cookie: 'a=b'.repeat(1000) },
    { 'Sec-WebSocket-Version': ' 13 ' },
  ]) {
    assert.equal((await ask(server, headers)).status, 101,
      JSON.stringify(headers));
  }
  assert.equal((await ask(server, {}, '/ws?room=x')).status, 101);
  assert.equal((await ask(server, {}, 'http://localhost/ws')).status, 101);
});

test('what is refused, and how', async (t) => {
  const server = await start(t);
  const cases = [
    [426, { Upgrade: null }],
    [426, { Connection: null }],
    [426, { Upgrade: 'h2c' }],
    [426, { Upgrade: 'websockets' }],
    [426, { Connection: 'keep-alive' }],
    [426, { Connection: 'Upgrades' }],
    [426, { 'Sec-WebSocket-Version': null }],
    [426, { 'Sec-WebSocket-Version': '8' }],
    [426, { 'Sec-WebSocket-Version': '013' }],
    [426, { 'Sec-WebSocket-Version': '13, 8' }],
    [426, { 'Sec-WebSocket-Version': '13\r\nSec-WebSocket-Version: 8' }],
    [400, { 'Sec-WebSocket-Key': null }],
    [400, { 'Sec-WebSocket-Key': '' }],
    [400, { 'Sec-WebSocket-Key': 'short' }],
    [400, { 'Sec-WebSocket-Key': `${key}=` }],
    [400, { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }],
    [400, { 'Sec-WebSocket-Key': Buffer.alloc(17).toString('base64') }],
    [400, { 'Sec-WebSocket-Key': key.replace('==', '!!') }],
    [400, { 'Sec-WebSocket-Key': `${key}\r\nSec-WebSocket-Key: ${key}` }],
    [400, { Host: null }],
  ];
  for (const [status, headers] of cases) {
    const answer = await ask(server, headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    if (status === 426) {
      assert.equal(answer.headers.upgrade, 'websocket');
      assert.match(answer.headers.connection, /Upgrade/);
      assert.equal(answer.headers['sec-websocket-version'], '13');
    }
    assert(answer.text.length > 10, 'it says why');
  }
  const raw = await Raw.connect(server);
  raw.send(upgradeRequest().replace('HTTP/1.1', 'HTTP/1.0'));
  assert.equal((await raw.answer()).status, 400);
  raw.destroy();
});

test('a plain GET of /ws: 426', async (t) => {
  const server = await start(t);
  const { stdout } = await run('curl', ['-sSi', new URL('/ws', server.url)]);
  assert.match(stdout, /^HTTP\/1\.1 426 Upgrade Required\r\n/);
  assert.match(stdout, /\r\nUpgrade: websocket\r\n/);
});

test('after a refused upgrade the connection is good for another',
  async (t) => {
    const server = await start(t);
    const raw = await Raw.connect(server);
    raw.send(upgradeRequest('/ws', { Origin: 'http://elsewhere.example' }) +
      request('GET /ws') + upgradeRequest());
    assert.equal((await raw.answer()).status, 403);
    assert.equal((await raw.answer()).status, 426);
    assert.equal((await raw.answer()).status, 101);
    raw.send(frame(TEXT, 'in the end'));
    assert.equal(await raw.message(), 'in the end');
  });

test('subprotocols that nobody here speaks: 400, with the list',
  async (t) => {
    const server = await start(t);
    for (const offered of ['soap', 'soap, wamp', 'chat.v1.json',
      'soap\r\nSec-WebSocket-Protocol: wamp']) {
      const answer = await ask(server, { 'Sec-WebSocket-Protocol': offered });
      assert.equal(answer.status, 400, offered);
      assert.match(answer.text, /[Ss]upported: .*plain text/);
      assert(!('sec-websocket-protocol' in answer.headers));
    }
    await assert.rejects(
      Chatter.join(server, { protocols: ['soap'] }), /400/);
    await server.logged(/info reader-\d+ conn=\d+ .*answered 400/);
  });

// ---- Origins ----

async function allowed(server, host, origin) {
  const { status } = await ask(server, { Host: host, Origin: origin });
  assert(status === 101 || status === 403, String(status));
  return status === 101;
}

test('pages of the same host and port may connect, no others', async (t) => {
  const server = await start(t);
  for (const [host, origin, expected] of [
    ['chat.example', null, true],
    ['chat.example', 'http://chat.example', true],
    ['chat.example', 'https://chat.example', true],
    ['Chat.Example', 'http://chat.EXAMPLE', true],
    ['chat.example:80', 'http://chat.example', true],
    ['chat.example', 'https://chat.example:443', true],
    ['chat.example:8080', 'http://chat.example:8080', true],
    ['[::1]:8080', 'http://[::1]:8080', true],
    ['chat.example:8080', 'http://chat.example', false],
    ['chat.example', 'http://chat.example:8080', false],
    ['chat.example', 'http://evil.example', false],
    ['chat.example', 'http://chat.example.evil.example', false],
    ['chat.example', 'http://evilchat.example', false],
    ['chat.example', 'http://chat.example@evil.example', false],
    ['[::1]:8080', 'http://[::2]:8080', false],
    ['chat.example', 'null', false],
    ['chat.example', '', false],
    ['chat.example', 'file://', false],
    ['chat.example', 'chat.example', false],
    ['chat.example',
      'http://chat.example\r\nOrigin: http://evil.example', false],
  ]) {
    assert.equal(await allowed(server, host, origin), expected,
      `${origin} at ${host}`);
  }
});

test('server.origins allows more', async (t) => {
  const server = await start(t, {
    set: { 'server.origins': 'https://a.example http://b.example:81' } });
  for (const [origin, expected] of [
    ['http://x', true],
    ['https://a.example', true],
    ['https://a.example:443', true],
    ['https://A.example', true],
    ['http://b.example:81', true],
    ['http://a.example', false],
    ['https://a.example:444', false],
    ['http://b.example', false],
    ['https://a.exampl', false],
    ['https://a.example.b', false],
    ['*', false],
  ]) {
    assert.equal(await allowed(server, 'x', origin), expected, origin);
  }
});

test('server.origins=* allows all', async (t) => {
  const server = await start(t, { set: { 'server.origins': '*' } });
  for (const origin of ['http://evil.example', 'null', 'file://', '']) {
    assert.equal(await allowed(server, 'x', origin), true, origin);
  }
});

test('a browser\'s page elsewhere is kept out, and told in the log',
  async (t) => {
    const server = await start(t);
    const ann = await Chatter.join(server, {
      origin: new URL(server.url).origin });
    await assert.rejects(
      Chatter.join(server, { origin: 'http://evil.example' }), /403/);
    await server.logged(/info reader-2 conn=2 peer=\S+: answered 403/);
    await chatIsWell([ann]);
  });

test('/echo is off unless it is asked for', async (t) => {
  const server = await start(t);
  assert.equal((await ask(server, {}, '/echo')).status, 404);
});
