// SPDX-License-Identifier: MIT
// The page in a real browser: what people say to each other through it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import test from 'node:test';
import { Chatter } from './chatter.mjs';
import { start } from './harness.mjs';
import { enter, hears, is, open, phone, said, say } from './browser.mjs';

test('two pages talk, and each knows its own words', async (t) => {
  const server = await start(t);
  const ann = await open(t, server);
  const bob = await open(t, server);
  await enter(ann, 'ann');
  await enter(bob, 'bob');
  await hears(ann, 'bob is here');

  await say(ann, 'hello');
  await hears(bob, 'hello');
  await bob.fill('#text', 'hello yourself');
  await bob.click('#send');
  for (const page of [ann, bob]) await hears(page, 'hello yourself');
  assert.deepEqual((await said(ann)).slice(-3),
    ['bob is here', 'hello', 'hello yourself']);
  assert.deepEqual((await said(bob)).slice(-3),
    ['bob is here', 'hello', 'hello yourself']);

  const own = (page) => page.locator('.message.mine p').allTextContents();
  assert.deepEqual(await own(ann), ['ann is here', 'hello']);
  assert.deepEqual(await own(bob), ['bob is here', 'hello yourself']);
  assert.equal(await bob.inputValue('#text'), '');
});

test('what other programs say is seen, and the other way round', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'page');
  const ws = await Chatter.join(server);
  ws.say('  from a program\nin two lines ');
  await hears(page, 'from a program in two lines');
  await say(page, 'from a page');
  await ws.hear();
  assert.equal(await ws.hear(), 'from a page');
});

test('markup stays text', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'reader');
  const ws = await Chatter.join(server);
  const texts = [
    '<img src="/nowhere.png" onerror="window.hit=1">',
    '<script>window.hit=2</script><b>bold</b>',
    '<a href="javascript:window.hit=3">click</a> javascript:window.hit=4',
    '</p></div><style>*{display:none}</style>',
    '&lt;b&gt; &amp; <!-- -->',
    '`<i>code</i>` and <iframe srcdoc="x"></iframe>',
  ];
  for (const text of texts) ws.say(text);
  await hears(page, '<i>code</i> and <iframe srcdoc="x"></iframe>');
  assert.deepEqual((await said(page)).slice(-texts.length),
    [...texts.slice(0, -1), '<i>code</i> and <iframe srcdoc="x"></iframe>']);
  const log = page.locator('#log');
  for (const tag of ['img', 'script', 'b', 'a', 'style', 'i', 'iframe'])
    assert.equal(await log.locator(tag).count(), 0, `there is a ${tag}`);
  assert.equal(await log.locator('code').textContent(), '<i>code</i>');
  assert.equal(await page.evaluate(() => window.hit), undefined);
});

test('the policy stops what is not the page\'s own', async (t) => {
  const server = await start(t);
  const page = await open(t, server, { expect: /Content Security Policy/ });
  await is(page, 'connected');
  const hit = await page.evaluate(async (url) => {
    // Refused, each would have run by the time the module has.
    const inline = document.createElement('script');
    inline.textContent = 'window.hit = "inline script"';
    document.body.append(inline);
    const button = document.createElement('button');
    button.setAttribute('onclick', 'window.hit = "handler"');
    document.body.append(button);
    button.click();
    const style = document.createElement('style');
    style.textContent = '#log { display: none }';
    document.head.append(style);
    try {
      setTimeout('window.hit = "eval"');
    } catch {
      // Some throw.
    }
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
    await new Promise((done) => setTimeout(done));
    return [window.hit, getComputedStyle(document.getElementById('log'))
      .display];
  }, server.url);
  assert.deepEqual(hit, [undefined, 'flex']);
});

