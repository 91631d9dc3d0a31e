// SPDX-License-Identifier: MIT
//
// chatbench against a server that does what is planned here, so that one knows
// what it should say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { FaultyServer } from './faulty.mjs';
import { run, sleep, slow, start, until } from './harness.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const chatbench = process.env.CHATBENCH ??
  path.join(root, 'build/src/tools/chatbench');

// Runs it; {code, report}.  What is given up after so many seconds must not
// be what is only slow.
async function bench(server, ...args) {
  const { code, stdout, stderr } = await run(chatbench, [
    '--url', server.url, '--json', '--grace', String(0.5 * slow), ...args]);
  assert.equal(stderr, '');
  const report = JSON.parse(stdout);
  assert.equal(code, report.faults ? 1 : 0);
  return report;
}

// A run of three clients, two of whom say 20 messages each.
const SENT = 40;
const HEARD = 3 * SENT;

function small(server, ...args) {
  return bench(server, '--clients', '3', '--senders', '2',
    '--messages', String(SENT), ...args);
}

function faults(report) {
  const { lost, duplicates, disorder, corrupt, foreign } = report;
  return { lost, duplicates, disorder, corrupt, foreign,
    refused: report.refused.total, dropped: report.dropped.total };
}

function assertFaults(report, expected = {}) {
  assert.deepEqual(faults(report), { lost: 0, duplicates: 0, disorder: 0,
    corrupt: 0, foreign: 0, refused: 0, dropped: 0, ...expected });
}

// ---- Servers that do well ----

test('a healthy server has no faults, and all is counted', async (t) => {
  const server = await FaultyServer.start(t);
  const report = await small(server, '--one-order');
  assertFaults(report);
  assert.equal(report.faults, false);
  assert.equal(report.connected, 3);
  assert.equal(report.sent, SENT);
  assert.equal(report.delivered, HEARD);
  assert.equal(report.latency_ms.count, HEARD);
  assert.equal(report.orders, 1);
  assert.equal(server.heard.length, SENT);
  await until(() => server.codes.length === 3, 'the ends');
  assert.deepEqual(server.codes, [1000, 1000, 1000]);
});

test('messages are counted, not frames', async (t) => {
  let kept = [];
  const server = await FaultyServer.start(t, {
    giving(client, { text, n }) {
      if (client.index === 0) kept.push(text);
      // All that came since, as one message; 8 are under way at least.
      if (n % 8 === 7) client.give(kept.join('\n'));
      if (client.index === 2 && n % 8 === 7) kept = [];
    },
  });
  const report = await small(server);
  assertFaults(report);
  assert.equal(report.delivered, HEARD);
  assert(Math.abs(report.frames_per_s / report.deliveries_per_s - 1 / 8)
    < 0.01, `${report.frames_per_s} of ${report.deliveries_per_s}`);
});

test('frames may come in pieces, and others between them', async (t) => {
  const server = await FaultyServer.start(t, {
    giving({ ws, socket }, { text, n }) {
      ws.ping(`ping ${n}`);
      ws.send(text.slice(0, n), { fin: false });
      ws.ping();
      ws.send('', { fin: false });
      ws.pong();
      // The rest byte by byte, a TCP segment each, where it can be.
      socket.setNoDelay(true);
      for (const byte of text.slice(n)) ws.send(byte, { fin: false });
      ws.send('', { fin: true });
    },
  });
  const report = await small(server);
  assertFaults(report);
  assert.equal(report.delivered, HEARD);
});

test('long messages are read in many pieces', async (t) => {
  const server = await FaultyServer.start(t);
  const report = await small(server, '--size', '65536');
  assertFaults(report);
  assert.equal(report.delivered, HEARD);
});

test('who is registered late misses nothing', async (t) => {
  const server = await FaultyServer.start(t, {
    joining: () => sleep(300),
  });
  const report = await small(server);
  assertFaults(report);
  assert.equal(report.delivered, HEARD);
});

test('what others say is foreign, and no fault', async (t) => {
  const server = await FaultyServer.start(t, {
    giving(client, { text }) {
      client.give(`hello\n${text}\n`);
      client.give('x'.repeat(200_000));
      client.give('cb');
    },
  });
  const report = await small(server);
  assertFaults(report, { foreign: 4 * HEARD });
  assert.equal(report.faults, false);
});

