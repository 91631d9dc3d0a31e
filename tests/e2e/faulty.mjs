// SPDX-License-Identifier: MIT
//
// A chat server, on npm's ws, that errs as it is told to: for the tests of
// chatbench, which must notice.
import { once } from 'node:events';
import http from 'node:http';
import { WebSocketServer } from 'ws';

// Where things are in chatbench's messages; see src/tools/chatbench_script.c.
function letters(text, from, till) {
  let value = 0;
  for (const c of text.slice(from, till)) {
    value = value * 16 + c.charCodeAt(0) - 97;
  }
  return value;
}

export function parse(text) {
  return { sender: letters(text, 8, 12), seq: letters(text, 12, 20) };
}

function isHello(text) {
  return text.slice(8, 12) === 'zzzz';
}

export class FaultyServer {
  clients = []; // registered ones, in their order
  heard = []; // messages in the order they came, without hellos
  upgrades = 0;
  addresses = new Set(); // of those who came
  codes = []; // with which they closed
  #http = http.createServer();
  #plans;

  // plans, each of them optional:
  //   upgrade(request, socket)  true: it has dealt with the upgrade
  //   joining(client)           a promise: when it is registered
  //   taking(message)           a promise: when it is handled, and the next
  //   giving(client, message)   in place of client.give(message.text);
  //                             message.n counts those of all senders
  static async start(t, plans = {}) {
    const server = new FaultyServer();
    server.#plans = plans;
    const wss = new WebSocketServer({ noServer: true });
    server.#http.on('upgrade', (request, socket, head) => {
      server.upgrades++;
      server.addresses.add(socket.remoteAddress);
      if (plans.upgrade?.(request, socket)) return;
      wss.handleUpgrade(request, socket, head, (ws) => server.#join(ws));
    });
    server.#http.listen(0, '127.0.0.1');
    await once(server.#http, 'listening');
    server.url = `ws://127.0.0.1:${server.#http.address().port}/ws`;
    t.after(() => {
      for (const ws of wss.clients) ws.terminate();
      server.#http.closeAllConnections();
      server.#http.close();
    });
    return server;
  }

  async #join(ws) {
    const client = { ws, socket: ws._socket, give: (text) => ws.send(text) };
    let turn = Promise.resolve();
    ws.on('message', (data) => {
      turn = turn.then(() => this.#take(String(data)));
    });
    ws.on('error', () => {});
    ws.on('close', (code) => {
      this.codes.push(code);
      this.clients = this.clients.filter((other) => other !== client);
    });
    await this.#plans.joining?.(client);
    client.index = this.clients.length;
    this.clients.push(client);
  }

  async #take(text) {
    if (isHello(text)) {
      for (const client of this.clients) client.give(text);
      return;
    }
    const message = { text, n: this.heard.length, ...parse(text) };
    this.heard.push(message);
    await this.#plans.taking?.(message);
    for (const client of this.clients) {
      if (this.#plans.giving) this.#plans.giving(client, message);
      else client.give(text);
    }
  }
}
