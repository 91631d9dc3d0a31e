// SPDX-License-Identifier: MIT
//
// Starts chatd for a test, looks at it from outside, and stops it.
//
//   test('two clients talk', async (t) => {
//     const server = await start(t, { set: { 'server.echo': 'on' } });
//     ...                       // server.url: http://127.0.0.1:40123/
//   });
//
// Each test has a server of its own, on a port that the kernel chose.  It is
// stopped when the test ends, and the test fails unless it exits with 0,
// holds nothing any more and no sanitizer has complained.  Nothing here
// sleeps: whoever waits looks for a state, with a deadline.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync,
  readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

// The program under test; Meson names that of its own build directory.
export const chatd =
  process.env.CHATD ?? path.join(here, '../../build/src/chatd');

// Where tests may leave what people look at, such as screenshots.
export const outputDir =
  process.env.CHATD_E2E_OUTPUT ?? path.join(here, '../../build/tests/e2e');

// Sanitizers are slow, and multiply how long tests wait; never how long
// things take.
export const slow = Number(process.env.CHATD_TEST_SLOW ?? 1);
export const patience = 20_000 * slow; // ms until a wait is given up

export const isRoot = process.getuid() === 0;

// ---- Waiting ----

export function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

// Asks again and again until the answer is true, and returns it.
export async function until(question, what, ms = patience) {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > deadline) {
      throw new Error(`waited in vain: ${
        typeof what === 'function' ? what() : what}`);
    }
    await sleep(5);
  }
}

