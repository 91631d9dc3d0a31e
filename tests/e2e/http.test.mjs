// SPDX-License-Identifier: MIT
// HTTP on the same port, asked by curl, by node's own client and by a bare
// socket.  Source: RFC 9110 and RFC 9112.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Chatter, chatIsWell } from './chatter.mjs';
import { run, start } from './harness.mjs';
import { Raw, request } from './raw.mjs';

const web = path.join(path.dirname(fileURLToPath(import.meta.url)),
  '../../web');
const types = { '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml', '.png': 'image/png',
  '.webmanifest': 'application/manifest+json' };

// Asks with curl: {status, headers: {name: value}, body}.
async function curl(server, target, ...options) {
  const { code, stdout, stderr } = await run('curl', ['-sS', '-i',
    '--max-time', '60', ...options, new URL(target, server.url).href]);
  assert.equal(code, 0, stderr);
  const end = stdout.indexOf('\r\n\r\n');
  const [first, ...lines] = stdout.slice(0, end).split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    })),
    body: stdout.slice(end + 4),
  };
}

// The one answer to some bytes, behind which the server closes.
async function lastAnswer(server, bytes, options) {
  const raw = await Raw.connect(server);
  raw.send(bytes);
  const answer = await raw.answer(options);
  assert.equal(answer.headers.connection, 'close');
  assert.equal((await raw.rest()).length, 0, 'nothing behind it');
  raw.destroy();
  return answer;
}

test('the page and each of its files', async (t) => {
  const server = await start(t);
  const files = readdirSync(web, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'meson.build')
    .map((entry) => entry.name);
  for (const name of files) {
    const target = name === 'index.html' ? '/' : `/${name}`;
    const answer = await fetch(new URL(target, server.url));
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers.get('content-type'),
      types[path.extname(name)], name);
    assert.match(answer.headers.get('etag'), /^"[0-9a-f]{16}"$/);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()),
      readFileSync(path.join(web, name)), name);
  }
  assert(files.length > 10);
});

test('GET / by curl', async (t) => {
  const server = await start(t);
  const { status, headers, body } = await curl(server, '/');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(body, readFileSync(path.join(web, 'index.html'), 'utf8'));
  assert(Math.abs(new Date(headers.date) - Date.now()) < 60_000);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  const policy = headers['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'/);
  assert.match(policy, /connect-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal((await curl(server, '/?room=x#top')).body, body);
  assert.equal((await curl(server, '/index.html')).body, body);
});

test('ETag, and 304 to who has it', async (t) => {
  const server = await start(t);
  const { etag } = (await curl(server, '/')).headers;
  const asks = (tag) => curl(server, '/', '-H', `If-None-Match: ${tag}`);
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const { status, headers, body } = await asks(tag);
    assert.equal(status, 304, tag);
    assert.equal(headers.etag, etag);
    assert.equal(body, '');
  }
  for (const tag of ['"other"', etag.slice(1, -1), `${etag}x`]) {
    assert.equal((await asks(tag)).status, 200, tag);
  }
});

test('HEAD is GET without a body', async (t) => {
  const server = await start(t);
  for (const target of ['/', '/main.js', '/healthz', '/nowhere', '/ws']) {
    const raw = await Raw.connect(server);
    raw.send(request(`GET ${target}`));
    const get = await raw.answer();
    raw.send(request(`HEAD ${target}`));
    const head = await raw.answer({ withBody: false });
    if (target === '/ws') {
      assert.equal(head.status, 405);
    } else {
      assert.equal(head.status, get.status, target);
      delete get.headers.date;
      delete head.headers.date;
      assert.deepEqual(head.headers, get.headers, target);
      assert.equal(Number(get.headers['content-length']), get.body.length);
    }
    // The connection is where the next answer begins, not in a body.
    raw.send(request('GET /healthz'));
    assert.equal((await raw.answer()).text, 'ok\n');
    raw.destroy();
  }
});

test('/healthz', async (t) => {
  const server = await start(t);
  const { status, headers, body } = await curl(server, '/healthz');
  assert.equal(status, 200);
  assert.equal(body, 'ok\n');
  assert.equal(headers['cache-control'], 'no-store');
});

test('what isn\'t there: 404', async (t) => {
  const server = await start(t);
  for (const target of ['/nowhere', '/index.htm', '/..', '/../etc/passwd',
    '/%2e%2e/etc/passwd', '/web/index.html', '/ws/', '/WS', '/echo', '//',
    '/main.js/', '/index.html%00', '/?/../x/y'.slice(2)]) {
    const answer = await curl(server, '/', '--path-as-is', '--request-target',
      target);
    assert.equal(answer.status, 404, target);
  }
});

test('other methods: 405, and which are allowed', async (t) => {
  const server = await start(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    for (const target of ['/', '/style.css', '/healthz']) {
      const { status, headers } = await curl(server, target, '-X', method);
      assert.equal(status, 405, `${method} ${target}`);
      assert.equal(headers.allow, 'GET, HEAD');
    }
    const { status, headers } = await curl(server, '/ws', '-X', method);
    assert.equal(status, 405);
    assert.equal(headers.allow, 'GET');
  }
  assert.equal((await curl(server, '/nowhere', '-X', 'POST')).status, 404);
});

