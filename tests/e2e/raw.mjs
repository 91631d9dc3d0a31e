// SPDX-License-Identifier: MIT
//
// A client made of nothing but a socket, for what no well-behaved client does:
// bytes go out as they are, and what comes back is read frame by frame,
// strictly.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { patience, within } from './harness.mjs';

export const TEXT = 1;
export const BINARY = 2;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

// ---- Frames ----

// A client's frame.  length: what the head says, where that isn't the truth;
// lengthBytes: 0, 2 or 8, where it isn't the shortest form.
export function frame(opcode, payload = '', options = {}) {
  const body = Buffer.from(payload);
  const { fin = true, rsv = 0, mask = true, length = body.length } = options;
  const { lengthBytes = length > 65535 ? 8 : length > 125 ? 2 : 0 } = options;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask ? 0x80 : 0) |
    (lengthBytes === 8 ? 127 : lengthBytes === 2 ? 126 : Number(length));
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!mask) return Buffer.concat([head, body]);
  const key = randomBytes(4);
  const masked = Buffer.alloc(body.length);
  for (let i = 0; i < body.length; i++) masked[i] = body[i] ^ key[i & 3];
  return Buffer.concat([head, key, masked]);
}

export function closeFrame(code, reason = '') {
  const body = Buffer.alloc(2);
  body.writeUInt16BE(code);
  return frame(CLOSE, Buffer.concat([body, Buffer.from(reason)]));
}

// A message in pieces of these sizes, the rest in the last.
export function fragments(opcode, payload, sizes) {
  const body = Buffer.from(payload);
  const frames = [];
  let at = 0;
  for (const size of [...sizes, body.length]) {
    frames.push(frame(frames.length ? CONTINUATION : opcode,
      body.subarray(at, at + size), { fin: frames.length === sizes.length }));
    at += size;
  }
  return Buffer.concat(frames);
}

// ---- The opening handshake ----

export const key = 'dGhlIHNhbXBsZSBub25jZQ==';

