// SPDX-License-Identifier: MIT
// The socket, and nothing of what is said on it: opens it, notices when it
// is gone, and tries again with growing pauses until the page goes away.
//
//   connecting -> connected -> waiting -> connecting -> ...
//
// Every socket that is given up is first cut off from us, so that no late
// event of it is taken for one of its successor.

/** Pauses between tries in ms: doubling from FIRST, never over LONGEST. */
const FIRST = 1000;
const LONGEST = 30_000;
/** A try that has heard nothing for so long has failed. */
const PATIENCE = 10_000;
/** Only a connection that lasted so long starts the pauses anew; else a
 * server which accepts and drops would be asked every second. */
const STEADY = 5000;

/**
 * @typedef {'connecting' | 'connected' | 'waiting'} State
 * @typedef {object} Handlers
 * @property {(state: State) => void} state
 * @property {(data: string) => void} frame a text message came
 * @property {(code: number) => void} lost a connection that was up has
 *   ended; before the state changes
 */

export class Connection {
  /** @type {State} */
  state = 'connecting';
  /** When the next try comes, in ms of Date.now(); while waiting. */
  retryAt = 0;

  #url;
  #handlers;
  /** @type {WebSocket | null} */
  #socket = null;
  #tries = 0;
  #since = 0;
  /** The pause, or the patience with a try: never both. */
  #timer = 0;

  /**
   * @param {string} url
   * @param {Handlers} handlers
   */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    addEventListener('online', () => this.retryNow());
    // Timers of hidden pages are slowed down: who comes back shall not wait
    // for one of them.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden)
        this.retryNow();
    });
  }

  open() {
    this.#change('connecting');
    this.#timer = setTimeout(() => this.#ended(1006), PATIENCE);
    let socket;
    try {
      socket = new WebSocket(this.#url);
    } catch {
      this.#ended(1006);
      return;
    }
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onclose = (event) => this.#ended(event.code);
    socket.onmessage = (event) => {
      if (typeof event.data === 'string')
        this.#handlers.frame(event.data);
    };
  }

  /** Cuts a pause short; does nothing in other states. */
  retryNow() {
    if (this.state !== 'waiting')
      return;
    clearTimeout(this.#timer);
    this.open();
  }

  /**
   * @param {string} data
   * @returns {boolean} false: there is no connection, nothing was sent
   */
  send(data) {
    if (this.state !== 'connected' || this.#socket?.readyState !== WebSocket.OPEN)
      return false;
    this.#socket.send(data);
    return true;
  }

  /** For who noticed that the other side is silent: gives the socket up. */
  drop() {
    if (this.state === 'connected')
      this.#ended(1006);
  }

  #opened() {
    clearTimeout(this.#timer);
    this.#since = Date.now();
    this.#change('connected');
  }

  /** @param {number} code */
  #ended(code) {
    clearTimeout(this.#timer);
    this.#abandon();
    if (this.state === 'connected') {
      if (Date.now() - this.#since >= STEADY)
        this.#tries = 0;
      this.#handlers.lost(code);
    }
    const pause = this.#pause();
    this.retryAt = Date.now() + pause;
    this.#timer = setTimeout(() => this.open(), pause);
    this.#change('waiting');
  }

  #abandon() {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket)
      return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  /** Half of it is chance, so that a restarted server isn't met by everyone
   * in the same instant. */
  #pause() {
    const longest = Math.min(FIRST * 2 ** this.#tries, LONGEST);
    this.#tries++;
    return longest * (0.5 + Math.random() / 2);
  }

  /** @param {State} state */
  #change(state) {
    this.state = state;
    this.#handlers.state(state);
  }
}