// The promise's value, or an error once it has taken too long.
export async function within(promise, what, ms = patience) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(
      () => fail(new Error(`waited in vain: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// ---- Programs ----

// What must not outlive this process, however it ends.
const running = new Set();

function killAll() {
  for (const child of running) child.kill('SIGKILL');
}
process.on('exit', killAll);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.once(signal, () => process.exit(1));
}

function launch(command, args, options) {
  const child = spawn(command, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

// An address that nobody else listens on or calls from: while no server of ours
// is there, none of its ports can be taken.
export function loopback() {
  const numbers = [0, 0, 0].map(() => 1 + Math.floor(Math.random() * 254));
  return `127.${numbers.join('.')}`;
}

// A directory that goes away with the test.
export function temporary(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'chatd-e2e-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

// Runs a program to its end: {code, signal, stdout, stderr}.  ms: until that
// is given up.
export async function run(command, args = [],
  { env, input = '', ms = patience } = {}) {
  const child = launch(command, args, { env: { ...process.env, ...env } });
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text) => { result[name] += text; });
  }
  child.stdin.on('error', () => {}); // it may not want to read
  child.stdin.end(input);
  const [code, signal] = await within(
    once(child, 'close'), `${command} ${args.join(' ')} ends`, ms);
  return { code, signal, ...result };
}

// chatd with just these arguments, for those that don't make it serve.
export function runChatd(args, options) {
  return run(chatd, args, options);
}

const complaint = /Sanitizer|runtime error:|check failed/i;

// ---- chatd, serving ----

class Server {
  #child;
  #ended = null; // {code, signal}
  #stopped = false;
  #idle; // threads and descriptors of a server that nobody has called yet
  log = '';
  clients = new Set(); // of what has a destroy(), called before it is stopped

  constructor(child) {
    this.#child = child;
    this.pid = child.pid;
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => { this.log += text; });
    // Not 'exit': the last lines of the log must be here too.
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.#ended = { code, signal };
      return this.#ended;
    });
  }

  get running() {
    return this.#ended === null;
  }

  // Waits until it takes clients, and reads where: so many addresses.
  async ready(count = 1) {
    const pattern = /listening on ([^\s"]+)[^\n]*\n/g;
    await until(() => {
      this.#stopped = !this.running;
      assert(this.running, `chatd ended instead of listening:\n${this.log}`);
      return [...this.log.matchAll(pattern)].length >= count;
    }, () => `chatd listens; it said:\n${this.log}`);
    this.#idle = { threads: this.threads(), descriptors: this.descriptors() };
    this.addresses = [...this.log.matchAll(pattern)].map((match) => match[1]);
    this.url = this.addresses.find((a) => a.startsWith('http:'));
    if (this.url) {
      const { hostname, port } = new URL(this.url);
      this.host = hostname.replace(/^\[|\]$/g, '');
      this.port = Number(port);
    }
  }

  // A WebSocket's address: server.ws('/echo').
  ws(target = '/ws') {
    return new URL(target, this.url).href.replace(/^http/, 'ws');
  }

  // Waits for a part of the log, from some place on; the match.
  logged(pattern, from = 0) {
    return until(() => this.log.slice(from).match(pattern),
      () => `the log has ${pattern}; it is:\n${this.log}`);
  }

  // Stops reading the log, or goes on with it.
  readLog(on) {
    if (on) this.#child.stderr.resume();
    else this.#child.stderr.pause();
  }

  signal(name) {
    process.kill(this.pid, name);
  }

  // ---- Looking at it ----

  threads() {
    return readdirSync(`/proc/${this.pid}/task`).length;
  }

  threadNames() {
    const names = [];
    for (const id of readdirSync(`/proc/${this.pid}/task`)) {
      try {
        names.push(readFileSync(
          `/proc/${this.pid}/task/${id}/comm`, 'utf8').trim());
      } catch (error) {
        if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
      }
    }
    return names.sort();
  }

  descriptors() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  // What the descriptors are, for messages.
  descriptorList() {
    return readdirSync(`/proc/${this.pid}/fd`).map((fd) => {
      try {
        return `${fd} ${readlinkSync(`/proc/${this.pid}/fd/${fd}`)}`;
      } catch {
        return fd;
      }
    });
  }

  // A line of /proc/PID/status in bytes: memory('VmRSS'), memory('VmHWM').
  memory(name) {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))[1])
      * 1024;
  }

  // What it says that it holds: {connections, messages, ever, refused,
  // dropped}.  Wants log.level info or more.
  async counts() {
    const from = this.log.length;
    this.signal('SIGUSR1');
    const m = await this.logged(new RegExp('holds (\\d+) connections, ' +
      '(\\d+) live messages; ever: (\\d+) connections, (\\d+) refused, ' +
      '(\\d+) dropped'), from);
    const [connections, messages, ever, refused, dropped] =
      m.slice(1).map(Number);
    return { connections, messages, ever, refused, dropped };
  }

  // Waits until nothing is left of the connections it had: no thread, no
  // descriptor, no live message.
  async idle() {
    const seen = () => ({ threads: this.threads(),
      descriptors: this.descriptors() });
    await until(() => {
      const now = seen();
      return now.threads === this.#idle.threads &&
        now.descriptors === this.#idle.descriptors;
    }, () => `nothing is left: there are ${JSON.stringify(seen())}, not ${
      JSON.stringify(this.#idle)}: ${this.threadNames()}; ${
      this.descriptorList()}\n${this.log}`);
    // A thread that has ended counts until main has joined it.
    let left;
    await until(async () => {
      left = await this.counts();
      return left.connections === 0 && left.messages === 0;
    }, () => `nothing is held: ${JSON.stringify(left)}\n${this.log}`);
  }

  // ---- Ending it ----

  // Stops it as an operator does, and wants a good end.
  async stop({ signal = 'SIGTERM', code = 0 } = {}) {
    if (this.running && signal) this.signal(signal);
    await this.exits(code);
  }

  // Ends it as a crash would.
  async killed() {
    this.#stopped = true;
    this.signal('SIGKILL');
    await within(this.ended, 'chatd dies');
  }

  // Waits for its end, however that came about.
  async exits(code = 0) {
    this.#stopped = true;
    const end = await within(this.ended, 'chatd exits').catch((error) => {
      this.#child.kill('SIGKILL');
      throw new Error(`${error.message}\n${this.log}`);
    });
    const said = `\n${this.log}`;
    assert.deepEqual(end, { code, signal: null }, `chatd's end${said}`);
    assert.doesNotMatch(this.log, complaint);
    if (code === 0 && this.log.includes(' live messages')) {
      const last = this.log.slice(this.log.lastIndexOf('holds '));
      assert.match(last, /^holds 0 connections, 0 live messages/,
        `something is left at the end${said}`);
    }
  }

  async cleanUp() {
    for (const client of this.clients) client.destroy();
    if (!this.#stopped) await this.stop();
    else if (this.running) this.#child.kill('SIGKILL');
  }
}

// Starts chatd and waits until it takes clients.  Options:
//   set      {'plain.queue': 4, ...}, given as --set
//   listen   server.listen; a free port of 127.0.0.1 unless said
//   config   the text of a configuration file
//   env      more environment
//   ready    (server) => ...: waits till it takes clients, where the log
//            doesn't say so
//   program  chatd, unless said
//   wrap     a command to start it with: ['prlimit', '--nofile=40']
// The server is stopped after the test; see Server.stop().
export async function start(t, options = {}) {
  const { set = {}, listen = '127.0.0.1:0', config, env, program = chatd,
    wrap = [], ready = () => server.ready(listen?.split(' ').length),
  } = options;
  const settings = { ...(listen && { 'server.listen': listen }), ...set };
  const args = Object.entries(settings)
    .flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  if (config !== undefined) {
    const file = path.join(temporary(t), 'chatd.conf');
    writeFileSync(file, config);
    args.unshift('-c', file);
  }
  const [command, ...rest] = [...wrap, program, ...args];
  const child = launch(command, rest, {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  });
  const server = new Server(child);
  t.after(() => server.cleanUp());
  await once(child, 'spawn');
  await ready(server);
  return server;
}

