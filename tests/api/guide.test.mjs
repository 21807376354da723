// The API guide, as its reader would follow it: every command of deploy/docs/api.md is run, in its order, in one shell.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { broker, daemon, eventually } from '../web/world.mjs';

const guide = readFileSync(new URL('../../deploy/docs/api.md', import.meta.url), 'utf8');
const world = {};
const yaml = `
topology:
  queues: [{name: orders.later}, {name: orders.due}, {name: orders.dead}, {name: mails}]
routes:
  - {name: order-timeouts, queue: orders.later, delay: {default: 15m}, release: {queue: orders.due}, dead_letter: orders}
dead_letters:
  - {name: orders, queue: orders.dead, collect: true}
`;

before(async () => {
  world.rabbit = await broker.start();
  world.daemon = await daemon.start(yaml, world.rabbit.uri);
  for (let at = 0; at < 5; ++at) await world.rabbit.publish('orders.later', `${at}`, { headers: { 'x-delay': 'soon' } });
  await eventually('they are collected', async () => (await world.daemon.get('dead-letters/orders/messages')).messages.length === 5);
}, { timeout: 180000 });

after(async () => {
  await world.daemon?.stop();
  await world.rabbit?.stop();
});

test('every command of the guide does what it says', () => {
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map((each) => each[1]);
  assert.ok(blocks.length > 10);
  const script = blocks.join('\n').replace('http://127.0.0.1:9470', world.daemon.address);
  // As a reader's shell, but for stopping at what fails, also within a pipe.
  const ran = spawnSync('bash', ['-e', '-u', '-o', 'pipefail', '-c', script], { encoding: 'utf8', timeout: 60000 });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  for (const expected of [/"ready": true/, /"repeated":true/, /"line":1000/, /"state":"(running|done)"/, /cancelled/, /^true$/m, /event: changed/, /"missed":0/])
    assert.match(ran.stdout, expected);
});

test('the table of problems is the daemon\'s', async () => {
  const rows = [...guide.matchAll(/^\| `(\/problems\/[a-z-]+)` \| (\d+) \|/gm)].map((each) => `${each[1]} ${each[2]}`);
  const text = await (await fetch(`${world.daemon.address}/problems`)).text();
  const kinds = [...text.matchAll(/^(\/problems\/[a-z-]+)\n(\d+) /gm)].map((each) => `${each[1]} ${each[2]}`);
  assert.ok(kinds.length > 15);
  assert.deepEqual(rows.sort(), kinds.sort());
});
