// SPDX-License-Identifier: MIT
// What the page remembers between visits: drafts. A browser may refuse
// (private windows, a full disk, a policy); then the page just forgets, so
// every access is guarded here and nobody else asks.

const PREFIX = 'chatd.';

/**
 * @param {string} key
 * @returns {string} what was kept, or ''
 */
export function recall(key) {
  try {
    return localStorage.getItem(PREFIX + key) ?? '';
  } catch {
    return '';
  }
}

/**
 * @param {string} key
 * @param {string} value '' forgets the key
 */
export function remember(key, value) {
  try {
    if (value === '')
      localStorage.removeItem(PREFIX + key);
    else
      localStorage.setItem(PREFIX + key, value);
  } catch {
    // Refused: the draft lives as long as the page.
  }
}