// A request's head from its lines.  A header of null is left out.
export function request(line, headers = {}) {
  const lines = Object.entries({ Host: 'localhost', ...headers })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

export function upgradeRequest(target = '/ws', headers = {}) {
  return request(`GET ${target}`, {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
    ...headers,
  });
}

export function acceptOf(someKey) {
  return createHash('sha1')
    .update(`${someKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
}

// ---- The socket ----

export class Raw {
  #chunks = [];
  #length = 0;
  #wake = () => {};
  ended = false; // the server has ended its side
  error = null; // ECONNRESET, for one

  // to: {host, port} or {path}, or a server of the harness.
  static async connect(to, options = {}) {
    const raw = new Raw();
    const { host, port, path } = to;
    const address = path ? { path } : { host, port };
    raw.socket = net.connect({ ...address, allowHalfOpen: true,
      noDelay: true, ...options });
    raw.#listen();
    to.clients?.add(raw);
    await within(new Promise((done, fail) => {
      raw.socket.once('connect', done);
      raw.socket.once('error', fail);
    }), 'a connection');
    return raw;
  }

  // A connection that has been upgraded.
  static async upgrade(to, target = '/ws', headers = {}) {
    const raw = await Raw.connect(to);
    raw.send(upgradeRequest(target, headers));
    const answer = await raw.answer();
    assert.equal(answer.status, 101, answer.text);
    return raw;
  }

  #listen() {
    this.socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    this.socket.on('end', () => { this.ended = true; this.#wake(); });
    this.socket.on('error', (error) => { this.error = error; this.#wake(); });
    this.socket.on('close', () => { this.ended = true; this.#wake(); });
  }

  // Writes; true where the kernel has taken all of it so far.
  send(bytes) {
    return this.socket.write(bytes);
  }

  // Writes, and waits until the kernel has taken all of it.
  async sendAll(bytes) {
    await within(new Promise((done, fail) => {
      this.socket.write(bytes, (error) => (error ? fail(error) : done()));
    }), 'the server takes what is sent');
  }

  // Ends our side; we go on reading.
  end() {
    this.socket.end();
  }

  // Gone, without a word.
  destroy() {
    this.socket.destroy();
  }

  // Resets the connection, as a machine does whose program died.
  reset() {
    this.socket.resetAndDestroy();
  }

  // ---- Reading ----

  #merged() {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #take(n) {
    const all = this.#merged();
    this.#chunks = [all.subarray(n)];
    this.#length = all.length - n;
    return all.subarray(0, n);
  }

  // Waits until the question has an answer, of what has been read so far, or
  // nothing more can come: null.
  async #await(question, what) {
    const deadline = Date.now() + patience;
    for (;;) {
      const answer = question();
      if (answer) return answer;
      if (this.ended || this.error) return null;
      const woken = new Promise((done) => { this.#wake = done; });
      await within(woken, what, Math.max(1, deadline - Date.now()));
    }
  }

  // The next n bytes, or null where the stream ends before.
  async bytes(n, what = `${n} bytes`) {
    const there = await this.#await(() => this.#length >= n, what);
    return there ? this.#take(n) : null;
  }

  // The next answer to a request: {status, reason, headers, body, text}.
  // withBody: false where it answers a HEAD.
  async answer({ withBody = true } = {}) {
    const end = await this.#await(
      () => this.#merged().indexOf('\r\n\r\n') + 1, 'an answer');
    assert(end, `an answer's head, not ${this.#merged()} ${this.error ?? ''}`);
    const head = this.#take(end + 3).toString('latin1');
    const [first, ...lines] = head.trimEnd().split('\r\n');
    const match = first.match(/^HTTP\/1\.1 (\d{3}) (.+)$/);
    assert(match, `a status line, not ${first}`);
    const status = Number(match[1]);
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      assert(colon > 0, `a header, not ${line}`);
      const name = line.slice(0, colon).toLowerCase();
      assert(!(name in headers), `${name} comes twice`);
      headers[name] = line.slice(colon + 1).trim();
    }
    const length = withBody && status !== 304 && status !== 101
      ? Number(headers['content-length'] ?? 0) : 0;
    const body = await this.bytes(length, 'the answer\'s body');
    assert(body, 'the answer has its whole body');
    return { status, reason: match[2], headers, body, text: String(body) };
  }

  // The server's next frame, {fin, opcode, payload}, or null where the stream
  // has ended.  It is whole, unmasked, in its shortest form.
  async frame() {
    let head = await this.bytes(2, 'a frame');
    if (!head) {
      assert.equal(this.#length, 0, 'half a frame at the end');
      return null;
    }
    const fin = (head[0] & 0x80) !== 0;
    const opcode = head[0] & 15;
    assert.equal(head[0] & 0x70, 0, 'no reserved bit is set');
    assert.equal(head[1] & 0x80, 0, 'servers don\'t mask');
    let length = head[1];
    if (length === 126) {
      head = await this.bytes(2);
      length = head.readUInt16BE();
      assert(length > 125, 'the shortest length');
    } else if (length === 127) {
      head = await this.bytes(8);
      length = Number(head.readBigUInt64BE());
      assert(length > 65535, 'the shortest length');
    }
    if (opcode >= 8) assert(fin && length <= 125, 'a control frame\'s form');
    const payload = await this.bytes(length, 'a frame\'s payload');
    assert(payload, 'a whole payload');
    return { fin, opcode, payload };
  }

  // The next frame is a message of that opcode; its text or bytes.
  async message(opcode = TEXT) {
    const f = await this.frame();
    assert(f, `a message, but the stream ended ${this.error ?? ''}`);
    assert.equal(f.opcode, opcode, `opcode; payload ${
      f.payload.subarray(0, 130).toString('latin1')}`);
    assert(f.fin, 'whole messages');
    return opcode === TEXT ? f.payload.toString() : f.payload;
  }

  // The next frame is a Close: its {code, reason}.
  async closed() {
    const f = await this.frame();
    assert(f, `a Close, but the stream ended ${this.error ?? ''}`);
    assert.equal(f.opcode, CLOSE, `a Close, not ${f.payload}`);
    if (f.payload.length === 0) return { code: 1005, reason: '' };
    return { code: f.payload.readUInt16BE(),
      reason: f.payload.subarray(2).toString() };
  }

  // Waits until the server ends its side, in order; what it said until then.
  async rest() {
    await this.#await(() => false, 'the end of the stream');
    assert.equal(this.error, null, `a clean end: ${this.error}`);
    return this.#take(this.#length);
  }
}