test('no other page can frame it', async (t) => {
  const server = await start(t);
  const other = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<iframe src="${server.url}"></iframe>`);
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const page = await open(t, server, { expect: /frame-ancestors/ });
  const refused = page.waitForEvent('console',
    (line) => /frame-ancestors/.test(line.text()));
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  await refused;
  const text = await page.frames().at(-1).locator('body').textContent();
  assert.doesNotMatch(text, /chatd/);
});

test('addresses are links that tell nothing about us', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'reader');
  const ws = await Chatter.join(server);
  ws.say('see (https://example.org/a_(b)?q=1#x), ok. mailto:a@example.org ' +
    '看https://example.org/路径。ftp://example.org/ ' +
    'javascript:alert(1) https://');
  await page.waitForSelector('#log a');
  const links = await page.locator('#log a').evaluateAll((all) => all
    .map((a) => [a.textContent, a.href, a.target, a.rel]));
  const rest = ['_blank', 'noopener noreferrer'];
  assert.deepEqual(links, [
    ['https://example.org/a_(b)?q=1#x',
      'https://example.org/a_(b)?q=1#x', ...rest],
    ['mailto:a@example.org', 'mailto:a@example.org', ...rest],
    ['https://example.org/路径',
      'https://example.org/%E8%B7%AF%E5%BE%84', ...rest],
  ]);
});

test('messages that came in one frame are messages each', async (t) => {
  const server = await start(t);
  const page = await open(t, server, {
    before: (p) => p.routeWebSocket(/\/ws$/, (ws) => {
      ws.onMessage(() => ws.send('one\ntwo\n\nthree'));
    }),
  });
  await is(page, 'connected');
  await say(page, 'go on');
  await hears(page, 'three');
  assert.deepEqual(await said(page), ['one', 'two', 'three']);
});

test('Enter sends and Shift+Enter breaks the line', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'writer');
  await page.fill('#text', 'one');
  await page.press('#text', 'Shift+Enter');
  await page.keyboard.type('two');
  assert.equal(await page.inputValue('#text'), 'one\ntwo');
  assert.match(await page.textContent('#hint'), /spaces/);
  await page.press('#text', 'Enter');
  await hears(page, 'one two');
  // Nothing but space is nothing.
  await page.fill('#text', ' \u3000\n ');
  await page.press('#text', 'Enter');
  await say(page, 'after');
  await hears(page, 'after');
  assert.deepEqual(await said(page), ['writer is here', 'one two', 'after']);
});

test('Enter chooses a word while an input method composes', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'writer');
  await page.fill('#text', 'ni hao');
  const kept = await page.locator('#text').evaluate((text) => [
    { isComposing: true }, { keyCode: 229 },
  ].map((how) => text.dispatchEvent(new KeyboardEvent('keydown', {
    key: 'Enter', bubbles: true, cancelable: true, ...how,
  }))));
  assert.deepEqual(kept, [true, true], 'the key was taken from it');
  assert.equal(await page.inputValue('#text'), 'ni hao');
  await say(page, '你好');
  await hears(page, '你好');
  assert.deepEqual(await said(page), ['writer is here', '你好']);
});

test('on a phone Enter breaks the line and the button sends', async (t) => {
  const server = await start(t);
  const page = await open(t, server, phone);
  await is(page, 'connected');
  // No keyboard comes up over what one reads.
  assert.equal(await page.evaluate(() => document.activeElement.id), '');
  await page.tap('#text');
  await page.keyboard.type('one');
  await page.keyboard.press('Enter');
  await page.keyboard.type('two');
  assert.equal(await page.inputValue('#text'), 'one\ntwo');
  await page.tap('#send');
  await hears(page, 'one two');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text',
    'the keyboard would have folded away');
});

test('the limit is told in bytes, and holds', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'writer');
  const hint = () => page.textContent('#hint');
  const blocked = () => page.getAttribute('#send', 'aria-disabled');

  await page.fill('#text', '字'.repeat(149));
  assert(await page.isHidden('#count'));
  await page.fill('#text', '字'.repeat(150));
  assert.equal(await page.textContent('#count'), '62 bytes left');
  await page.fill('#text', '字'.repeat(171));
  assert.match(await hint(), /too long by 1 byte\b/i);
  assert.equal(await blocked(), 'true');
  await page.press('#text', 'Enter');
  assert.equal(await page.inputValue('#text'), '字'.repeat(171));

  // The most that the server takes is taken.
  const most = '字'.repeat(170) + 'ab';
  await page.fill('#text', most);
  assert.equal(await page.textContent('#count'), '0 bytes left');
  assert.equal(await blocked(), 'false');
  await page.press('#text', 'Enter');
  await hears(page, most);
  await is(page, 'connected');
});

test('who looks elsewhere sees a number in the title', async (t) => {
  const server = await start(t);
  const page = await open(t, server);
  await enter(page, 'reader');
  const ws = await Chatter.join(server);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', {
      configurable: true, value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  const icon = () => page.getAttribute('link[rel=icon]', 'href');

  await hide(true);
  ws.say('one');
  ws.say('two');
  await hears(page, 'two');
  assert.equal(await page.title(), '(2) chatd');
  assert.equal(await icon(), 'icon-unread.svg');
  await hide(false);
  assert.equal(await page.title(), 'chatd');
  assert.equal(await icon(), 'icon.svg');
  // And where he was.
  assert.deepEqual(await page.locator('#messages .leaf > *')
    .evaluateAll((all) => all.map((e) => e.className.split(' ')[0])),
  ['day', 'message', 'mark', 'message', 'message']);
});
