// SPDX-License-Identifier: MIT
// Where one writes. Grows with the text to six lines, keeps the draft over
// a reload, counts bytes near the limit, and says in words why something
// cannot be sent; the text is given up only once it was handed on.

import { t } from './strings.js';
import { recall, remember } from './storage.js';
import { LIMIT, bytes, encode } from './plain.js';

/** The counter appears with so many bytes left. */
const NEAR = 64;
const DRAFT = 'draft';

/** @typedef {import('./connection.js').State} State */

/** @type {<T extends HTMLElement>(id: string) => T} */
const byId = (id) => /** @type {any} */ (document.getElementById(id));

export class Composer {
  #text = /** @type {HTMLTextAreaElement} */ (byId('text'));
  #grow = byId('grow');
  #send = byId('send');
  #hint = byId('hint');
  #count = byId('count');
  /** @type {State} */
  #state = 'connecting';
  #refused = false;
  /** On phones Enter breaks the line: there is a button to send, and no
   * Shift+Enter. */
  #touch = matchMedia('(pointer: coarse)');
  #say;

  /** @param {(text: string) => boolean} say false: it couldn't be sent */
  constructor(say) {
    this.#say = say;
    this.#text.value = recall(DRAFT);
    this.#text.addEventListener('input', () => this.#changed());
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    // A press on the button leaves the focus where it is, or the keyboard
    // of a phone would fold away after each message.
    this.#send.addEventListener('mousedown', (event) => event.preventDefault());
    this.#touch.addEventListener('change', () => this.#enterKey());
    this.#enterKey();
    this.#show();
  }

  /** @param {State} state */
  set state(state) {
    this.#state = state;
    this.#refused = false;
    this.#show();
  }

  focus() {
    this.#text.focus();
  }

  /** As focus(), where that doesn't raise a keyboard over what is read. */
  focusQuietly() {
    if (!this.#touch.matches)
      this.focus();
  }

  /** Says that something else than the draft could not be sent. */
  refuse() {
    this.#refused = true;
    this.#show();
  }

  #enterKey() {
    this.#text.enterKeyHint = this.#touch.matches ? 'enter' : 'send';
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter chooses a word. Safari ends the
    // composition first and tells by 229 alone.
    if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229)
      return;
    if (event.shiftKey || event.altKey)
      return;
    if (this.#touch.matches && !event.ctrlKey && !event.metaKey)
      return;
    event.preventDefault();
    // Held down it repeats; one press is one message.
    if (!event.repeat)
      this.#submit();
  }

  #changed() {
    this.#refused = false;
    remember(DRAFT, this.#text.value);
    this.#show();
  }

  #submit() {
    const text = encode(this.#text.value);
    if (text !== '' && bytes(text) <= LIMIT) {
      if (this.#state === 'connected' && this.#say(text)) {
        this.#text.value = '';
        this.#changed();
      } else {
        this.refuse();
      }
    }
    if (document.activeElement === this.#send)
      this.focus();
  }

  #show() {
    const value = this.#text.value;
    const text = encode(value);
    const left = LIMIT - bytes(text);
    // A last empty line needs something on it to have a height.
    this.#grow.textContent = value + '\n';

    this.#count.hidden = left > NEAR || left < 0;
    this.#count.textContent = this.#count.hidden ? '' : t('near', left);

    const over = left < 0;
    const wrong = over || this.#refused;
    // Written only when it changes: each writing is read out.
    const words = this.#words(text, left, value);
    if (this.#hint.textContent !== words)
      this.#hint.textContent = words;
    this.#hint.classList.toggle('wrong', wrong);
    this.#text.setAttribute('aria-invalid', String(over));
    // Not `disabled`: a button that cannot be pressed cannot say why.
    this.#send.setAttribute('aria-disabled', String(text === '' || over || this.#state !== 'connected'));
  }

  /**
   * @param {string} text
   * @param {number} left bytes
   * @param {string} value
   */
  #words(text, left, value) {
    if (left < 0)
      return t('over', -left);
    if (this.#refused)
      return t('refused');
    if (text !== '' && this.#state === 'waiting')
      return t('offline');
    if (text !== '' && value.trim().includes('\n'))
      return t('joined');
    return '';
  }
}
