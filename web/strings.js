// SPDX-License-Identifier: MIT
// The page's words, in English and Chinese, and how the reader writes times,
// dates and numbers. A new language is one more table with the same keys.

/** @typedef {Record<string, string | ((...args: any[]) => string)>} Table */

/** @type {Table} */
const en = {
  messages: 'Messages',
  message: 'Message',
  write: 'Write a message',
  send: 'Send',
  close: 'Close',
  dark: 'Dark colours',

  connecting: 'connecting',
  connected: 'connected',
  waiting: 'no connection',
  countdown: (/** @type {number} */ s) => `next try in ${s} s`,
  trying: 'trying…',
  retry: 'Now',
  retryNow: 'Try now',

  emptyConnecting: 'Connecting…',
  emptyConnected: 'Nobody has said anything since you came. Be the first.',
  emptyConnectedMore: 'Nothing is kept here: you see what is said while this page is open.',
  emptyWaiting: 'The server cannot be reached.',
  emptyWaitingMore:
    'You can write already: your draft is kept, and can be sent once the connection is back.',

  you: 'You: ',
  pending: 'Being sent',
  newest: 'To the newest message',
  newCount: (/** @type {string} */ n) => `${n} new`,
  newMark: 'new',
  trimmed: (/** @type {string} */ n) => `${n} earlier ones are no longer on this page`,
  gap: (/** @type {string} */ from, /** @type {string} */ to) =>
    from === to
      ? `No connection at ${from}. What was said meanwhile is missing here.`
      : `No connection from ${from} to ${to}. What was said meanwhile is missing here.`,

  near: (/** @type {number} */ n) => (n === 1 ? '1 byte left' : `${n} bytes left`),
  over: (/** @type {number} */ n) =>
    `Too long by ${n === 1 ? '1 byte' : `${n} bytes`}. Shorten it to send it.`,
  joined: 'Line breaks become spaces.',
  offline: 'No connection. What you write is kept.',
  refused: 'Not sent, no connection. Your text stays.',

  unsent: 'Unsure messages',
  unsentWhy: 'The connection ended before this came back. Perhaps nobody saw it.',
  unsentLong: 'The server closed the connection: a message was too long for it.',
  again: 'Send again',
  discard: 'Discard',

  keys: 'Keys',
  keySend: 'Send',
  keyBreak: 'New line',
  keyScroll: 'Scroll the messages',
  keyWalk: 'In the messages: one by one',
  keyBottom: 'Close this; to the newest message',
  keyHelp: 'When not writing: this list',
};

/** @type {Table} */
const zh = {
  messages: '消息',
  message: '消息',
  write: '写消息',
  send: '发送',
  close: '关闭',
  dark: '深色',

  connecting: '正在连接',
  connected: '已连接',
  waiting: '未连接',
  countdown: (s) => `${s} 秒后重试`,
  trying: '正在重试…',
  retry: '立即重试',
  retryNow: '立即重试',

  emptyConnecting: '正在连接…',
  emptyConnected: '你来之后还没有人说话，来说第一句吧。',
  emptyConnectedMore: '这里不保存消息：只能看到本页打开期间的内容。',
  emptyWaiting: '无法连接服务器。',
  emptyWaitingMore: '现在就可以写：草稿会保留，连接恢复后即可发送。',

  you: '你：',
  pending: '正在发送',
  newest: '跳到最新消息',
  newCount: (n) => `${n} 条新消息`,
  newMark: '新消息',
  trimmed: (n) => `更早的 ${n} 条消息已不在本页`,
  gap: (from, to) =>
    from === to
      ? `${from} 连接中断，其间的消息未能收到。`
      : `${from} 至 ${to} 连接中断，其间的消息未能收到。`,

  near: (n) => `还可输入 ${n} 字节`,
  over: (n) => `超出 ${n} 字节，请缩短后再发送。`,
  joined: '换行会变成空格。',
  offline: '未连接。写下的内容会保留。',
  refused: '未发送，当前没有连接。内容仍在。',

  unsent: '未确认的消息',
  unsentWhy: '连接在消息返回之前中断，可能没有人看到。',
  unsentLong: '服务器关闭了连接：有一条消息过长。',
  again: '重新发送',
  discard: '丢弃',

  keys: '按键',
  keySend: '发送',
  keyBreak: '换行',
  keyScroll: '滚动消息',
  keyWalk: '在消息中：逐条移动',
  keyBottom: '关闭本窗口，或跳到最新消息',
  keyHelp: '不在输入时：显示本列表',
};

/** The first of the reader's languages that we have, else English. */
const chosen = navigator.languages.map((tag) => tag.toLowerCase().split('-')[0])
  .find((tag) => tag === 'en' || tag === 'zh');
const table = chosen === 'zh' ? zh : en;

/**
 * @param {string} key
 * @param {...any} args
 */
export function t(key, ...args) {
  const entry = table[key];
  return typeof entry === 'function' ? entry(...args) : entry;
}

/** Puts the words into the elements of index.html that name them. */
export function translate() {
  document.documentElement.lang = table === zh ? 'zh-Hans' : 'en';
  for (const e of document.querySelectorAll('[data-text]'))
    e.textContent = t(/** @type {HTMLElement} */ (e).dataset.text ?? '');
  for (const e of document.querySelectorAll('[data-placeholder]'))
    e.setAttribute('placeholder', t(/** @type {HTMLElement} */ (e).dataset.placeholder ?? ''));
  for (const e of document.querySelectorAll('[data-label]')) {
    const words = t(/** @type {HTMLElement} */ (e).dataset.label ?? '');
    e.setAttribute('aria-label', words);
    // A picture alone says little: buttons show their name on hover.
    if (e instanceof HTMLButtonElement)
      e.title = words;
  }
}

// Times, dates and numbers are in the reader's own locale, also where the
// words are not: who reads German and English wants 14:05, not 2:05 PM.
const locales = [...navigator.languages];
const clockFormat = new Intl.DateTimeFormat(locales, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(locales, { dateStyle: 'full' });
const wholeFormat = new Intl.DateTimeFormat(locales, { dateStyle: 'full', timeStyle: 'medium' });
const numberFormat = new Intl.NumberFormat(locales);

/** The language that dates come out in, for their `lang`. */
export const dateLanguage = dayFormat.resolvedOptions().locale;

/** @param {number} at ms */
export const clock = (at) => clockFormat.format(at);
/** @param {number} at ms */
export const day = (at) => dayFormat.format(at);
/** @param {number} at ms */
export const whole = (at) => wholeFormat.format(at);
/** @param {number} n */
export const number = (n) => numberFormat.format(n);