// ---- Servers that don't ----

// One client and one message in the middle meet with something else.
function once(what) {
  return {
    giving(client, message) {
      if (client.index === 1 && message.n === 17) what(client, message);
      else client.give(message.text);
    },
  };
}

// The message with one byte changed.
function altered(text, at) {
  const other = text[at] === 'a' ? 'b' : 'a';
  return text.slice(0, at) + other + text.slice(at + 1);
}

const planted = {
  'a message that is dropped is lost':
    [once(() => {}), { lost: 1 }],
  'one that comes twice is a duplicate':
    [once((client, { text }) => {
      client.give(text);
      client.give(text);
    }), { duplicates: 1 }],
  'one that comes again much later is one too':
    [(() => {
      let kept;
      return {
        giving(client, { text, n }) {
          client.give(text);
          if (client.index !== 1) return;
          if (n === 3) kept = text;
          if (n === 30) client.give(kept);
        },
      };
    })(), { duplicates: 1 }],
  'a byte altered behind the head is corrupt':
    [once((client, { text }) => client.give(altered(text, 60))),
      { corrupt: 1 }],
  'one altered in the number is corrupt, and which it was is lost':
    [once((client, { text }) => client.give(altered(text, 19))),
      { corrupt: 1, lost: 1 }],
  'one that is cut short is corrupt':
    [once((client, { text }) => client.give(text.slice(0, 40))),
      { corrupt: 1 }],
  'one that is cut in its head is corrupt and lost':
    [once((client, { text }) => client.give(text.slice(0, 20))),
      { corrupt: 1, lost: 1 }],
  'one with more behind it is corrupt':
    [once((client, { text }) => client.give(`${text}!`)), { corrupt: 1 }],
  'the last of all that is dropped is lost':
    [{
      giving(client, { text, n }) {
        if (client.index !== 1 || n !== SENT - 1) client.give(text);
      },
    }, { lost: 1 }],
};

for (const [name, [plans, expected]] of Object.entries(planted)) {
  test(name, async (t) => {
    const report = await small(await FaultyServer.start(t, plans));
    assertFaults(report, expected);
    assert.equal(report.faults, true);
    assert.equal(report.sent, SENT);
  });
}

test('who hears nothing lets nobody go on, and all is lost', async (t) => {
  const server = await FaultyServer.start(t, {
    giving(client, { text }) {
      if (client.index !== 1) client.give(text);
    },
  });
  const report = await small(server);
  assert.equal(report.sent, 16); // two windows
  assertFaults(report, { lost: 16 });
});

test('two of one sender that are swapped are out of order', async (t) => {
  let kept = null; // of sender 0, the message that waits for the next
  const server = await FaultyServer.start(t, {
    giving(client, { text, sender, seq }) {
      if (client.index !== 1 || sender !== 0) {
        client.give(text);
      } else if (seq === 5) {
        kept = text;
      } else {
        client.give(text);
        if (kept) client.give(kept);
        kept = null;
      }
    },
  });
  const report = await small(server);
  assertFaults(report, { disorder: 1 });
  assert.equal(report.delivered, HEARD);
  assert.equal(report.orders, 2);
});

test('two of two senders may be swapped, unless one asks', async (t) => {
  for (const options of [[], ['--one-order']]) {
    let kept, done = false;
    const server = await FaultyServer.start(t, {
      giving(client, message) {
        if (client.index !== 1 || done) {
          client.give(message.text);
        } else if (!kept || kept.sender === message.sender) {
          if (kept) client.give(kept.text); // no sender overtakes itself
          kept = message;
        } else {
          client.give(message.text);
          client.give(kept.text);
          done = true;
        }
      },
    });
    const report = await small(server, ...options);
    assertFaults(report);
    assert.equal(report.orders, 2);
    assert.equal(report.faults, options.length > 0);
  }
});

test('clients that are closed are counted by code', async (t) => {
  const server = await FaultyServer.start(t, {
    giving(client, { text, n }) {
      if (n === 10 && client.index === 1) client.ws.close(1008, 'too slow');
      else if (n === 20 && client.index === 2) client.ws.terminate();
      else client.give(text);
    },
  });
  const report = await bench(server, '--clients', '4', '--senders', '1',
    '--messages', String(SENT));
  assertFaults(report, { dropped: 2 });
  assert.deepEqual(report.dropped, { total: 2, 1008: 1, 1006: 1 });
  assert.equal(report.sent, SENT, 'nobody waits for those who are gone');
});

