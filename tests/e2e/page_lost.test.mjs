// SPDX-License-Identifier: MIT
// The page when the connection goes: it comes back by itself, and nothing
// that was typed is lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter } from './chatter.mjs';
import { loopback, start, until } from './harness.mjs';
import {
  drawn, enter, hears, is, open, said, say, stopClock, unreachable,
} from './browser.mjs';

test('the server restarts, and both come back', async (t) => {
  const first = await start(t, { listen: `${loopback()}:0` });
  const ann = await open(t, first, { expect: unreachable });
  const bob = await open(t, first, { expect: unreachable });
  await enter(ann, 'ann');
  await enter(bob, 'bob');
  await hears(ann, 'bob is here');

  await ann.fill('#text', 'half a thought');
  await first.stop();
  for (const page of [ann, bob]) await is(page, 'waiting');
  assert.match(await ann.textContent('#countdown'), /next try in \d+ s|trying/);
  // It doesn't go now, says so, and stays.
  await ann.press('#text', 'Enter');
  assert.equal(await ann.inputValue('#text'), 'half a thought');
  assert.match(await ann.textContent('#hint'), /Not sent/);

  await start(t, { listen: `${first.host}:${first.port}` });
  for (const page of [ann, bob]) await is(page, 'connected');
  assert(await ann.isHidden('#retry'));
  assert.equal(await ann.inputValue('#text'), 'half a thought');
  // That something may be missing is told where it would be.
  assert.match(await bob.textContent('.note'), /missing here/);
  await enter(bob, 'bob again');
  await ann.press('#text', 'Enter');
  await hears(bob, 'half a thought');
  await hears(ann, 'half a thought');
  assert.equal(await ann.inputValue('#text'), '');
  // It was said once.
  assert.equal((await said(bob)).filter((x) => x === 'half a thought').length,
    1);
});

test('a draft survives a reload', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await is(page, 'connected');
  await page.fill('#text', 'half a\nthought');
  await page.reload();
  await is(page, 'connected');
  assert.equal(await page.inputValue('#text'), 'half a\nthought');
  await page.press('#text', 'Enter');
  await hears(page, 'half a thought');
  await page.reload();
  await is(page, 'connected');
  assert.equal(await page.inputValue('#text'), '');
});

// The first connection takes everything and answers nothing; the others are
// the server's.
function swallow(page) {
  let lost = null;
  const swallowed = [];
  const routed = page.routeWebSocket(/\/ws$/, (ws) => {
    if (lost) {
      ws.connectToServer();
    } else {
      lost = ws;
      ws.onMessage((text) => swallowed.push(text));
    }
  });
  return { routed, swallowed, cut: (code) => lost.close({ code }) };
}

test('what was not heard is quiet, then left to its author', async (t) => {
  const server = await start(t);
  let line;
  const page = await open(t, server, {
    before: (p) => (line = swallow(p)).routed,
  });
  await is(page, 'connected');
  await say(page, 'first');
  await say(page, 'second');
  const pending = page.locator('#pending p');
  await drawn(page);
  assert.deepEqual(await pending.allTextContents(), ['first', 'second']);
  assert.deepEqual(await said(page), []);
  assert.deepEqual(line.swallowed, ['first', 'second']);

  await line.cut(1011);
  const unsure = page.locator('#unsent li p');
  await page.waitForSelector('#unsent li');
  assert.deepEqual(await unsure.allTextContents(), ['first', 'second']);
  await drawn(page);
  assert.equal(await pending.count(), 0);

  // Still there after a reload.
  await page.reload();
  await is(page, 'connected');
  assert.deepEqual(await unsure.allTextContents(), ['first', 'second']);
  await page.locator('#unsent li', { hasText: 'second' })
    .getByText('Send again').click();
  await hears(page, 'second');
  assert.deepEqual(await unsure.allTextContents(), ['first']);
  await page.getByText('Discard').click();
  assert(await page.isHidden('#unsent'));
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
  await page.reload();
  await is(page, 'connected');
  assert(await page.isHidden('#unsent'));
});

