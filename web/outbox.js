// SPDX-License-Identifier: MIT
// What was sent and not yet heard. The server sends every message back to
// its sender too, so a message that has come back was said; one that has not
// when the connection breaks may be lost, and nobody but its author can
// judge whether to say it again. Those are listed above the composer.

import { t } from './strings.js';

/** The server echoes within a blink; nothing at all for so long after we
 * said something means that nobody is there. */
const SILENCE = 10_000;

/**
 * @typedef {object} Handlers
 * @property {(text: string) => boolean} again false: it couldn't be sent
 * @property {() => void} silent the server doesn't answer
 * @property {() => void} done the list took the focus with it
 */

export class Outbox {
  #section;
  #list;
  #handlers;
  /** Sent and not heard, oldest first.
   * @type {string[]} */
  #waiting = [];
  #timer = 0;

  /**
   * @param {HTMLElement} section
   * @param {Handlers} handlers
   */
  constructor(section, handlers) {
    this.#section = section;
    this.#list = /** @type {HTMLElement} */ (section.querySelector('ul'));
    this.#handlers = handlers;
  }

  /** @param {string} text as it will come back */
  sent(text) {
    this.#waiting.push(text);
    // Not anew for each: who goes on talking into the void shall know, too.
    if (this.#waiting.length === 1)
      this.#watch();
  }

  /** @param {string[]} texts what came; anything proves that the server lives */
  heard(texts) {
    for (const text of texts) {
      const at = this.#waiting.indexOf(text);
      if (at >= 0)
        this.#waiting.splice(at, 1);
      if (this.#waiting.length === 0)
        break;
    }
    this.#watch();
  }

  /** The connection is gone: what waits may never come. */
  lost() {
    clearTimeout(this.#timer);
    for (const text of this.#waiting.splice(0))
      this.#list.append(this.#item(text));
    this.#section.hidden = this.#list.childElementCount === 0;
  }

  #watch() {
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0)
      this.#timer = setTimeout(() => this.#handlers.silent(), SILENCE);
  }

  /** @param {string} text */
  #item(text) {
    const item = document.createElement('li');
    const words = document.createElement('p');
    words.dir = 'auto';
    words.textContent = text;
    const again = button('again', () => {
      if (this.#handlers.again(text))
        this.#remove(item);
    });
    const discard = button('discard', () => this.#remove(item));
    item.append(words, again, discard);
    return item;
  }

  /** @param {HTMLElement} item */
  #remove(item) {
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector('button');
    item.remove();
    this.#section.hidden = this.#list.childElementCount === 0;
    if (next)
      next.focus();
    else
      this.#handlers.done();
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