test('a sender that is closed ends its part, not the run', async (t) => {
  const server = await FaultyServer.start(t, {
    giving(client, { text, n }) {
      if (n === 10 && client.index === 0) client.ws.close(1001);
      else client.give(text);
    },
  });
  const report = await small(server);
  assert.deepEqual(report.dropped, { total: 1, 1001: 1 });
  assert.equal(report.lost, 0);
  assert.equal(report.sent, SENT);
});

test('what no server may send ends the client', async (t) => {
  const frames = [[0x82, 1, 65], [0x81, 0x81, 1, 2, 3, 4, 5], [0xf1, 0],
    [0x80, 0]];
  for (const frame of frames) {
    const server = await FaultyServer.start(t, once(({ socket }) => {
      socket.write(Buffer.from(frame));
    }));
    const report = await small(server);
    assert.deepEqual(report.dropped, { total: 1, violation: 1 });
  }
});

test('who is refused is told apart by status', async (t) => {
  let n = 0;
  const server = await FaultyServer.start(t, {
    upgrade(request, socket) {
      n++;
      if (n === 1) {
        socket.end('HTTP/1.1 503 Full\r\nRetry-After: 1\r\n\r\n');
      } else if (n === 2) {
        socket.end('HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n' +
          'Connection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n');
      } else if (n === 3) {
        socket.end('SSH-2.0-OpenSSH_9.2\r\n');
      } else if (n === 4) {
        socket.destroy();
      }
      return n <= 4;
    },
  });
  const report = await bench(server, '--clients', '6', '--senders', '1',
    '--messages', '5');
  assert.equal(report.connected, 2);
  assert.equal(report.delivered, 10);
  assert.deepEqual(report.refused, { total: 4, 503: 1, 'bad upgrade': 1,
    'no HTTP': 1, ECONNRESET: 1 });
  assert.equal(report.faults, true);
});

test('where nobody gets in there is nothing to report', async (t) => {
  const server = await FaultyServer.start(t, {
    upgrade(request, socket) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return true;
    },
  });
  const { code, stdout, stderr } = await run(chatbench,
    ['--url', server.url, '--clients', '3', '--json']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.equal(stderr,
    `chatbench: ${server.url}: nobody got in: 3 (404: 3)\n`);
});

test('--allow-faults leaves the judgement to others', async (t) => {
  const server = await FaultyServer.start(t, once(() => {}));
  const { code, stdout } = await run(chatbench, ['--url', server.url,
    '--clients', '3', '--senders', '2', '--messages', String(SENT),
    '--grace', String(0.5 * slow), '--allow-faults']);
  assert.equal(code, 0);
  assert.match(stdout, /^faults +1 lost, 0 duplicate/m);
});

// ---- Load and times ----

test('a sender has a full window under way and no more', async (t) => {
  // Nothing goes out before all the windows are full; who had more would be
  // seen, who had less would stand still.
  const window = 5;
  const waiting = [];
  const server = await FaultyServer.start(t, {
    giving(client, message) {
      if (client.index === 0) waiting.push(message);
      if (client.index !== 2 || waiting.length < 2 * window) return;
      for (const { text } of waiting) {
        for (const other of server.clients) other.give(text);
      }
      waiting.length = 0;
    },
  });
  const report = await bench(server, '--clients', '3', '--senders', '2',
    '--window', String(window), '--messages', '100');
  assertFaults(report);
  assert.equal(report.sent, 100);
  for (const [i, { sender, seq }] of server.heard.entries()) {
    assert(seq < window * (Math.floor(i / (2 * window)) + 1),
      `message ${seq} of ${sender} came as number ${i} of all`);
  }
});

test('--own waits for the sender alone', async (t) => {
  const server = await FaultyServer.start(t, {
    giving(client, { text, n }) {
      if (client.index === 2 && n < SENT - 1) return;
      client.give(text);
    },
  });
  const report = await small(server, '--own');
  assert.equal(report.sent, SENT);
  assertFaults(report, { lost: SENT - 1 });
});