test('a body: 413', async (t) => {
  const server = await start(t);
  for (const target of ['/', '/ws']) {
    assert.equal((await curl(server, target, '-d', 'x=1')).status, 413);
    assert.equal((await lastAnswer(server, request(`POST ${target}`,
      { 'Content-Length': 1e6 }) + 'x'.repeat(1e6))).status, 413);
    assert.equal((await lastAnswer(server, request(`POST ${target}`,
      { 'Transfer-Encoding': 'chunked' }))).status, 413);
    assert.equal((await lastAnswer(server, request(`GET ${target}`,
      { 'Content-Length': '5' }))).status, 413);
  }
  // None is none.
  const raw = await Raw.connect(server);
  raw.send(request('GET /healthz', { 'Content-Length': '0' }));
  assert.equal((await raw.answer()).status, 200);
});

test('what is no HTTP, or no good one: 400', async (t) => {
  const server = await start(t);
  const host = 'Host: localhost\r\n';
  const bad = {
    garbage: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS\r\n\r\n',
    'no target': `GET HTTP/1.1\r\n${host}\r\n`,
    'an unknown method': `BREW / HTTP/1.1\r\n${host}\r\n`,
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'two hosts': `GET / HTTP/1.1\r\n${host}${host}\r\n`,
    'a space before the colon': 'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'a header without a colon': `GET / HTTP/1.1\r\n${host}what\r\n\r\n`,
    'a header without a name': `GET / HTTP/1.1\r\n${host}: x\r\n\r\n`,
    'NUL in a value': `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
    'a bare CR': `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`,
    'a control character in the target':
      `GET /\x01 HTTP/1.1\r\n${host}\r\n`,
    'a length that is no number':
      `GET / HTTP/1.1\r\n${host}Content-Length: five\r\n\r\n`,
    'a negative length':
      `GET / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
    'a length beyond all numbers':
      `GET / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999\r\n\r\n`,
    'two lengths': `GET / HTTP/1.1\r\n${host}Content-Length: 0\r\n` +
      'Content-Length: 5\r\n\r\n',
    // RFC 9112, 6.1: smuggling; refused, and closed.
    'a length and chunked': `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n` +
      'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    'chunked and a length': `POST / HTTP/1.1\r\n${host}` +
      'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(bad)) {
    const from = server.log.length;
    const { status } = await lastAnswer(server, Buffer.from(bytes, 'latin1'));
    assert.equal(status, 400, what);
    await server.logged(/warn reader-\d+ conn=\d+ peer=\S+: answered 400/,
      from);
  }
});

test('versions: 505', async (t) => {
  const server = await start(t);
  for (const bytes of ['GET /\r\n\r\n', 'GET / HTTP/0.9\r\n\r\n',
    'GET / HTTP/2.0\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']) {
    assert.equal((await lastAnswer(server, bytes)).status, 505, bytes);
  }
});

// ---- Limits ----

// A request whose line, without CRLF, has so many bytes.
function longLine(bytes) {
  const rest = 'GET / HTTP/1.1'.length;
  return request(`GET /${'x'.repeat(bytes - rest)}`);
}

// A request whose head, with the empty line, has so many bytes.
function longHead(bytes) {
  const rest = request('GET /healthz', { X: '', Y: '' }).length;
  const half = Math.floor((bytes - rest) / 2);
  return request('GET /healthz',
    { X: 'x'.repeat(half), Y: 'y'.repeat(bytes - rest - half) });
}

test('a request line of 8 KiB is taken, a longer one isn\'t: 414',
  async (t) => {
    const server = await start(t);
    const raw = await Raw.connect(server);
    raw.send(longLine(8192));
    assert.equal((await raw.answer()).status, 404);
    for (const bytes of [8193, 40_000, 1_000_000]) {
      assert.equal((await lastAnswer(server, longLine(bytes))).status, 414);
    }
  });

test('a head of 32 KiB is taken, a longer one isn\'t: 431', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  assert.equal(longHead(32 * 1024).length, 32 * 1024);
  raw.send(longHead(32 * 1024));
  assert.equal((await raw.answer()).status, 200);
  for (const bytes of [32 * 1024 + 1, 1024 * 1024]) {
    const from = server.log.length;
    assert.equal((await lastAnswer(server, longHead(bytes))).status, 431);
    await server.logged(/warn reader-.*answered 431/, from);
  }
  const many = Object.fromEntries(
    Array.from({ length: 4000 }, (_, i) => [`X-${i}`, '1']));
  assert.equal((await lastAnswer(server, request('GET /', many))).status, 431);
});

test('http.line and http.head set the limits', async (t) => {
  const server = await start(t,
    { set: { 'http.line': 300, 'http.head': 2000 } });
  const raw = await Raw.connect(server);
  raw.send(longLine(300));
  assert.equal((await raw.answer()).status, 404);
  raw.send(longHead(2000));
  assert.equal((await raw.answer()).status, 200);
  assert.equal((await lastAnswer(server, longLine(301))).status, 414);
  assert.equal((await lastAnswer(server, longHead(2001))).status, 431);
});

