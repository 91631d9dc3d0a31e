// SPDX-License-Identifier: MIT
// Clients that stop reading, and those beside them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { start, until } from './harness.mjs';
import { CLOSE, Raw } from './raw.mjs';

// The kernel takes some MiB for who doesn't read; then the queue fills.
const settings = { 'plain.message': '32K', 'plain.queue': 16,
  'plain.queue_bytes': '2M' };

// Speaks, and hears itself, until the log says that somebody was dropped, or
// what else the pattern means.  Returns what was said.
async function speakUntil(pattern, server, speaker, others) {
  const said = [];
  while (!pattern.test(server.log)) {
    const text = `${said.length} `.padEnd(32 * 1024, '.');
    said.push(text);
    speaker.say(text);
    for (const chatter of [speaker, ...others]) {
      assert.equal(await chatter.hear(), text);
    }
    assert(said.length < 10_000, 'nobody is dropped');
  }
  return said;
}

test('who stops reading is dropped, and neighbours lose nothing',
  async (t) => {
    const server = await start(t, {
      set: { ...settings, 'timeouts.write': '1m' } });
    const ann = await Chatter.join(server);
    const slow = await Raw.upgrade(server);
    slow.socket.pause();
    const bob = await Chatter.join(server);
    const said = await speakUntil(/dropped: /, server, ann, [bob]);
    await server.logged(/warn hub conn=2 peer=127\.0\.0\.1:\d+: dropped: /);
    await chatIsWell([ann, bob]);

    // It reads again in time, and so is told; until then there is no gap.
    slow.socket.resume();
    const heard = [];
    let frame;
    while ((frame = await slow.frame()).opcode !== CLOSE) {
      heard.push(...String(frame.payload).split('\n'));
    }
    assert.equal(frame.payload.readUInt16BE(), 1008);
    assert.equal((await slow.rest()).length, 0);
    assert(heard.length > 0 && heard.length < said.length);
    assert.deepEqual(heard, said.slice(0, heard.length));
    assert.equal((await server.counts()).dropped, 1);
    for (const client of [ann, bob, slow]) client.destroy();
    await server.idle();
  });

test('who never reads again is cut off, and nothing of it is left',
  async (t) => {
    const server = await start(t, {
      set: { ...settings, 'timeouts.write': '200ms' } });
    const ann = await Chatter.join(server);
    const slow = await Raw.upgrade(server);
    slow.socket.pause();
    // On a busy machine its writer's patience may end before the queue is full.
    await speakUntil(/dropped: |timed out: /, server, ann, []);
    await server.logged(/writer-2 conn=2 .*timed out: it took nothing/);
    await server.logged(/reader-2 conn=2 .*disconnected/);
    await until(() => !server.threadNames().some((n) => n.endsWith('-2')),
      'both its threads end');
    await chatIsWell([ann]);
    ann.destroy();
    await server.idle();
  });
