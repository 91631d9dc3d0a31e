// SPDX-License-Identifier: MIT
// The command line, the configuration, and the log.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Chatter, chatIsWell } from './chatter.mjs';
import { chatd, run, runChatd, start, temporary, until } from './harness.mjs';
import { frame, Raw, request, TEXT } from './raw.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');

function configFile(t, text) {
  const file = path.join(temporary(t), 'chatd.conf');
  writeFileSync(file, text);
  return file;
}

// ---- The command line ----

test('--version, --help, --help-config', async () => {
  const version = await runChatd(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^chatd \d+\.\d+\.\d+\n$/);
  const help = await runChatd(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^usage: chatd .*--check/s);
  const config = await runChatd(['--help-config']);
  assert.equal(config.code, 0);
  assert.equal(config.stdout,
    readFileSync(path.join(root, 'chatd.conf'), 'utf8'));
  for (const result of [version, help, config]) {
    assert.equal(result.stderr, '');
  }
});

test('what is no option: exit 64', async () => {
  for (const args of [['--bogus'], ['file'], ['-c'], ['--set']]) {
    const { code, stdout, stderr } = await runChatd(args);
    assert.equal(code, 64, args);
    assert.equal(stdout, '');
    assert.match(stderr, /^chatd: /);
  }
});

test('--check starts nothing', async () => {
  const { code, stdout, stderr } = await runChatd(
    ['-c', path.join(root, 'chatd.conf'), '--check']);
  assert.equal(code, 0);
  assert.match(stdout, /ok/);
  assert.equal(stderr, '');
});