test('a head may come byte by byte', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  for (const byte of request('GET /healthz', { Accept: '*/*' })) {
    await raw.sendAll(byte);
  }
  assert.equal((await raw.answer()).text, 'ok\n');
});

// ---- Connections ----

test('a connection is kept for the next request', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  for (const [target, status] of [['/', 200], ['/nowhere', 404], ['/ws', 426],
    ['/main.js', 200], ['/healthz', 200]]) {
    raw.send(request(`GET ${target}`));
    const answer = await raw.answer();
    assert.equal(answer.status, status, target);
    assert.equal(answer.headers.connection ?? '',
      status === 426 ? 'Upgrade' : '');
  }
  const last = request('GET /healthz', { Connection: 'close' });
  raw.send(last);
  assert.equal((await raw.answer()).headers.connection, 'close');
  assert.equal((await raw.rest()).length, 0);
  raw.destroy();
  // Connection is a list, in any case.
  await lastAnswer(server, request('GET /healthz',
    { Connection: 'foo, Close' }));
  await server.idle();
});

test('HTTP/1.0 gets an answer and the end', async (t) => {
  const server = await start(t);
  const answer = await lastAnswer(server, 'GET /healthz HTTP/1.0\r\n\r\n');
  assert.equal(answer.status, 200);
});

test('curl asks twice on one connection', async (t) => {
  const server = await start(t);
  const { stdout, stderr } = await run('curl', ['-sSv', server.url,
    new URL('/healthz', server.url).href]);
  assert.match(stdout, /ok\n$/);
  assert.match(stderr, /Re-using existing connection/);
});

test('requests in one segment are answered one after the other',
  async (t) => {
    const server = await start(t);
    const raw = await Raw.connect(server);
    raw.send([request('GET /healthz'), request('HEAD /'),
      request('GET /nowhere'), request('GET /style.css'),
      '\r\n', request('GET /healthz', { Connection: 'close' }),
      request('GET /')].join(''));
    assert.equal((await raw.answer()).text, 'ok\n');
    assert.equal((await raw.answer({ withBody: false })).status, 200);
    assert.equal((await raw.answer()).status, 404);
    assert.equal((await raw.answer()).text,
      readFileSync(path.join(web, 'style.css'), 'utf8'));
    assert.equal((await raw.answer()).text, 'ok\n');
    // Behind "close" nothing is answered.
    assert.equal((await raw.rest()).length, 0);
  });

test('hundreds in one segment, read late, are answered in order',
  async (t) => {
    const server = await start(t);
    const raw = await Raw.connect(server);
    raw.socket.pause();
    raw.send(request('GET /log.js').repeat(500) + request('GET /healthz'));
    const script = readFileSync(path.join(web, 'log.js'));
    raw.socket.resume();
    for (let i = 0; i < 500; i++) {
      assert.deepEqual((await raw.answer()).body, script);
    }
    assert.equal((await raw.answer()).text, 'ok\n');
  });

test('who half-closes after asking still gets the answer', async (t) => {
  const server = await start(t);
  const raw = await Raw.connect(server);
  raw.send(request('GET /main.js'));
  raw.end();
  assert.equal((await raw.answer()).status, 200);
  assert.equal((await raw.rest()).length, 0);
});

test('who connects and leaves is nobody\'s trouble', async (t) => {
  const server = await start(t);
  const ann = await Chatter.join(server);
  for (const how of ['end', 'destroy', 'reset']) {
    const raw = await Raw.connect(server);
    raw[how]();
    const half = await Raw.connect(server);
    half.send('GET / HT');
    half[how]();
  }
  await chatIsWell([ann]);
  ann.destroy();
  await server.idle();
});

// ---- Over the limit ----

test('over server.max_clients: 503, and when to come again', async (t) => {
  const server = await start(t, { set: { 'server.max_clients': 2 } });
  const ann = await Chatter.join(server);
  const bob = await Chatter.join(server);
  for (const bytes of [request('GET /'), '', request('GET /ws')]) {
    const from = server.log.length;
    const { status, headers, text } = await lastAnswer(server, bytes);
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '5');
    assert.match(text, /full/);
    assert.equal(headers['content-length'], String(text.length));
    if (bytes === request('GET /')) {
      await server.logged(/warn acceptor peer=\S+: refused with 503: .*max_c/,
        from);
    }
  }
  assert.equal((await curl(server, '/')).status, 503);
  await chatIsWell([ann, bob]);

  // A place is free again once its connection is gone.
  await bob.leave();
  await server.logged(/reader-2 .*disconnected/);
  const carl = await (async () => {
    for (;;) {
      const raw = await Raw.connect(server);
      raw.send(request('GET /healthz'));
      const { status } = await raw.answer();
      if (status === 200) return raw;
      raw.destroy();
    }
  })();
  assert.equal((await server.counts()).refused >= 4, true);
  await chatIsWell([ann]);
  carl.destroy();
  ann.destroy();
  await server.idle();
});
