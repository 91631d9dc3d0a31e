// SPDX-License-Identifier: MIT
// Makes the parts and joins them, as the server's main.c does with its
// channels: connection -> plain -> outbox and log, composer -> plain ->
// connection. The keys that belong to no single part are here too.

import { call } from './attention.js';
import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { Log } from './log.js';
import { Outbox } from './outbox.js';
import { TOO_LONG, decode } from './plain.js';
import { t, translate } from './strings.js';
import './viewport.js';

/** @type {<T extends HTMLElement>(id: string) => T} */
const byId = (id) => /** @type {any} */ (document.getElementById(id));

translate();

const log = new Log({
  scroller: byId('log'),
  list: byId('messages'),
  pending: byId('pending'),
  newest: byId('newest'),
  trimmed: byId('trimmed'),
  empty: byId('empty'),
});

const composer = new Composer(say);

const outbox = new Outbox(byId('unsent'), {
  again: (text) => {
    const sent = say(text);
    if (!sent)
      composer.refuse();
    return sent;
  },
  silent: () => connection.drop(),
  changed: (waiting) => log.pending(waiting),
  done: () => composer.focusQuietly(),
});

/** When the connection ended, 0 while there is nothing missed. */
let lostAt = 0;

// Relative to the page, so that a proxy may put it below any path.
const url = new URL('ws', location.href);
url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
url.search = url.hash = '';

const connection = new Connection(url.href, {
  state: showState,
  frame(data) {
    const at = Date.now();
    const texts = decode(data);
    const mine = outbox.heard(texts);
    log.add(texts.map((text, i) => ({ text, at, mine: mine[i] })));
    call(mine.filter((own) => !own).length);
  },
  lost(code) {
    lostAt = Date.now();
    outbox.lost(code === TOO_LONG);
  },
});

/**
 * @param {string} text as the dialect sends it
 * @returns {boolean}
 */
function say(text) {
  const sent = connection.send(text);
  if (sent) {
    outbox.sent(text);
    log.toNewest();
  }
  return sent;
}

/** What is shown: a try that follows a failed one looks and sounds like the
 * pause before it, or header and voice would change twice a second where a
 * server is down.
 * @type {import('./connection.js').State} */
let shown = 'connecting';
let ticking = 0;

/** @param {import('./connection.js').State} state */
function showState(state) {
  shown = state === 'connecting' && shown === 'waiting' ? 'waiting' : state;
  byId('state').dataset.state = shown;
  // Written only when it changes: each writing is read out.
  if (byId('status').textContent !== t(shown))
    byId('status').textContent = t(shown);
  const waiting = shown === 'waiting';
  clearInterval(ticking);
  if (waiting)
    ticking = setInterval(showCountdown, 250);
  if (state === 'waiting')
    showCountdown();
  byId('countdown').hidden = !waiting;
  // A button that hides must not take the focus with it.
  const retry = byId('retry');
  if (!waiting && document.activeElement === retry)
    composer.focusQuietly();
  retry.hidden = !waiting;

  composer.state = shown;
  log.explain(shown);
  if (state === 'connected' && lostAt > 0) {
    log.gap(lostAt, Date.now());
    lostAt = 0;
  }
}

function showCountdown() {
  const seconds = Math.max(1, Math.ceil((connection.retryAt - Date.now()) / 1000));
  const words = connection.state === 'waiting' ? t('countdown', seconds) : t('trying');
  if (byId('countdown').textContent !== words)
    byId('countdown').textContent = words;
}

byId('retry').addEventListener('click', () => connection.retryNow());
byId('newest').addEventListener('click', () => {
  log.toNewest();
  byId('log').focus({ preventScroll: true });
  composer.focusQuietly();
});

const keys = /** @type {HTMLDialogElement} */ (byId('keys'));

function listKeys() {
  const touch = matchMedia('(pointer: coarse)').matches;
  /** @type {[string[], string][]} */
  const rows = [
    [touch ? ['Ctrl+Enter'] : ['Enter', 'Ctrl+Enter'], 'keySend'],
    [touch ? ['Enter'] : ['Shift+Enter'], 'keyBreak'],
    [['PageUp', 'PageDown'], 'keyScroll'],
    [['↑', '↓'], 'keyWalk'],
    [['Esc'], 'keyBottom'],
    [['?'], 'keyHelp'],
  ];
  /** @param {string} combination */
  const kbd = (combination) => {
    const e = document.createElement('kbd');
    e.textContent = combination;
    return e;
  };
  /** @type {Node[]} */
  const nodes = [];
  for (const [combinations, key] of rows) {
    const term = document.createElement('dt');
    for (const combination of combinations)
      term.append(kbd(combination), ' ');
    const words = document.createElement('dd');
    words.textContent = t(key);
    nodes.push(term, words);
  }
  keys.querySelector('dl')?.replaceChildren(...nodes);
  keys.showModal();
}

byId('help').addEventListener('click', listKeys);
byId('keys-close').addEventListener('click', () => keys.close());
keys.addEventListener('click', (event) => {
  // The dialog itself is hit only beside its content: on the backdrop.
  if (event.target === keys)
    keys.close();
});

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented || keys.open)
    return;
  const writing = event.target === byId('text');
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
  if (event.key === 'Escape') {
    log.toNewest();
    composer.focusQuietly();
  } else if (writing && plain && !event.shiftKey && /^Page(Up|Down)$/.test(event.key)) {
    event.preventDefault();
    log.scrollPages(event.key === 'PageUp' ? -1 : 1);
  } else if (!writing && plain && event.key === '?') {
    event.preventDefault();
    listKeys();
  } else if (!writing && plain && /^\S$/u.test(event.key) && !onControl(event.target)) {
    // Who types without having chosen a field means the message.
    composer.focus();
  }
});

/** @param {EventTarget | null} target */
function onControl(target) {
  return target instanceof Element && target.closest('a, button, input') !== null;
}

composer.focusQuietly();
connection.open();
