// SPDX-License-Identifier: MIT
// The plain dialect: what goes over the wire is the text itself. The server
// sends every message to everybody, the sender included; it turns newlines
// into spaces, trims, and may join messages that wait with a newline.
// We do its changes to the text before sending, so that what comes back is
// what was sent, byte for byte, and the outbox can recognise it.

/** Bytes of UTF-8 in a message; what the server closes with over it. */
export const LIMIT = 512;
export const TOO_LONG = 1009;

const SPACE = /\p{White_Space}/u;
const encoder = new TextEncoder();

/**
 * A loop in place of a regular expression anchored at the end, whose time
 * grows with the square of a long run of spaces.
 * @param {string} text
 */
function trim(text) {
  let from = 0;
  let to = text.length;
  while (from < to && SPACE.test(text[from]))
    from++;
  while (to > from && SPACE.test(text[to - 1]))
    to--;
  return text.slice(from, to);
}

/**
 * What the server will make of a text. Half a surrogate pair cannot be said
 * in UTF-8; the socket would replace it, so it is done here, to match.
 * @param {string} text
 */
export function encode(text) {
  return trim(text.replaceAll('\n', ' ')).replace(/\p{Surrogate}/gu, '\ufffd');
}

/**
 * The messages in one frame. Empty ones say nothing and are left out.
 * @param {string} frame
 */
export function decode(frame) {
  return frame.split('\n').filter((line) => line !== '');
}

/** @param {string} text */
export function bytes(text) {
  return encoder.encode(text).length;
}
