// SPDX-License-Identifier: MIT
//
// Somebody who chats, by npm's ws: an implementation that has nothing in
// common with chatd.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { until, within } from './harness.mjs';

export class Chatter {
  messages = []; // frames as they came; a frame may hold several lines
  heard = []; // chat messages in their order
  #next = 0; // of heard, for hear()
  closed = null; // {code, reason}

  // Connects, and returns once the hub knows it: a ping's answer comes from
  // the reader, after it has registered.
  static async join(server, { target = '/ws', protocols = [],
    ...options } = {}) {
    const chatter = new Chatter();
    const ws = new WebSocket(server.ws(target), protocols, {
      perMessageDeflate: false, ...options });
    chatter.ws = ws;
    server.clients.add(chatter);
    ws.on('message', (data, isBinary) => chatter.#take(data, isBinary));
    ws.on('close', (code, reason) => {
      chatter.closed = { code, reason: String(reason) };
    });
    await within(once(ws, 'open'), 'the upgrade');
    ws.on('error', (error) => { chatter.error = error; });
    await chatter.sync();
    return chatter;
  }

  #take(data, isBinary) {
    assert(!isBinary, 'the chat is text');
    this.messages.push(String(data));
    this.heard.push(...String(data).split('\n'));
  }

  say(text) {
    this.ws.send(text);
  }

  // Waits until the server has read all that was said so far.
  async sync() {
    const pong = once(this.ws, 'pong');
    this.ws.ping();
    await within(pong, 'a pong');
  }

  // The next chat message.
  async hear() {
    await until(() => this.#next < this.heard.length || this.closed,
      'a chat message');
    assert(this.#next < this.heard.length,
      `a message, but it was closed: ${JSON.stringify(this.closed)}`);
    return this.heard[this.#next++];
  }

  // The next n.
  async hearAll(n) {
    const some = [];
    while (some.length < n) some.push(await this.hear());
    return some;
  }

  // Waits for the end: {code, reason}.
  async ended() {
    await until(() => this.closed, 'the end of the connection');
    return this.closed;
  }

  // Leaves as one does.
  async leave(code = 1000) {
    this.ws.close(code);
    return this.ended();
  }

  destroy() {
    this.ws.terminate();
  }
}

// Each says something and all hear it: the chat is well.
export async function chatIsWell(chatters, tag = '') {
  for (const [i, chatter] of chatters.entries()) {
    const text = `${tag} says ${i}`.trim();
    chatter.say(text);
    for (const other of chatters) assert.equal(await other.hear(), text);
  }
}