test('a paced load keeps its rate', async (t) => {
  const server = await FaultyServer.start(t);
  const report = await bench(server, '--clients', '3', '--senders', '2',
    '--rate', '50', '--warmup', '0', '--duration', '1');
  assertFaults(report);
  assert.equal(report.sent, 50, 'messages in a second');
  const counts = [0, 0];
  for (const { sender } of server.heard) counts[sender]++;
  assert(Math.abs(counts[0] - counts[1]) <= 1, 'the senders take turns');
});

test('latency is what the server takes', async (t) => {
  const server = await FaultyServer.start(t, {
    giving(client, { text }) {
      setTimeout(() => client.give(text), 50);
    },
  });
  const { latency_ms: ms } = await small(server);
  assert.equal(ms.count, HEARD);
  assert(ms.p50 >= 49 && ms.p50 < 50 + 100 * slow, `p50 is ${ms.p50}`);
  assert(ms.p50 <= ms.p90 && ms.p90 <= ms.p99 && ms.p99 <= ms['p99.9'] &&
    ms['p99.9'] <= ms.max);
});

test('a stall counts for all that should have been said in it', async (t) => {
  // For a second the server reads nothing, so that soon nothing can be written
  // either.  Of 240 messages 200 are late, by 0 to 1,000 ms: those that had
  // to wait count from when they should have been said.
  const server = await FaultyServer.start(t, {
    taking({ n }) {
      const { ws } = server.clients[0];
      if (n !== 20) return;
      ws.pause();
      setTimeout(() => ws.resume(), 1000);
    },
  });
  const report = await bench(server, '--clients', '1', '--senders', '1',
    '--size', '65536', '--rate', '200', '--warmup', '0', '--duration', '1.2');
  const ms = report.latency_ms;
  assertFaults(report);
  assert.equal(report.sent + report.unsaid, 240);
  assert(ms.max >= 900, `max is ${ms.max}`);
  assert(ms.p50 >= 250, `p50 is ${ms.p50}`);
});

test('what the server has no room for is unsaid', async (t) => {
  const server = await FaultyServer.start(t, {
    taking({ n }) {
      if (n === 20) server.clients[0].ws.pause();
    },
  });
  const report = await bench(server, '--clients', '1', '--senders', '1',
    '--size', '65536', '--rate', '400', '--warmup', '0', '--duration', '1');
  assert(report.unsaid > 100, `${report.unsaid} unsaid`);
  assert.equal(report.sent + report.unsaid, 400);
  assert.equal(report.lost, report.sent - report.delivered);
});

test('idle clients hear one message', async (t) => {
  const server = await FaultyServer.start(t, {
    taking: () => sleep(80),
  });
  const report = await bench(server, '--clients', '20', '--idle',
    '--duration', '0.3');
  assertFaults(report);
  assert.equal(report.sent, 1);
  assert.equal(report.delivered, 20);
  assert(report.heard_ms >= 79, `heard after ${report.heard_ms} ms`);
  assert.equal(server.heard.length, 1, 'and no hello before it');
});

test('a server with a pid is measured', async (t) => {
  const server = await FaultyServer.start(t);
  const before = process.cpuUsage();
  const report = await small(server, '--pid', String(process.pid));
  const { user, system } = process.cpuUsage(before);
  assert(report.server_cpu_s > 0);
  assert(report.server_cpu_s <= (user + system) / 1e6 + 0.01,
    `${report.server_cpu_s} s of ${(user + system) / 1e6}`);
  assert(Math.abs(report.server_cpu_s_per_million -
    report.server_cpu_s / HEARD * 1e6) < report.server_cpu_s_per_million / 100);
  const kib = process.memoryUsage.rss() / 1024;
  assert(Math.abs(report.memory_end_kib.resident / kib - 1) < 0.5,
    `${report.memory_end_kib.resident} KiB of ${kib}`);
  assert(report.memory_end_kib.threads >= 1);
  const without = await small(server);
  assert.equal(without.server_cpu_s, null);
  assert.equal(without.rss_kib_per_client, null);
});

test('connections come from as many addresses as asked', async (t) => {
  const server = await FaultyServer.start(t);
  await small(server);
  assert.deepEqual([...server.addresses], ['127.0.0.1']);
  await small(server, '--sources', '3');
  assert.deepEqual([...server.addresses].sort(),
    ['127.0.0.1', '127.0.0.2', '127.0.0.3']);
});

