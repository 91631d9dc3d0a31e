// SPDX-License-Identifier: MIT
// Calls for the eyes of who looks elsewhere: while the page is hidden its
// title counts what was said and its icon has a dot.

import { number } from './strings.js';

const title = document.title;
const icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel=icon]'));
let count = 0;

function show() {
  document.title = count > 0 ? `(${number(count)}) ${title}` : title;
  icon.href = count > 0 ? 'icon-unread.svg' : 'icon.svg';
}

/** @param {number} messages how many came */
export function call(messages) {
  if (!document.hidden)
    return;
  count += messages;
  show();
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden)
    return;
  count = 0;
  show();
});
