// SPDX-License-Identifier: MIT
// Many come and go, in all the ways there are, while five chat: they miss
// nothing, and nothing is left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter } from './chatter.mjs';
import { slow, start } from './harness.mjs';
import { closeFrame, frame, PING, Raw, request, TEXT, upgradeRequest }
  from './raw.mjs';

const ways = {
  async leavesInOrder(server) {
    const raw = await Raw.upgrade(server);
    raw.send(closeFrame(1000));
    // The chat may come first.
    let f = await raw.frame();
    while (f.opcode !== 8) f = await raw.frame();
    raw.end();
    await raw.rest();
  },
  async justGoes(server) {
    (await Raw.upgrade(server)).destroy();
  },
  async isReset(server) {
    const raw = await Raw.upgrade(server);
    raw.send(frame(PING));
    raw.reset();
  },
  async breaksTheProtocol(server) {
    const raw = await Raw.upgrade(server);
    raw.send(frame(TEXT, 'x', { mask: false }));
    let f = await raw.frame();
    while (f.opcode !== 8) f = await raw.frame();
    raw.destroy();
  },
  async goesInMidFrame(server) {
    const raw = await Raw.connect(server);
    raw.send(Buffer.concat([Buffer.from(upgradeRequest()),
      frame(TEXT, 'never whole').subarray(0, 9)]));
    raw.end();
    await raw.rest();
    raw.destroy();
  },
  async goesBeforeTheAnswer(server) {
    const raw = await Raw.connect(server);
    raw.send(upgradeRequest());
    raw.destroy();
  },
  async saysNothing(server) {
    (await Raw.connect(server)).destroy();
  },
  async readsAPage(server) {
    const raw = await Raw.connect(server);
    raw.send(request('GET /') + request('GET /style.css',
      { Connection: 'close' }));
    assert.equal((await raw.answer()).status, 200);
    assert.equal((await raw.answer()).status, 200);
    raw.destroy();
  },
  async speaksNonsense(server) {
    const raw = await Raw.connect(server);
    raw.send('\x16\x03\x01 nonsense\r\n\r\n');
    assert.equal((await raw.answer()).status, 400);
    raw.destroy();
  },
};

// Comes and goes n times, in one way after the other.
async function churn(server, n, offset) {
  const all = Object.values(ways);
  for (let i = 0; i < n; i++) await all[(i + offset) % all.length](server);
}

test('many come and go while a chat goes on', async (t) => {
  const server = await start(t);
  const crowd = [];
  for (let i = 0; i < 5; i++) crowd.push(await Chatter.join(server));
  let said = 0;

  async function chatBeside(work) {
    let done = false;
    const working = work.finally(() => { done = true; });
    working.catch(() => {}); // awaited below
    while (!done) {
      crowd[said % crowd.length].say(`message ${said}`);
      for (const chatter of crowd) {
        assert.equal(await chatter.hear(), `message ${said}`);
      }
      said++;
    }
    await working;
  }

  const round = () => chatBeside(Promise.all(
    Array.from({ length: 10 }, (_, i) => churn(server, 45, i))));
  const rounds = process.env.CHATD_SOAK ? 300 : 2;
  await round();
  const before = server.memory('VmRSS');
  for (let i = 0; i < rounds; i++) await round();
  const grown = server.memory('VmRSS') - before;
  // Sanitizers keep what was freed.
  if (slow === 1) assert(grown < 1 << 20, `${grown} bytes more`);
  assert(said > 10);
  assert.equal((await server.counts()).ever, 5 + (1 + rounds) * 450);
  assert.equal((await server.counts()).dropped, 0);
  for (const chatter of crowd) await chatter.leave();
  await server.idle();
});
