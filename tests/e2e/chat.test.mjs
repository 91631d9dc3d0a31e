// SPDX-License-Identifier: MIT
// The plain dialect, spoken by npm's ws.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter, chatIsWell } from './chatter.mjs';
import { start } from './harness.mjs';

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