test('what is under way when the page goes is unsure', async (t) => {
  const server = await start(t);
  let line;
  const page = await open(t, server, {
    before: (p) => (line = swallow(p)).routed,
  });
  await is(page, 'connected');
  await say(page, 'on its way');
  await page.reload();
  await is(page, 'connected');
  assert.deepEqual(await page.locator('#unsent li p').allTextContents(),
    ['on its way']);
});

test('a server that never answers is given up', async (t) => {
  const server = await start(t);
  let line;
  const page = await open(t, server, {
    before: async (p) => {
      await stopClock(p);
      line = swallow(p);
      await line.routed;
    },
  });
  await is(page, 'connected');
  await say(page, 'anybody there?');
  await page.clock.fastForward(9_999);
  assert.equal(await page.getAttribute('#state', 'data-state'), 'connected');
  await page.clock.fastForward(1);
  await page.waitForSelector('#unsent li');
  await is(page, 'waiting');
});

test('a message that the server finds too long is no mystery', async (t) => {
  const server = await start(t, { set: { 'plain.message': 16 } });
  const page = await open(t, server);
  await enter(page, 'w');
  await say(page, 'longer than sixteen bytes');
  await page.waitForSelector('#unsent li');
  assert.match(await page.textContent('#unsent > p'), /too long/);
  await is(page, 'connected');
  assert.deepEqual(await page.locator('#unsent li p').allTextContents(),
    ['longer than sixteen bytes']);
});

test('tries come at growing pauses, and at once when asked', async (t) => {
  const server = await start(t);
  let tries = 0;
  const page = await open(t, server, {
    before: async (p) => {
      await stopClock(p);
      await p.addInitScript(() => { Math.random = () => 0.5; });
      await p.routeWebSocket(/\/ws$/, (ws) => {
        tries++;
        ws.close({ code: 1013 });
      });
    },
  });
  const told = async (text) => {
    await page.waitForFunction((wanted) => document
      .getElementById('countdown').textContent === wanted, text);
  };
  // Half of each pause is chance: 0.75 of 1, 2, 4 ... 30 s.
  let expected = 1;
  for (const [pause, words] of [[750, 1], [1500, 2], [3000, 3], [6000, 6],
    [12_000, 12], [22_500, 23], [22_500, 23]]) {
    await told(`next try in ${words} s`);
    assert.equal(tries, expected);
    await page.clock.fastForward(pause - 1);
    assert.equal(tries, expected, `tried before ${pause} ms`);
    await page.clock.fastForward(1);
    expected++;
  }
  await told('next try in 23 s');
  assert.equal(tries, expected);
  await page.click('#retry');
  await until(() => tries === expected + 1, 'a try at once');
  await told('next try in 23 s');
  assert.equal(await page.textContent('#status'), 'no connection');
});

test('a page on https asks for wss', async (t) => {
  const server = await start(t);
  const asked = [];
  let over = false;
  const page = await open(t, server, {
    before: async (p) => {
      // The server speaks no TLS here: what it would answer is fetched for it.
      await p.route('https://chat.test/**', async (route) => {
        const url = new URL(route.request().url());
        try {
          const answer = await fetch(new URL(
            url.pathname.replace(/^\/below/, ''), server.url));
          await route.fulfill({
            status: answer.status,
            headers: Object.fromEntries(answer.headers),
            body: Buffer.from(await answer.arrayBuffer()),
          });
        } catch (error) {
          if (!over) throw error; // what came last, the test didn't wait for
        }
      });
      await p.routeWebSocket(() => true, (ws) => asked.push(ws.url()));
    },
  });
  await page.goto('https://chat.test/below/?x=1#y');
  await is(page, 'connected');
  assert.equal(asked.at(-1), 'wss://chat.test/below/ws');
  over = true;
});
