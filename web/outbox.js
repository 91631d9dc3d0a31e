// SPDX-License-Identifier: MIT
// What was sent and not yet heard. The server sends every message back to
// its sender too, so a message that has come back was said; one that has not
// when the connection ends may be lost, and nobody but its author can judge
// whether to say it again. Those are listed above the composer, and stay
// there over a reload.

import { t } from './strings.js';
import { recallHere, rememberHere } from './storage.js';

/** The server echoes within a blink; nothing at all for so long after we
 * said something means that nobody is there. */
const SILENCE = 10_000;
const KEY = 'unsure';

/** @typedef {import('./lines.js').Entry} Entry */

/**
 * @typedef {object} Handlers
 * @property {(text: string) => boolean} again false: it couldn't be sent
 * @property {() => void} silent the server doesn't answer
 * @property {(waiting: Entry[]) => void} changed what is under way
 * @property {() => void} done the list took the focus with it
 */

export class Outbox {
  #section;
  #why;
  #list;
  #handlers;
  /** Sent and not heard, oldest first.
   * @type {Entry[]} */
  #waiting = [];
  /** Those nobody knows of, each with its line.
   * @type {Map<HTMLElement, string>} */
  #unsure = new Map();
  #timer = 0;

  /**
   * @param {HTMLElement} section
   * @param {Handlers} handlers
   */
  constructor(section, handlers) {
    this.#section = section;
    this.#why = /** @type {HTMLElement} */ (section.querySelector('p'));
    this.#list = /** @type {HTMLElement} */ (section.querySelector('ul'));
    this.#handlers = handlers;
    this.#why.textContent = t('unsentWhy');
    for (const text of kept())
      this.#doubt(text);
    this.#show();
  }

  /** @param {string} text as it will come back */
  sent(text) {
    this.#waiting.push({ text, at: Date.now(), mine: true });
    // Not anew for each: who goes on talking into the void shall know, too.
    if (this.#waiting.length === 1)
      this.#watch();
    this.#keep();
    this.#handlers.changed([...this.#waiting]);
  }

  /**
   * @param {string[]} texts what came; anything proves that the server lives
   * @returns {boolean[]} which of them are ours. Where two say the same at
   *   the same moment it may be the other's, and nobody sees a difference.
   */
  heard(texts) {
    if (this.#waiting.length === 0)
      return texts.map(() => false);
    const mine = texts.map((text) => {
      const at = this.#waiting.findIndex((entry) => entry.text === text);
      if (at >= 0)
        this.#waiting.splice(at, 1);
      return at >= 0;
    });
    this.#watch();
    if (mine.includes(true)) {
      this.#keep();
      this.#handlers.changed([...this.#waiting]);
    }
    return mine;
  }

  /**
   * The connection is gone: what waits may never come.
   * @param {boolean} tooLong the server said that this is why
   */
  lost(tooLong) {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0)
      return;
    for (const { text } of this.#waiting.splice(0))
      this.#doubt(text);
    this.#keep();
    this.#show();
    // After it shows: then it is read out.
    this.#why.textContent = t(tooLong ? 'unsentLong' : 'unsentWhy');
    this.#handlers.changed([]);
  }

  #watch() {
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0)
      this.#timer = setTimeout(() => this.#handlers.silent(), SILENCE);
  }

  #show() {
    this.#section.hidden = this.#unsure.size === 0;
  }

  /** A page that goes away hears nothing more: for the next one here what
   * waits is as unsure as the rest. */
  #keep() {
    const texts = [...this.#unsure.values(), ...this.#waiting.map(({ text }) => text)];
    rememberHere(KEY, JSON.stringify(texts));
  }

  /** @param {string} text */
  #doubt(text) {
    const item = document.createElement('li');
    const words = document.createElement('p');
    words.dir = 'auto';
    words.textContent = text;
    const choices = document.createElement('div');
    choices.append(
      button('again', () => {
        if (this.#handlers.again(text))
          this.#remove(item);
      }),
      button('discard', () => this.#remove(item)));
    item.append(words, choices);
    this.#unsure.set(item, text);
    this.#list.append(item);
  }

  /** @param {HTMLElement} item */
  #remove(item) {
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector('button');
    item.remove();
    this.#unsure.delete(item);
    this.#keep();
    this.#show();
    if (next)
      next.focus();
    else
      this.#handlers.done();
  }
}

/** @returns {string[]} */
function kept() {
  try {
    return JSON.parse(recallHere(KEY) ?? '[]').map(String);
  } catch {
    return [];
  }
}

/**
 * @param {string} key of its word
 * @param {() => void} pressed
 */
function button(key, pressed) {
  const b = document.createElement('button');
  b.type = 'button';
  b.textContent = t(key);
  b.addEventListener('click', pressed);
  return b;
}
