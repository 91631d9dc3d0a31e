// SPDX-License-Identifier: MIT
// The list of what was said. Messages wait in a queue and enter the page
// together, once a frame; those of five minutes form a group, which shows
// its time once; days have a separator, and a line "new" marks where the
// reader was. One's own words stand below, quiet, until they are said. At
// the bottom the list follows; anywhere else it stays where the reader put
// it, whatever comes.
//
// The list is made of leaves, a hundred messages each: the browser skips
// those out of sight (content-visibility in style.css), and the oldest leave
// the page whole. That they did is said above the list.

import { clock, number, t } from './strings.js';
import { ANEW, dayLine, line, messageLine, pendingLine } from './lines.js';

/** @typedef {import('./lines.js').Entry} Entry */

/** So many stay on the page; more only while an earlier place is read, where
 * taking them away could take what is before the eyes. */
const KEPT = 2000;
const KEPT_WHILE_READING = 10_000;
/** Messages in a leaf. Skipping each message for itself costs more layouts
 * than it saves. */
const LEAF = 100;
/** Nearer to the bottom than this is at the bottom. */
const BOTTOM = 24;

/**
 * @typedef {object} Parts
 * @property {HTMLElement} scroller
 * @property {HTMLElement} list
 * @property {HTMLElement} pending
 * @property {HTMLElement} newest the button that brings one down
 * @property {HTMLElement} trimmed
 * @property {HTMLElement} empty
 */

export class Log {
  #scroller;
  #list;
  #pending;
  #newest;
  #trimmedNote;
  #empty;

  /** @type {Entry[]} */
  #queue = [];
  /** @type {Entry[]} */
  #underWay = [];
  #scheduled = false;
  #following = true;
  #lastTop = 0;
  #unseen = 0;
  /** @type {HTMLElement | null} the last one, and how full it is */
  #leaf = null;
  #leafCount = 0;
  /** Messages on the page, and those that left it. */
  #kept = 0;
  #trimmed = 0;
  /** After the last line, and the day it is in. */
  #place = ANEW;
  #day = '';
  /** @type {HTMLElement | null} */
  #mark = null;
  /** The last entry, if it is a gap: another one makes it longer.
   * @type {{item: HTMLElement, from: number} | null} */
  #gap = null;

