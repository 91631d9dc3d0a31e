// SPDX-License-Identifier: MIT
//
// The same chat on npm's ws, as one writes it there: one thread, and a send to
// each client for each message.
import http from 'node:http';
import WebSocket, { WebSocketServer }
  from '../../e2e/node_modules/ws/wrapper.mjs';

const server = http.createServer();
const wss = new WebSocketServer({
  server, path: '/ws', maxPayload: 512, perMessageDeflate: false });

wss.on('connection', (ws) => {
  ws.on('error', () => {}); // its close follows
  ws.on('message', (data) => {
    const text = String(data).replaceAll('\n', ' ').trim();
    for (const client of wss.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(text);
    }
  });
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
