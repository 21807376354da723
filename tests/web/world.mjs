// A throw-away RabbitMQ, the daemon as its users run it, and a browser, for the tests of the page.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync, existsSync, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import amqp from 'amqplib';
import { chromium } from 'playwright-core';

const sources = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.POSTPONED_BINARY ?? join(sources, 'build/release/postponed');
export const pictures = process.env.POSTPONED_PICTURES ?? join(sources, 'build/web-pictures');

// Until it holds; what it last answered. For waiting, never for correctness.
export async function eventually(what, condition, patience = 20000) {
  const end = Date.now() + patience;
  for (;;) {
    const got = await condition();
    if (got) return got;
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function stopped(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

export class broker {
  static async start() {
    const made = new broker();
    made.folder = mkdtempSync(join(tmpdir(), 'postponed-web-broker-'));
    made.child = spawn(join(sources, 'deploy/throwaway-rabbitmq'), [made.folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    await eventually('RabbitMQ answers', () => {
      if (made.child.exitCode !== null) throw new Error('RabbitMQ ended while starting');
      return existsSync(join(made.folder, 'ready'));
    }, 120000);
    made.uri = `amqp://guest:guest@127.0.0.1:${readFileSync(join(made.folder, 'ready'), 'utf8').trim()}`;
    await made.connect();
    return made;
  }
  // Anew, where the broker was stopped: the old connection is gone with it.
  async connect() {
    this.connection = await amqp.connect(this.uri);
    this.connection.on('error', () => {});
    this.channel = await this.connection.createConfirmChannel();
    this.channel.on('error', () => {});
  }
  // rabbitmqctl.
  async control(...words) {
    const child = spawn(join(sources, 'deploy/throwaway-rabbitmq'), ['--ctl', this.folder, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`rabbitmqctl ${words.join(' ')} ended with ${code}`);
  }
  async publish(queue, body, options = {}) {
    this.channel.sendToQueue(queue, Buffer.isBuffer(body) ? body : Buffer.from(body), { persistent: true, ...options });
    await this.channel.waitForConfirms();
  }
  // How many lie in a queue, as RabbitMQ says.
  async depth(queue) {
    return (await this.channel.checkQueue(queue)).messageCount;
  }
  // The next of a queue, taken; it is waited for.
  async next(queue) {
    const got = await eventually(`a message in ${queue}`, () => this.channel.get(queue, { noAck: true }));
    return { body: got.content.toString(), headers: got.properties.headers, properties: got.properties };
  }
  // It goes away, and comes back on the same port with what is durable.
  async halt() {
    await this.connection?.close().catch(() => {});
    await stopped(this.child);
  }
  async again() {
    this.child = spawn(join(sources, 'deploy/throwaway-rabbitmq'), [this.folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    await eventually('RabbitMQ answers again', () => existsSync(join(this.folder, 'ready')), 120000);
    await this.connect();
  }
  async stop() {
    await this.connection?.close().catch(() => {});
    await stopped(this.child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class daemon {
  // `tokens`: name -> token; one named reader may only read.
  static async start(yaml, uri, tokens = {}) {
    const made = new daemon();
    made.tokens = tokens;
    made.folder = mkdtempSync(join(tmpdir(), 'postponed-web-'));
    made.port = await freePort();
    made.uri = uri;
    made.file = join(made.folder, 'postponed.yaml');
    made.configure(yaml);
    await made.run();
    return made;
  }
  configure(yaml) {
    const tokens = Object.entries(this.tokens).map(([name, token]) => {
      const file = join(this.folder, name);
      writeFileSync(file, `${token}\n`, { mode: 0o600 });
      return `{name: ${name}, file: ${file}${name === 'reader' ? '' : ', role: operator'}}`;
    });
    writeFileSync(this.file, `broker: {uris: ["${this.uri}"]}\nstore: {path: ${this.folder}/postponed.db}\nadmin: {listen: "127.0.0.1:${this.port}"${tokens.length > 0 ? `, tokens: [${tokens.join(', ')}]` : ''}}\n${yaml}`, { mode: 0o600 });
  }
  async run() {
    this.said = '';
    this.child = spawn(binary, ['run', '-c', this.file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr.on('data', (text) => (this.said += text));
    await eventually('the daemon is ready', async () => {
      if (this.child.exitCode !== null) throw new Error(`the daemon ended:\n${this.said}`);
      return (await fetch(`${this.address}/readyz`).catch(() => null))?.ok;
    }, 30000);
  }
  get address() {
    return `http://127.0.0.1:${this.port}`;
  }
  async get(path) {
    return (await fetch(`${this.address}/api/v1/${path}`)).json();
  }
  async post(path, body) {
    const answer = await fetch(`${this.address}/api/v1/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    return { status: answer.status, body: await answer.json() };
  }
  async restart() {
    await stopped(this.child);
    await this.run();
  }
  async stop() {
    await stopped(this.child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// A browser with a folder of its own, that asks nobody but the daemon.
export async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'postponed-web-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.POSTPONED_CHROMIUM ?? '/usr/bin/chromium', headless: true, viewport: { width: 1280, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  context.setDefaultTimeout(15000);
  mkdirSync(pictures, { recursive: true });
  return { context, close: async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  } };
}