  /** @param {Parts} parts */
  constructor({ scroller, list, pending, newest, trimmed, empty }) {
    this.#scroller = scroller;
    this.#list = list;
    this.#pending = pending;
    this.#newest = newest;
    this.#trimmedNote = trimmed;
    this.#empty = empty;

    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    scroller.addEventListener('keydown', (event) => this.#walk(event));
    document.addEventListener('visibilitychange', () => this.#looked());
    // Whatever changes sizes (the keyboard of a phone, the composer growing,
    // messages that are laid out only when they come near): who follows is
    // at the bottom afterwards too.
    const watch = new ResizeObserver(() => {
      scroller.style.setProperty('--bar', `${scroller.offsetWidth - scroller.clientWidth}px`);
      if (this.#watched())
        this.#pin();
    });
    watch.observe(scroller);
    watch.observe(list);
    watch.observe(pending);

    // As wide as the reader's times are, wide characters counted twice.
    const sample = clock(new Date(2000, 11, 30, 22, 58).getTime());
    const width = [...sample].reduce((sum, c) => sum + (c > '\u2e80' ? 2 : 1), 0);
    scroller.style.setProperty('--time', `${width}ch`);
  }

  /** @param {Entry[]} entries oldest first */
  add(entries) {
    for (const entry of entries)
      this.#queue.push(entry);
    this.#schedule();
  }

  /** @param {Entry[]} entries all that are under way, oldest first */
  pending(entries) {
    this.#underWay = entries;
    this.#schedule();
  }

  /**
   * Notes that nothing could be heard for a while. Gaps with nothing between
   * them are one; before the first message there is nothing to be missed.
   * @param {number} from ms
   * @param {number} to ms
   */
  gap(from, to) {
    this.#flush();
    if (!this.#leaf)
      return;
    if (!this.#gap) {
      const item = line('note');
      this.#gap = { item, from };
      this.#leaf.append(item);
    }
    this.#gap.item.textContent = t('gap', clock(this.#gap.from), clock(to));
    // What comes after the gap tells its time anew.
    this.#place = ANEW;
    if (this.#watched())
      this.#pin();
  }

  /** @param {'connecting' | 'connected' | 'waiting'} state for who sees nothing yet */
  explain(state) {
    const [first, second] = this.#empty.children;
    const key = {
      connecting: 'emptyConnecting',
      connected: 'emptyConnected',
      waiting: 'emptyWaiting',
    }[state];
    first.textContent = t(key);
    second.textContent = state === 'connecting' ? '' : t(`${key}More`);
  }

  toNewest() {
    this.#flush();
    this.#following = true;
    this.#pin();
    this.#seen();
  }

  /** @param {number} pages down; negative: up */
  scrollPages(pages) {
    this.#scroller.scrollBy({ top: pages * this.#scroller.clientHeight * 0.9 });
  }

  #schedule() {
    if (this.#scheduled)
      return;
    this.#scheduled = true;
    const flush = () => {
      this.#scheduled = false;
      this.#flush();
    };
    // A hidden page gets no frames.
    if (document.hidden)
      setTimeout(flush, 200);
    else
      requestAnimationFrame(flush);
  }

  /** Moves what waits into the page. */
  #flush() {
    if (this.#queue.length > 0)
      this.#take(this.#queue.splice(0));
    this.#showPending();
    this.#empty.hidden = this.#leaf !== null || this.#underWay.length > 0;
    this.#trim();
    if (this.#watched())
      this.#pin();
    this.#showNewest();
  }

  /** @param {Entry[]} entries */
  #take(entries) {
    this.#unseen += this.#watched() ? 0 : entries.length;
    // The first that the reader misses after having seen all.
    const firstMissed = this.#unseen > 0 && this.#unseen === entries.length;
    if (firstMissed)
      this.#unmark();
    if (entries.length > KEPT) {
      // Faster than anybody reads: these would leave at once.
      this.#trimmed += entries.length - KEPT;
      entries = entries.slice(-KEPT);
      this.#tellTrimmed();
    }

    for (const entry of entries)
      this.#append(entry, firstMissed && !this.#mark);
    this.#gap = null;
  }

  /** In the place and form that they will have, so that nothing moves when
   * they are said. */
  #showPending() {
    if (this.#underWay.length === 0 && this.#pending.hidden)
      return;
    let place = this.#place;
    const lines = this.#underWay.map((entry) => {
      const { item, after } = pendingLine(entry, place);
      place = after;
      return item;
    });
    this.#pending.replaceChildren(...lines);
    this.#pending.hidden = lines.length === 0;
  }

  /** Whether the reader sees what comes. */
  #watched() {
    return this.#following && !document.hidden;
  }

  /**
   * @param {Entry} entry
   * @param {boolean} marked whether the line "new" comes before it
   */
  #append(entry, marked) {
    if (!this.#leaf || this.#leafCount === LEAF) {
      this.#leaf = document.createElement('div');
      this.#leaf.className = 'leaf';
      this.#leafCount = 0;
      this.#list.append(this.#leaf);
    }
    const today = new Date(entry.at).toDateString();
    if (today !== this.#day) {
      this.#day = today;
      this.#place = ANEW;
      this.#leaf.append(dayLine(entry.at));
    }
    if (marked) {
      this.#mark = line('mark');
      this.#mark.textContent = t('newMark');
      this.#leaf.append(this.#mark);
      this.#place = ANEW;
    }
    const { item, after } = messageLine(entry, this.#place);
    this.#place = after;
    this.#leaf.append(item);
    this.#leafCount++;
    this.#kept++;
  }

  /** Takes the oldest leaves away where there are too many. */
  #trim() {
    const most = this.#watched() ? KEPT : KEPT_WHILE_READING;
    if (this.#kept <= most)
      return;
    const top = this.#scroller.scrollTop;
    const last = /** @type {HTMLElement} */ (this.#leaf);
    const before = last.offsetTop;
    const mark = this.#mark;
    while (this.#kept > most && this.#list.firstElementChild !== last) {
      const leaf = /** @type {HTMLElement} */ (this.#list.firstElementChild);
      const count = leaf.querySelectorAll('.message').length;
      this.#kept -= count;
      this.#trimmed += count;
      leaf.remove();
    }
    this.#headAgain(mark);
    this.#tellTrimmed();
    // What is read stays where it is; not every browser does this itself.
    this.#scroller.scrollTop = top + last.offsetTop - before;
    this.#lastTop = this.#scroller.scrollTop;
  }

  /**
   * The list has lost its head: what is first now tells its day and time,
   * and if the mark went everything left is new.
   * @param {HTMLElement | null} mark
   */
  #headAgain(mark) {
    const leaf = /** @type {HTMLElement} */ (this.#list.firstElementChild);
    const first = /** @type {HTMLElement} */ (leaf.querySelector('.message'));
    first.classList.add('first', 'timed');
    if (mark && !mark.isConnected)
      leaf.prepend(mark);
    if (!leaf.firstElementChild?.classList.contains('day'))
      leaf.prepend(dayLine(Date.parse(first.querySelector('time')?.dateTime ?? '')));
  }

  #tellTrimmed() {
    this.#trimmedNote.hidden = false;
    this.#trimmedNote.textContent = t('trimmed', number(this.#trimmed));
  }

  #unmark() {
    this.#mark?.remove();
    this.#mark = null;
  }

  #pin() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastTop = this.#scroller.scrollTop;
  }

  #atBottom() {
    const { scrollHeight, clientHeight, scrollTop } = this.#scroller;
    return scrollHeight - clientHeight - scrollTop <= BOTTOM;
  }

