// SPDX-License-Identifier: MIT
// How the page looks, to the eye and to the ear: on a phone and a desk, light
// and dark, in English and Chinese.  Each view must fit, satisfy axe-core,
// and leave a screenshot.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Chatter } from './chatter.mjs';
import { start } from './harness.mjs';
import {
  accessible, chinese, dark, desk, drawn, fits, hears, is, light, open,
  phone, picture, said, say, scrollUp,
} from './browser.mjs';

const long = [
  'good morning',
  'a'.repeat(200),
  `https://example.org/${'path/'.repeat(40)}?${'q'.repeat(80)}`,
  `\`${'code '.repeat(30)}\` and \`x\``,
  '字'.repeat(120),
  'שלום עולם, مرحبا',
  'a sentence with many words that has to be broken somewhere since it is long',
];

// What there is to see.  Each goes on from a page that is connected.
const views = {
  async empty() {},

  async talk(page, server) {
    const ws = await Chatter.join(server);
    await page.fill('#text', 'I am here');
    await page.click('#send');
    await hears(page, 'I am here');
    for (const text of long) ws.say(text);
    await hears(page, long.at(-1));
    // Near the limit, with a line break.
    await page.fill('#text', `half a thought\n${'x'.repeat(460)}`);
  },

  async scrolled(page, server) {
    const ws = await Chatter.join(server);
    await page.fill('#text', 'I am here');
    await page.click('#send');
    await hears(page, 'I am here');
    for (let i = 0; i < 4; i++) for (const text of long) ws.say(text);
    ws.say('the end');
    await hears(page, 'the end');
    await drawn(page);
    await scrollUp(page, 400);
    for (const text of ['one', 'two', 'three']) ws.say(text);
    await hears(page, 'three');
  },

  async lost(page, server, swallowed) {
    await page.fill('#text', 'did this arrive? '.repeat(9).trim());
    await page.click('#send');
    await page.fill('#text', 'and this?');
    await page.click('#send');
    await swallowed.cut();
    await page.waitForSelector('#unsent li');
    await is(page, 'waiting');
    await page.fill('#text', 'half a thought');
  },

  async keys(page) {
    await page.locator('#help').evaluate((button) => button.click());
    await page.waitForSelector('dialog[open]');
  },
};

for (const [view, show] of Object.entries(views)) {
  for (const [size, viewport] of Object.entries({ desk, phone })) {
    for (const [shade, colours] of Object.entries({ light, dark })) {
      test(`${view}, ${size}, ${shade}`, async (t) => {
        const server = await start(t);
        const tongues = { en: {}, zh: chinese };
        for (const [tongue, locale] of Object.entries(tongues)) {
          const swallowed = {};
          const page = await open(t, server, {
            ...viewport, ...colours, ...locale,
            // Once cut it stays so.
            before: (p) => view === 'lost' &&
            p.routeWebSocket(/\/ws$/, (ws) => {
              if (swallowed.cut) {
                ws.close({ code: 1012 });
                return;
              }
              ws.onMessage(() => {});
              swallowed.cut = () => ws.close({ code: 1012 });
            }),
          });
          await is(page, 'connected');
          await show(page, server, swallowed);
          await drawn(page);
          await fits(page);
          // The words differ, the elements and colours don't.
          if (tongue === 'en') await accessible(page);
          await picture(page, `${view}-${size}-${shade}-${tongue}`);
          await page.context().close();
        }
      });
    }
  }
}

test('the narrowest phone holds it all', async (t) => {
  const server = await start(t);
  const page = await open(t, server, {
    ...phone, viewport: { width: 320, height: 568 } });
  await is(page, 'connected');
  await views.talk(page, server);
  await fits(page);
  // What one touches is 44 px at least, and in the window.
  for (const button of await page.locator('button:visible').all()) {
    const box = await button.boundingBox();
    assert(box.width >= 44 && box.height >= 44, JSON.stringify(box));
    assert(box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box));
    assert(box.y >= 0 && box.y + box.height <= 568, JSON.stringify(box));
  }
  // Below 16 px Safari on phones would zoom in.
  assert(await page.locator('#text').evaluate((text) =>
    parseFloat(getComputedStyle(text).fontSize)) >= 16);
});

