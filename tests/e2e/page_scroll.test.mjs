// SPDX-License-Identifier: MIT
// The page's list: it follows at the bottom, stays put anywhere else, and
// bears thousands of messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter } from './chatter.mjs';
import { start } from './harness.mjs';
import {
  atBottom, desk, drawn, enter, hears, is, open, phone, say, scrollUp,
} from './browser.mjs';

// Says so many, never more than the page's queue holds: each thirty wait for
// the page.
async function talk(page, ws, from, to) {
  for (let i = from; i <= to; i++) {
    ws.say(`message ${i}`);
    if (i === to || i % 30 === 0) await hears(page, `message ${i}`);
  }
}

for (const [name, options] of Object.entries({ desk, phone })) {
  test(`${name}: it stays where the reader put it`, async (t) => {
    const server = await start(t);
    const page = await open(t, server, options);
    await is(page, 'connected');
    const ws = await Chatter.join(server);
    // The page's register may come after ours: its own words tell.
    await page.fill('#text', 'reader is here');
    await page.click('#send');
    await hears(page, 'reader is here');
    await talk(page, ws, 1, 120);
    await drawn(page);
    assert(await atBottom(page), 'it followed');
    assert(await page.isHidden('#newest'));

    await scrollUp(page, 700);
    assert.equal(await page.getAttribute('#newest', 'aria-label'),
      'To the newest message');
    const before = await place(page);
    await talk(page, ws, 121, 150);
    await drawn(page);
    assert.deepEqual(await place(page), before, 'it moved');
    assert.equal((await page.textContent('#newest')).trim(), '30 new');

    await page.click('#newest');
    assert(await atBottom(page));
    assert(await page.isHidden('#newest'));
    assert.equal(await page.locator('.mark + .message p').textContent(),
      'message 121');
    await talk(page, ws, 151, 152);
    await drawn(page);
    assert(await atBottom(page), 'it follows again');
  });
}

test('one\'s own words bring one down', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'reader');
  const ws = await Chatter.join(server);
  await talk(page, ws, 1, 60);
  await page.keyboard.press('PageUp');
  await page.waitForSelector('#newest:not([hidden])');
  await say(page, 'me again');
  await hears(page, 'me again');
  await drawn(page);
  assert(await atBottom(page));
});

test('the composer growing hides nothing', async (t) => {
  const server = await start(t);
  const page = await open(t, server, phone);
  await is(page, 'connected');
  await page.fill('#text', 'reader is here');
  await page.tap('#send');
  await hears(page, 'reader is here');
  const ws = await Chatter.join(server);
  await talk(page, ws, 1, 60);
  await page.fill('#text', 'line\n'.repeat(9) + 'last');
  await drawn(page);
  assert(await atBottom(page));
  // Six lines of 24 px, the padding and the border.
  const { height } = await page.locator('#composer').boundingBox();
  assert(height > 6 * 24 && height < 7 * 24 + 4, `${height} px high`);
});

// A page whose server says what the test wants, as many in a frame as it
// wants; more(n) says n messages in one.
async function flooded(t) {
  const server = await start(t);
  let socket;
  let count = 0;
  const page = await open(t, server, {
    before: (p) => p.routeWebSocket(/\/ws$/, (ws) => {
      socket = ws;
      ws.onMessage(() => {});
    }),
  });
  await is(page, 'connected');
  const more = async (n) => {
    const lines = Array.from({ length: n }, () => {
      count++;
      return `message ${count}${count % 10 ? '' : ' and more'.repeat(40)}`;
    });
    socket.send(lines.join('\n'));
    await hears(page, lines.at(-1));
    await drawn(page);
  };
  return { page, more };
}

// What stands at the top of the view, and how far from it.
function place(page) {
  return page.evaluate(() => {
    const top = document.getElementById('log').getBoundingClientRect().top;
    const message = [...document.querySelectorAll('.message')]
      .find((e) => e.getBoundingClientRect().top >= top);
    return { text: message.querySelector('p').textContent,
      from: message.getBoundingClientRect().top - top };
  });
}

test('the bottom is found however many come at once', async (t) => {
  const { page, more } = await flooded(t);
  // Each frame fills the leaf that the one before began, begins one, and
  // takes one away: the list is as high as before, and still changed.
  for (const n of [1, ...Array(22).fill(100), 5000, 1, 99, 99]) {
    await more(n);
    assert(await atBottom(page), `${n} at once`);
  }
  const kept = await page.locator('#messages .message').count();
  assert(kept >= 1900 && kept <= 2000, `${kept} are kept`);
  // What left is told, to the number.
  assert.equal(Number((await page.textContent('#trimmed'))
    .replace(/\D/g, '')) + kept, 7400);
  // The first that is left tells its day and time.
  assert.deepEqual(await page.locator('#messages .leaf').first()
    .evaluate((leaf) => [leaf.children[0].className,
      leaf.children[1].className]),
  ['day', 'message first timed']);
});

// With the browser's help, and without as in Safari.
for (const anchor of ['auto', 'none']) {
  test(`what is read stays though ten thousand come, ${anchor}`, async (t) => {
    const { page, more } = await flooded(t);
    await page.locator('#log').evaluate((log, value) => {
      log.style.overflowAnchor = value;
    }, anchor);
    for (let i = 0; i < 4; i++) await more(500);
    await scrollUp(page, 20_000);
    await drawn(page);
    const before = await place(page);
    for (let i = 0; i < 18; i++) await more(500);
    assert.match(await page.textContent('#trimmed'), /^1,000 earlier/);
    assert.equal((await page.textContent('#newest')).trim(), '9,000 new');
    const now = await place(page);
    assert.equal(now.text, before.text);
    assert(Math.abs(now.from - before.from) <= 1,
      `it moved by ${now.from - before.from} px`);
    await page.keyboard.press('Escape');
    await drawn(page);
    assert(await atBottom(page));
    await more(1);
    const kept = await page.locator('#messages .message').count();
    assert(kept <= 2000, `${kept} are kept`);
  });
}
