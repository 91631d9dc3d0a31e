// SPDX-License-Identifier: MIT
//
// Who has got his 101 is in the room: whatever is said from then on he hears,
// with nothing in between to wait for.  (Planted: the answer given before the
// hub knows of him; a few of these rounds missed the message then.)
import assert from 'node:assert/strict';
import test from 'node:test';

import { start } from './harness.mjs';
import { frame, Raw, TEXT } from './raw.mjs';

const ROUNDS = 300;

test('who has got his 101 hears what is said next', async (t) => {
  const server = await start(t);
  const speaker = await Raw.upgrade(server);
  for (let i = 0; i < ROUNDS; i++) {
    const comer = await Raw.upgrade(server);
    speaker.send(frame(TEXT, `round ${i}`));
    assert.equal(await comer.message(), `round ${i}`);
    assert.equal(await speaker.message(), `round ${i}`);
    comer.destroy();
  }
  speaker.destroy();
  await server.idle();
  await server.stop();
});