test('letters of twice the size still fit', async (t) => {
  const server = await start(t);
  const page = await open(t, server, phone);
  await is(page, 'connected');
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '200%';
  });
  await views.talk(page, server);
  await fits(page);
});

// Safari on phones lays its keyboard over the page, and tells it only so.
test('the composer stays above a keyboard that covers', async (t) => {
  const server = await start(t);
  const page = await open(t, server, {
    ...phone,
    before: (p) => p.addInitScript(() => {
      const view = Object.assign(new EventTarget(),
        { height: innerHeight, offsetTop: 0, scale: 1 });
      Object.defineProperty(window, 'visualViewport', { value: view });
      window.cover = (height, offsetTop) => {
        Object.assign(view, { height, offsetTop });
        view.dispatchEvent(new Event('resize'));
      };
    }),
  });
  await is(page, 'connected');
  const composer = async () => {
    const { y, height } = await page.locator('#composer').boundingBox();
    return y + height;
  };
  const free = await composer();
  await page.evaluate(() => window.cover(innerHeight - 330, 40));
  const covered = await composer();
  assert(covered <= 844 - 330 + 40 && covered > 844 - 330,
    `its end is at ${covered}`);
  assert.equal(Math.round((await page.locator('h1').boundingBox()).y) > 40,
    true);
  await page.evaluate(() => window.cover(innerHeight, 0));
  assert.equal(await composer(), free);
});

test('it speaks Chinese to who prefers that', async (t) => {
  const server = await start(t);
  const page = await open(t, server, chinese);
  await is(page, 'connected');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-Hans');
  assert.equal(await page.textContent('#status'), '已连接');
  assert.equal(await page.getAttribute('#text', 'placeholder'), '写消息');
  await say(page, '你好，世界');
  await hears(page, '你好，世界');
  assert.match(await page.textContent('.day'), /^\d+年\d+月\d+日星期.$/);
  // Each of its sentences is there in both languages.
  const words = await page.evaluate(async () => {
    const source = await (await fetch('strings.js')).text();
    return ['en', 'zh'].map((table) => [...source
      .split(`const ${table} = {`)[1].split('\n};')[0]
      .matchAll(/^ {2}(\w+):/gm)].map((m) => m[1]));
  });
  assert(words[0].length > 30);
  assert.deepEqual(words[1], words[0]);
});

test('a reader of neither language gets English, and own dates', async (t) => {
  const server = await start(t);
  const page = await open(t, server, { locale: 'de-DE' });
  await is(page, 'connected');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  await say(page, 'hallo');
  await hears(page, 'hallo');
  assert.equal(await page.getAttribute('.day time', 'lang'), 'de-DE');
  assert.match(await page.textContent('.day'), /^\w+tag|^Mittwoch/);
});

test('dark and light are as the system says, or as one chose', async (t) => {
  const server = await start(t);
  const page = await open(t, server, dark);
  const ground = () => page.evaluate(() =>
    getComputedStyle(document.body).backgroundColor);
  const bar = () => page.getAttribute('meta[name=theme-color]', 'content');
  const black = 'rgb(21, 23, 26)';
  const white = 'rgb(255, 255, 255)';
  assert.equal(await ground(), black);
  assert.equal(await bar(), black);
  assert.equal(await page.getAttribute('#theme', 'aria-pressed'), 'true');

  await page.click('#theme');
  assert.equal(await ground(), white);
  assert.equal(await bar(), white);
  await page.reload();
  assert.equal(await ground(), white, 'the choice was forgotten');
  assert.equal(await page.getAttribute('#theme', 'aria-pressed'), 'false');

  // Back at the system's it follows the system again.
  await page.click('#theme');
  await page.emulateMedia({ colorScheme: 'light' });
  assert.equal(await ground(), white);
  await page.click('#theme');
  assert.equal(await ground(), black);
});