test('what is wrong in a configuration: where, what, and exit 78',
  async (t) => {
    for (const [text, complaint] of [
      ['\n[plain]\nmessage = 5x\n',
        /chatd\.conf:3: plain\.message: "5x" is not a size \(1\.\.16777216/],
      ['[plain]\nmassage = 5\n', /chatd\.conf:2: .*massage/],
      ['[plan]\n', /chatd\.conf:1: .*plan/],
      ['[plain]\nmessage = 5\nqueue = 9\nmessage = 6\n',
        /chatd\.conf:4: plain\.message: .*2/],
      ['[plain]\n message = 5\n', /chatd\.conf:2: /],
      [`[server]\norigins = ${'x'.repeat(5000)}\n`, /chatd\.conf:2: /],
      ['[timeouts]\nhead = fast\n', /chatd\.conf:2: timeouts\.head: "fast"/],
      ['[server]\nlisten = nonsense:x:y\n', /chatd\.conf:2: server\.listen/],
    ]) {
      const file = configFile(t, text);
      for (const more of [[], ['--check']]) {
        const { code, stdout, stderr } = await runChatd(['-c', file, ...more]);
        assert.equal(code, 78, text);
        assert.match(stderr, complaint, text);
        assert.doesNotMatch(stdout + stderr, /listening|configuration: ok/);
      }
    }
    const missing = await runChatd(['-c', '/nowhere/chatd.conf']);
    assert.equal(missing.code, 78);
    assert.match(missing.stderr, /^\/nowhere\/chatd\.conf: No such file/);
  });

test('the environment is over the file, --set over both', async (t) => {
  const config = '[plain]\nmessage = 10\n[http]\nline = 256\n';
  const env = { CHATD_PLAIN_MESSAGE: '20' };
  for (const [options, limit] of [[{}, 512], [{ config }, 10],
    [{ config, env }, 20], [{ config, env, set: { 'plain.message': 30 } }, 30],
    [{ env }, 20]]) {
    const server = await start(t, options);
    const ann = await Chatter.join(server);
    ann.say('x'.repeat(limit));
    assert.equal((await ann.hear()).length, limit);
    ann.say('x'.repeat(limit + 1));
    assert.equal((await ann.ended()).code, 1009);
    await server.stop();
  }
  const { code, stderr } = await runChatd([],
    { env: { CHATD_PLAIN_MESSAGE: 'much' } });
  assert.equal(code, 78);
  assert.match(stderr, /CHATD_PLAIN_MESSAGE: .*"much" is not a size/);
});

// ---- The program ----

// Meson says where it isn't: in debug builds and under the sanitizers.
const soft = process.env.CHATD_SOFT === 'yes';

test('the program is hardened', { skip: soft && 'not in this build' },
  async (t) => {
    const { code, stdout } = await run('readelf', ['-hldWs', chatd]).catch(
      () => ({ code: 1 }));
    if (code !== 0) {
      t.skip('no readelf');
      return;
    }
    assert.match(stdout, /Type: +DYN/, 'position independent');
    assert.match(stdout, /GNU_RELRO/);
    assert.match(stdout, /BIND_NOW|Flags:.*NOW/, 'RELRO of all');
    assert.match(stdout, /GNU_STACK.* RW /, 'no code on the stack');
    assert.match(stdout, /__stack_chk_fail/);
    assert.match(stdout, /__(snprintf|memcpy|vsnprintf|fprintf)_chk/);
  });

// ---- The log ----

// Things that are logged, with texts that must not be.
async function doThings(server) {
  const ann = await Chatter.join(server);
  ann.say('a secret among us');
  await ann.hear();
  const raw = await Raw.upgrade(server);
  raw.send(Buffer.concat([frame(TEXT, 'another secret'),
    frame(TEXT, 'bad secret', { rsv: 1 })]));
  await raw.message();
  assert.equal((await raw.closed()).code, 1002);
  raw.end();
  const page = await Raw.connect(server);
  page.send(request('GET /"quoted"\\secret'));
  assert.equal((await page.answer()).status, 404);
  page.destroy();
  await ann.leave();
  await server.idle();
  await server.stop();
}

test('log.format=text: time, level, thread, connection, peer, text',
  async (t) => {
    const server = await start(t, { set: { 'log.level': 'debug' } });
    await doThings(server);
    const lines = server.log.trimEnd().split('\n');
    for (const line of lines) {
      assert.match(line, new RegExp('^\\d{4}-\\d\\d-\\d\\d' +
        'T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z (debug|info|warn|error) ' +
        '[a-z]+(-\\d+)?( conn=\\d+)?( peer=127\\.0\\.0\\.1:\\d+)?: \\S.*$'));
    }
    for (const pattern of [/ info chatd: listening on http/,
      / info reader-1 conn=1 peer=\S+: connected$/,
      / warn reader-2 conn=2 peer=\S+: closed with 1002: \w/,
      / info reader-1 conn=1 peer=\S+: disconnected$/,
      / info signals: stopping: /]) {
      assert.equal(lines.filter((line) => pattern.test(line)).length, 1,
        `${pattern}\n${server.log}`);
    }
    assert.doesNotMatch(server.log, /secret/);
  });

test('log.format=json: the same, one object a line', async (t) => {
  const server = await start(t, { set: { 'log.format': 'json',
    'log.level': 'debug' } });
  await doThings(server);
  const events = server.log.trimEnd().split('\n').map((l) => JSON.parse(l));
  for (const event of events) {
    assert(Math.abs(new Date(event.time) - Date.now()) < 600_000);
    assert(['debug', 'info', 'warn', 'error'].includes(event.level));
    assert.equal(typeof event.thread, 'string');
    assert.equal(typeof event.text, 'string');
    if (event.thread.startsWith('reader-')) {
      assert.equal(event.conn, Number(event.thread.slice(7)));
      assert.match(event.peer, /^127\.0\.0\.1:\d+$/);
    }
  }
  assert(events.some(({ conn, level, text }) =>
    conn === 2 && level === 'warn' && text.startsWith('closed with 1002')));
  assert.doesNotMatch(server.log, /secret/);
});

test('log.level holds back what is less important', async (t) => {
  const info = await start(t);
  await doThings(info);
  assert.doesNotMatch(info.log, / debug /);
  assert.match(info.log, / warn /);
  // Then it doesn't say where it listens, either.
  const socket = path.join(temporary(t), 'chat.sock');
  const warn = await start(t, { set: { 'log.level': 'warn' },
    listen: `unix:${socket}`,
    ready: () => until(() => Raw.connect({ path: socket })
      .then((raw) => { raw.destroy(); return true; }, () => false),
    'it listens') });
  const raw = await Raw.upgrade({ path: socket, clients: warn.clients });
  raw.send(frame(TEXT, 'x', { rsv: 1 }));
  assert.equal((await raw.closed()).code, 1002);
  raw.end();
  await warn.stop();
  const lines = warn.log.trimEnd().split('\n');
  assert.equal(lines.length, 1);
  assert.match(lines[0], / warn reader-\d+ conn=\d+ .*: closed with 1002/);
});

// Caught: the count of the lost lines going through the full queue, and being
// lost there itself.
test('a log that nobody reads stops nobody, and what is lost is counted',
  async (t) => {
    const server = await start(t);
    const ann = await Chatter.join(server);
    server.readLog(false);
    const raw = await Raw.connect(server);
    const count = 5000; // lines: more than a pipe and the log's queue hold
    for (let i = 0; i < count; i += 500) {
      raw.send(request('GET /ws').repeat(500));
      for (let n = 0; n < 500; n++) {
        assert.equal((await raw.answer()).status, 426);
      }
      await chatIsWell([ann], `${i}`);
    }
    server.readLog(true);
    const lost = Number((await server.logged(/(\d+) lines were lost here/))[1]);
    await server.logged(/warn log: /);
    assert(lost > 100 && lost < count, `${lost} lines`);
    await chatIsWell([ann]);
    raw.destroy();
    ann.destroy();
    await server.idle();
  });