test('some come and go beside the chat', async (t) => {
  const server = await FaultyServer.start(t);
  const report = await bench(server, '--clients', '3', '--senders', '1',
    '--rate', '20', '--warmup', '0', '--duration', '1', '--churn', '50');
  assertFaults(report);
  assert.equal(report.churn_failed.total, 0);
  assert(report.churn_opened >= 49, `${report.churn_opened} came`);
  assert.equal(report.churn_ready, report.churn_opened);
  assert.equal(server.upgrades, 3 + report.churn_opened);
  await until(() => server.codes.length === server.upgrades, 'the ends');
  const polite = server.codes.filter((code) => code === 1000).length;
  assert(Math.abs(polite - 3 - report.churn_opened / 2) <= 1);
});

test('stalled clients read nothing until the end', async (t) => {
  // 3,000 messages of 4 KiB to each are more than the kernel holds for one.
  let most = 0;
  const server = await FaultyServer.start(t, {
    giving(client, { text }) {
      client.give(text);
      most = Math.max(most, client.ws.bufferedAmount);
    },
  });
  const report = await bench(server, '--clients', '2', '--senders', '1',
    '--size', '4096', '--messages', '3000', '--stalled', '1', '--own');
  assert(most > 1_000_000, `at most ${most} bytes waited`);
  assertFaults(report); // and then they read it all
  assert.equal(report.delivered, 6000, 'the stalled one is not counted');
});

test('progress is shown on a terminal', async (t) => {
  const server = await FaultyServer.start(t);
  const args = JSON.stringify([chatbench, '--url', server.url, '--clients',
    '3', '--duration', '1.2', '--warmup', '0']);
  const { code, stdout } = await run('python3', ['-c',
    `import pty, sys; sys.exit(pty.spawn(${args}) >> 8)`]);
  assert.equal(code, 0);
  assert.match(stdout, /measuring: 3 clients, [1-9]\d* deliveries/);
  assert.match(stdout, /deliveries +\d+ a second/);
});

test('a signal ends the run early, with its result', async (t) => {
  const server = await FaultyServer.start(t);
  const { code, stdout } = await run('timeout', ['--foreground',
    '--preserve-status', '-s', 'INT', String(slow), chatbench,
    '--url', server.url, '--clients', '3', '--duration', '3600',
    '--warmup', '0']);
  assert.equal(code, 0);
  assert.match(stdout, /0 lost, 0 duplicate, 0 out of order, 0 corrupt/);
});

test('the manual has all options', async () => {
  const { stdout } = await run(chatbench, ['--help']);
  const manual = readFileSync(path.join(root, 'src/man/chatbench.1'), 'utf8');
  const options = [...stdout.matchAll(/--([a-z-]+)/g)].map((match) => match[1]);
  assert(options.length > 20);
  for (const option of options) {
    assert.match(manual, new RegExp(`^\\.It .*\\bFl -${option}\\b`, 'm'));
  }
});

// ---- chatd ----

test('chatd has no faults', async (t) => {
  const server = await start(t);
  const target = { url: server.ws() };
  const report = await bench(target, '--clients', '20', '--one-order',
    '--messages', '2000', '--pid', String(server.pid));
  assertFaults(report);
  assert.equal(report.faults, false);
  assert.equal(report.delivered, 40_000);
  assert(report.memory_end_kib.threads >= 40);
  assertFaults(await bench(target, '--clients', '20', '--idle',
    '--duration', '0.2'));
  assertFaults(await bench(target, '--clients', '20', '--rate', '50',
    '--warmup', '0', '--duration', '0.5', '--churn', '50'));
  await server.idle();
});

test('chatd\'s limit is seen by who comes too much', async (t) => {
  const server = await start(t, { set: { 'server.max_clients': 5 } });
  const report = await bench({ url: server.ws() }, '--clients', '8',
    '--messages', '10');
  assert.deepEqual(report.refused, { total: 3, 503: 3 });
  assert.equal(report.delivered, 50);
});

test('chatd drops who reads too slowly', async (t) => {
  const server = await start(t, { set: { 'plain.queue': 4,
    'plain.message': '4K' } });
  const report = await bench({ url: server.ws() }, '--clients', '2',
    '--senders', '1', '--size', '4096', '--messages', '3000', '--window',
    '2', '--stalled', '1');
  assertFaults(report);
  assert.equal(report.stalled_dropped.total, 1);
  assert.equal(report.faults, false, 'a stalled client may be dropped');
});