test('nothing moves for who asks for that', async (t) => {
  const server = await start(t);
  // For ever connecting, with its pulse.
  const before = (page) => page.routeWebSocket(/\/ws$/,
    () => new Promise(() => {}));
  const moving = async (reducedMotion) => {
    const page = await open(t, server, { reducedMotion, before });
    await is(page, 'connecting');
    await page.click('#help');
    return page.evaluate(() => document.getAnimations().length);
  };
  assert(await moving('no-preference') > 0);
  assert.equal(await moving('reduce'), 0);
});

test('a keyboard is enough', async (t) => {
  const server = await start(t);
  const ws = await Chatter.join(server);
  const page = await open(t, server);
  await is(page, 'connected');
  const focused = () => page.evaluate(() => {
    const e = document.activeElement;
    return e.id || e.className || e.tagName;
  });
  const keys = page.keyboard;

  // One writes at once.
  assert.equal(await focused(), 'text');
  await keys.type('hello');
  await keys.press('Enter');
  await hears(page, 'hello');
  ws.say('read https://example.org/ please');
  ws.say('bye');
  await hears(page, 'bye');

  // Each stop can be seen: it has an outline, or its box has.
  const seen = () => page.evaluate(() => {
    const e = document.activeElement;
    const shows = (x) => x && getComputedStyle(x).outlineStyle !== 'none' &&
      parseFloat(getComputedStyle(x).outlineWidth) > 0;
    return shows(e) || shows(e.closest('#composer'));
  });
  const stops = [];
  for (const wanted of ['A', 'log', 'theme', 'help']) {
    await keys.press('Shift+Tab');
    stops.push(await focused());
    assert(await seen(), `the focus on ${wanted} cannot be seen`);
  }
  assert.deepEqual(stops, ['A', 'log', 'theme', 'help']);

  // The list of keys, and back to where one was.
  await keys.press('Enter');
  assert.equal(await focused(), 'keys-close');
  await keys.press('Escape');
  assert.equal(await focused(), 'help');

  // In the log: message by message, with its time.
  await keys.press('Tab');
  await keys.press('Tab');
  assert.equal(await focused(), 'log');
  await keys.press('ArrowUp');
  assert.equal(await page.evaluate(() =>
    document.activeElement.querySelector('p').textContent), 'bye');
  await keys.press('ArrowUp');
  await keys.press('ArrowUp');
  const first = page.locator('.message').first();
  assert.equal(await first.evaluate((e) => e === document.activeElement), true);
  await keys.press('ArrowDown');
  assert(await page.locator('.message:focus time').isVisible());
  // From a message into its link.
  await keys.press('Tab');
  assert.equal(await focused(), 'A');
  await keys.press('?');
  assert.equal(await focused(), 'keys-close');
  await keys.press('Enter');
  assert.equal(await focused(), 'A');

  // Escape leads back to writing, and so does a letter.
  await keys.press('Escape');
  assert.equal(await focused(), 'text');
  await keys.press('Shift+Tab');
  await keys.press('Shift+Tab');
  assert.equal(await focused(), 'log');
  await keys.type('typed in the log');
  assert.equal(await focused(), 'text');
  await keys.press('Enter');
  await hears(page, 'typed in the log');
  assert.equal((await said(page)).length, 4);
});

test('what is said is announced, with who said it as far as known',
  async (t) => {
    const server = await start(t);
    const page = await open(t, server);
    await is(page, 'connected');
    await say(page, 'mine');
    await hears(page, 'mine');
    const ws = await Chatter.join(server);
    ws.say('theirs');
    await hears(page, 'theirs');
    const tree = await page.locator('#log').ariaSnapshot();
    assert.match(tree, /^- log "Messages"/);
    assert.match(tree, /- text: "You:"\n +- paragraph: mine\n/);
    assert.match(tree, /- listitem:\n +- paragraph: theirs$/);
    assert.equal(await page.getByRole('status').first().textContent(),
      'connected');
    assert.equal(await page.getByRole('textbox', { name: 'Message' }).count(),
      1);
  });
