// SPDX-License-Identifier: MIT
//
// Many clients, by chatbench.  With CHATD_SOAK set as many as the product's
// promise names; else a sample of them.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, slow, start, until } from './harness.mjs';

const soak = Boolean(process.env.CHATD_SOAK);
const MANY = soak ? 10_000 : 500;
const chatbench = process.env.CHATBENCH ?? path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../build/src/tools/chatbench');

async function bench(server, ...args) {
  const { stdout, stderr } = await run(chatbench, ['--url', server.ws(),
    '--json', '--pid', String(server.pid), ...args], { ms: 300_000 });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

function assertWell(report) {
  const { lost, duplicates, disorder, corrupt, dropped } = report;
  assert.deepEqual(
    { lost, duplicates, disorder, corrupt, dropped: dropped.total },
    { lost: 0, duplicates: 0, disorder: 0, corrupt: 0, dropped: 0 });
}

test('all connect, and all hear one message', async (t) => {
  const server = await start(t);
  const report = await bench(server, '--clients', String(MANY), '--idle',
    '--duration', '0.5', '--grace', '10');
  t.diagnostic(`${MANY} clients heard it in ${report.heard_ms} ms, ${
    report.rss_kib_per_client} KiB each`);
  assertWell(report);
  assert.equal(report.connected, MANY);
  assert.equal(report.delivered, MANY);
  await server.idle();
});

test('when it stops, each is told', async (t) => {
  const server = await start(t);
  const running = bench(server, '--clients', String(MANY), '--idle',
    '--duration', '3600');
  await until(() => server.threads() > 2 * MANY, 'all are there');
  // A thread is there before its client is; who asks is told by then.
  await until(async () => (await server.counts()).connections === MANY,
    'all are counted');
  const begun = performance.now();
  await server.stop(); // and it wants exit 0
  const took = performance.now() - begun;
  t.diagnostic(`${MANY} clients were told in ${took.toFixed()} ms`);
  assert(took < 5000 * slow, `it took ${took} ms`); // timeouts.drain
  const report = await running;
  assert.equal(report.connected, MANY);
  assert.deepEqual(report.dropped, { total: MANY, 1001: MANY });
});

test('at its limit and beyond it the others chat on', async (t) => {
  const limit = MANY / 2;
  const server = await start(t, { set: { 'server.max_clients': limit } });
  const report = await bench(server, '--clients', String(MANY), '--senders',
    '2', '--messages', '20', '--grace', '10');
  assert.equal(report.connected, limit);
  assert.deepEqual(report.refused, { total: MANY - limit, 503: MANY - limit });
  assertWell(report);
  assert.equal(report.delivered, 20 * limit);
  await server.idle();
});

test('clients come and go beside a chat that loses nothing', async (t) => {
  const server = await start(t);
  const [rate, seconds] = soak ? [2000, 60] : [200, 2];
  const report = await bench(server, '--clients', '100', '--rate', '20',
    '--warmup', '0', '--duration', String(seconds), '--churn', String(rate),
    '--sources', '4');
  t.diagnostic(`p99 ${report.latency_ms.p99} ms; ${
    report.churn_ready} of ${rate * seconds} came and went`);
  assertWell(report);
  assert.equal(report.churn_failed.total, 0);
  assert.equal(report.churn_ready, report.churn_opened);
  assert(report.churn_opened > rate * seconds / (2 * slow));
  await server.idle();
});
