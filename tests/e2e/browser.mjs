// SPDX-License-Identifier: MIT
//
// Chromium for the tests of the page, and what they all ask of one.
//
//   test('the page greets', async (t) => {
//     const server = await start(t);
//     const page = await open(t, server, { ...phone, ...dark });
//     await is(page, 'connected');
//     ...
//
// A file has one browser; each page has a profile of its own.  A test fails
// if its page reports an error, be it an exception, a console line or an
// answer of 400 and more, unless the test says that it expects that.
import assert from 'node:assert/strict';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { outputDir, patience } from './harness.mjs';

const executable = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => process.env.PATH.split(':')
    .map((dir) => path.join(dir, name)))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

if (!executable) {
  console.log('skipped: there is no Chromium here');
  process.exit(77); // Meson's word for it
}

let browser = null;

async function launch() {
  browser ??= await chromium.launch({
    executablePath: executable,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
      '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  return browser;
}

after(() => browser?.close());

// ---- What a page is opened on ----

export const desk = { viewport: { width: 1280, height: 800 } };
export const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
export const light = { colorScheme: 'light' };
export const dark = { colorScheme: 'dark' };
export const chinese = { locale: 'zh-CN' };

// What a browser says when a server is away.
export const unreachable = /net::ERR_|WebSocket connection to .* failed/;

// Opens the page.  Options are those of a browser context, and
//   expect   a pattern of errors that the test wants to see
//   before   called with the page before it loads
export async function open(t, server, options = {}) {
  const { expect, before, ...rest } = options;
  const context = await (await launch()).newContext({
    ...desk, ...light, locale: 'en-GB', timezoneId: 'UTC', ...rest });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const errors = [];
  // Once the test stops the server its page may complain.
  let over = false;
  server.clients.add({ destroy() { over = true; } });
  const note = (error) => {
    if (!over && !expect?.test(error)) errors.push(error);
  };
  page.on('pageerror', (error) => note(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning')
      note(`${line.text()} (${line.location().url})`);
  });
  page.on('response', (answer) => {
    if (answer.status() >= 400) note(`${answer.status()} ${answer.url()}`);
  });
  t.after(async () => {
    over = true;
    await context.close();
    assert.deepEqual(errors, []);
  });
  await before?.(page);
  await page.goto(server.url);
  return page;
}

// ---- What one sees ----

export function is(page, state) {
  return page.waitForSelector(`#state[data-state="${state}"]`);
}

// The texts of the messages, oldest first.
export function said(page) {
  return page.locator('#messages .message p').allTextContents();
}

// Waits until the newest message is this one.
export function hears(page, text) {
  return page.waitForFunction((wanted) => {
    const all = document.querySelectorAll('#messages .message p');
    return all.length > 0 && all[all.length - 1].textContent === wanted;
  }, text);
}

// Writes and sends as one does at a desk.
export async function say(page, text) {
  await page.fill('#text', text);
  await page.press('#text', 'Enter');
}

// Enters the chat: what is said after one's own words came back is heard.
export async function enter(page, name) {
  await is(page, 'connected');
  await say(page, `${name} is here`);
  await hears(page, `${name} is here`);
}

export function atBottom(page) {
  return page.locator('#log').evaluate((log) =>
    log.scrollHeight - log.clientHeight - log.scrollTop <= 1);
}

// As a wheel does, without its gliding.
export async function scrollUp(page, pixels) {
  await page.locator('#log').evaluate((log, by) =>
    log.scrollBy(0, -by), pixels);
  await page.waitForSelector('#newest:not([hidden])');
}

// Two frames: what was to be drawn has been.
export function drawn(page) {
  return page.evaluate(() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(done))));
}

// Nothing is wider than the window, the log's lines included.
export async function fits(page) {
  const wide = await page.evaluate(() => [...document.querySelectorAll('*')]
    .filter((e) => e.checkVisibility?.() && !e.closest('.heard') &&
      (e.getBoundingClientRect().right > innerWidth + 0.5 ||
        e.getBoundingClientRect().left < -0.5))
    .map((e) => `${e.tagName} ${e.id} ${e.className}`));
  assert.deepEqual(wide, [], 'wider than the window');
  for (const selector of ['html', '#log']) {
    const spare = await page.locator(selector)
      .evaluate((e) => e.scrollWidth - e.clientWidth);
    assert.equal(spare, 0, `${selector} scrolls sideways`);
  }
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

// Stops the page's clock before it loads; page.clock.fastForward() goes on.
export async function stopClock(page) {
  const now = Date.UTC(2030, 1, 3, 14, 5);
  await page.clock.install({ time: now });
  await page.clock.pauseAt(now + 1000);
}

// What axe-core finds wrong: nothing.
export async function accessible(page) {
  // Fading, colours are in between.
  await page.evaluate(() => Promise.all(document.getAnimations()
    .filter((a) => a.effect.getComputedTiming().endTime !== Infinity)
    .map((a) => a.finished.catch(() => {})))); // its element has gone
  // Not a script element: the page's own policy would refuse it.
  await page.evaluate(readFileSync(axe, 'utf8'));
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ resultTypes: ['violations'] }));
  assert.deepEqual(violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map((node) => node.failureSummary).join('; ')}`), []);
}

// Keeps a picture under the build directory.
export async function picture(page, name) {
  const dir = path.join(outputDir, 'screenshots');
  mkdirSync(dir, { recursive: true });
  await drawn(page);
  await page.screenshot({ path: path.join(dir, `${name}.png`) });
}
