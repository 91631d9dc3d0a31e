// SPDX-License-Identifier: MIT
//
// Makes README's pictures of the page anew, from a talk between two:
//
//   node tests/e2e/pictures.mjs
//
// chatd is that of build/ (or CHATD).  The page takes the system's font, so
// this wants to be a machine with a good one; the clock is set.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Chatter } from './chatter.mjs';
import { start } from './harness.mjs';
import {
  dark, drawn, hears, is, light, open, phone,
} from './browser.mjs';

const into = path.join(path.dirname(fileURLToPath(import.meta.url)),
  '../../web/pictures');

// Who says it, and at which minute: the page's own words are "we".
const talk = [
  [31, 'they', 'Morning! Did the release go out?'],
  [31, 'we', 'Yes, an hour ago. Notes: https://example.org/chatd/1.0'],
  [32, 'they', 'Nice. One thing I saw: with `drain` below 500ms a slow ' +
    'phone gets no goodbye.'],
  [32, 'they', 'Everybody else does.'],
  [33, 'we', 'I can have a look after lunch.'],
  [41, 'they', '我也可以帮忙看看。'],
  [42, 'we', '太好了，谢谢！'],
  [42, 'they', 'Then: lunch at one?'],
  [43, 'we', 'At one. 🍜'],
];

async function take(t, name, options) {
  const server = await start(t);
  const minute = (m) => new Date(2026, 4, 12, 11, m);
  const page = await open(t, server, {
    timezoneId: undefined, ...options,
    before: (p) => p.clock.install({ time: minute(talk[0][0]) }),
  });
  await is(page, 'connected');
  const they = await Chatter.join(server);
  // The first is ours, so that the page is in the room for all of theirs.
  for (const [m, who, text] of [[31, 'we', 'Hello?'], ...talk]) {
    await page.clock.setFixedTime(minute(m));
    if (who === 'they') {
      they.say(text);
    } else {
      await page.fill('#text', text);
      await page.click('#send');
    }
    await hears(page, text.replaceAll('`', ''));
  }
  await page.fill('#text', 'See you');
  await drawn(page);
  mkdirSync(into, { recursive: true });
  await page.screenshot({ path: path.join(into, `${name}.png`) });
}

test('desk', (t) => take(t, 'desk', {
  ...light, viewport: { width: 960, height: 640 } }));
test('phone', (t) => take(t, 'phone', {
  ...phone, ...dark, deviceScaleFactor: 1.5 }));
