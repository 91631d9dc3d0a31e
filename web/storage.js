// SPDX-License-Identifier: MIT
// What the page remembers: in the tab, over a reload, and in the browser,
// over days. A browser may refuse (private windows, a full disk, a policy);
// then the page just forgets, so every access is guarded here and nobody
// else asks.

const PREFIX = 'chatd.';

/** @typedef {'sessionStorage' | 'localStorage'} Where */

/**
 * @param {Where} where
 * @param {string} key
 * @returns {string | null} null: nothing is kept
 */
function read(where, key) {
  try {
    return window[where].getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/**
 * @param {Where} where
 * @param {string} key
 * @param {string} value
 */
function write(where, key, value) {
  try {
    window[where].setItem(PREFIX + key, value);
  } catch {
    // Refused: it lives as long as the page.
  }
}

/**
 * What was kept in this tab; else, in a new one, what was kept last in any.
 * @param {string} key
 * @returns {string} '' where there is nothing
 */
export function recall(key) {
  return recallHere(key) ?? read('localStorage', key) ?? '';
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  rememberHere(key, value);
  write('localStorage', key, value);
}

/**
 * What belongs to this tab alone.
 * @param {string} key
 */
export function recallHere(key) {
  return read('sessionStorage', key);
}

/**
 * @param {string} key
 * @param {string} value
 */
export function rememberHere(key, value) {
  write('sessionStorage', key, value);
}
