// SPDX-License-Identifier: MIT
// Turns a message's text into nodes. Text is set as text, never parsed as
// HTML; of everything in it only two things are more than text: what stands
// between backticks is set in monospace, and web and mail addresses become
// links. Every pattern is linear in the text's length.

// A run of backticks, text without any, the same run. Or an address, which
// ends at white space, at quotes and brackets of any script, and at the
// invisible characters that turn the reading direction.
const SPECIAL = new RegExp(
  '(?<!`)(?<ticks>`+)(?!`)(?<code>[^`]+)\\k<ticks>(?!`)' +
  '|\\b(?<link>(?:https?://|mailto:)' +
  '[^\\s<>"`，。！？、；：（）「」『』【】《》〈〉“”‘’' +
  '\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]+)', 'giu');

const SCHEMES = ['http:', 'https:', 'mailto:'];

/**
 * The address without what belongs to the sentence around it: "(see
 * https://example.org/a_(b))." keeps the inner bracket and loses the rest.
 * @param {string} address
 */
function tidy(address) {
  let end = address.length;
  const open = { ')': '(', ']': '[' };
  /** @param {string} c */
  const count = (c) => address.split(c).length - 1;
  const spare = { ')': count(')') - count('('), ']': count(']') - count('[') };
  for (; end > 0; end--) {
    const last = address[end - 1];
    if (last in open) {
      const bracket = /** @type {keyof typeof open} */ (last);
      if (spare[bracket] <= 0)
        break;
      spare[bracket]--;
    } else if (!'.,:;!?\''.includes(last)) {
      break;
    }
  }
  return address.slice(0, end);
}

/**
 * @param {string} address
 * @returns {HTMLAnchorElement | null} null: not an address after all
 */
function link(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (!SCHEMES.includes(url.protocol) || (url.protocol === 'mailto:' && url.pathname === ''))
    return null;
  const a = document.createElement('a');
  a.href = url.href;
  a.target = '_blank';
  a.rel = 'noopener noreferrer';
  a.textContent = address;
  return a;
}

/**
 * @param {string} text
 * @returns {Node}
 */
export function render(text) {
  // Most messages have neither; they cost no more than their text.
  if (!text.includes('`') && !text.includes(':'))
    return document.createTextNode(text);

  const nodes = document.createDocumentFragment();
  let done = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const { code, link: address } = /** @type {Record<string, string>} */ (match.groups);
    let length = match[0].length;
    let node = null;
    if (address) {
      const tidied = tidy(address);
      length = tidied.length;
      node = link(tidied);
    } else if (code.trim() !== '') {
      node = document.createElement('code');
      node.textContent = code;
    }
    if (!node)
      continue;
    nodes.append(text.slice(done, match.index), node);
    done = match.index + length;
  }
  nodes.append(text.slice(done));
  return nodes;
}