  /** Only who moves up leaves the bottom: the page growing under a reader
   * who follows is no wish of his. */
  #scrolled() {
    const top = this.#scroller.scrollTop;
    if (this.#atBottom()) {
      this.#following = true;
      this.#seen();
    } else if (top < this.#lastTop) {
      this.#following = false;
    }
    this.#lastTop = top;
    this.#showNewest();
  }

  #seen() {
    if (document.hidden)
      return;
    this.#unseen = 0;
    this.#showNewest();
  }

  /** The page was hidden and is looked at again: who followed goes on from
   * where he was, as far down as the mark stays in view. */
  #looked() {
    if (document.hidden)
      return;
    this.#flush();
    if (!this.#following)
      return;
    if (this.#unseen > 0 && this.#mark) {
      const room = this.#scroller.getBoundingClientRect();
      const mark = this.#mark.getBoundingClientRect();
      this.#scroller.scrollTop += mark.top - room.top - BOTTOM;
      this.#lastTop = this.#scroller.scrollTop;
      this.#following = this.#atBottom();
    }
    if (this.#following)
      this.toNewest();
    this.#showNewest();
  }

  #showNewest() {
    const label = /** @type {HTMLElement} */ (this.#newest.firstElementChild);
    this.#newest.hidden = this.#following;
    label.textContent = this.#unseen > 0 ? t('newCount', number(this.#unseen)) : '';
    if (this.#unseen > 0)
      this.#newest.removeAttribute('aria-label');
    else
      this.#newest.setAttribute('aria-label', t('newest'));
  }

  /**
   * Arrows go from message to message, so that keys alone reach each one
   * and its time.
   * @param {KeyboardEvent} event
   */
  #walk(event) {
    const here = /** @type {Element} */ (event.target).closest('.message');
    const steps = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey)
      return;
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    const all = /** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll('.message'));
    if (all.length === 0)
      return;
    const from = here
      ? [...all].indexOf(/** @type {HTMLElement} */ (here))
      : this.#lastInView(all) + (step < 0 ? 1 : 0);
    const to = Math.max(0, Math.min(all.length - 1, from + step));
    event.preventDefault();
    all[to].focus();
  }

  /** @param {NodeListOf<HTMLElement>} all */
  #lastInView(all) {
    const { bottom } = this.#scroller.getBoundingClientRect();
    let at = all.length - 1;
    while (at > 0 && all[at].getBoundingClientRect().bottom > bottom + 1)
      at--;
    return at;
  }
}
