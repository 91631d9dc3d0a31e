// SPDX-License-Identifier: MIT
// The lines of the log as elements: a message, a day, the mark "new", a note.

import { clock, dateLanguage, day, t, whole } from './strings.js';
import { render } from './message.js';

/**
 * @typedef {object} Entry
 * @property {string} text
 * @property {number} at when it came here, in ms
 * @property {boolean} mine
 */

/** Messages this close, in ms, and both one's own or both not, are a group. */
const GROUP = 5 * 60_000;

/** Where in the log a line comes: what its group began with, if it has begun,
 * and the time that was last told.
 * @typedef {{began: Entry | null, told: string}} Place */

/** @type {Place} at which a group begins and tells its time */
export const ANEW = { began: null, told: '' };

/** @param {string} name */
export function line(name) {
  const item = document.createElement('div');
  item.className = name;
  item.setAttribute('role', 'listitem');
  return item;
}

/**
 * A message, and the place after it. The first of a group tells its time,
 * unless the group before has told the same.
 * @param {Entry} entry
 * @param {Place} place
 * @returns {{item: HTMLElement, after: Place}}
 */
export function messageLine(entry, place) {
  const first = !joins(entry, place.began);
  const told = clock(entry.at);
  const timed = first && told !== place.told;
  const item = line('message');
  item.tabIndex = -1;
  item.classList.toggle('first', first);
  item.classList.toggle('timed', timed);
  item.classList.toggle('mine', entry.mine);

  const time = document.createElement('time');
  time.dateTime = new Date(entry.at).toISOString();
  time.textContent = told;
  time.title = whole(entry.at);
  time.lang = dateLanguage;
  item.append(time);
  if (entry.mine) {
    const you = document.createElement('span');
    you.className = 'heard';
    you.textContent = t('you');
    item.append(you);
  }
  const words = document.createElement('p');
  words.dir = 'auto';
  words.append(render(entry.text));
  item.append(words);
  return { item, after: { began: first ? entry : place.began, told: timed ? told : place.told } };
}

/**
 * The clock may be set back: that begins a group too.
 * @param {Entry} entry
 * @param {Entry | null} began
 */
function joins(entry, began) {
  return began !== null && entry.mine === began.mine &&
    entry.at >= began.at && entry.at - began.at <= GROUP;
}

/**
 * A message under way: a small clock tells so, once it takes long.
 * @param {Entry} entry
 * @param {Place} place
 */
export function pendingLine(entry, place) {
  const made = messageLine(entry, place);
  made.item.classList.add('pending');
  // Lines are made anew while they wait; how long they did goes on.
  made.item.style.setProperty('--age', `${Date.now() - entry.at}ms`);
  const picture = /** @type {HTMLTemplateElement} */ (document.getElementById('clock'));
  made.item.prepend(picture.content.cloneNode(true));
  return made;
}

/** @param {number} at */
export function dayLine(at) {
  const item = line('day');
  const time = document.createElement('time');
  time.dateTime = new Date(at).toISOString();
  time.textContent = day(at);
  time.lang = dateLanguage;
  item.append(time);
  return item;
}
