// Holds the daemon to its OpenAPI file, and the file to the daemon: every operation is asked, every answer is judged by
// the file, and what the file says and nobody saw is a failure.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { broker, daemon, eventually } from '../web/world.mjs';
import { contract } from './contract.mjs';
import { exercise } from './exercise.mjs';
import { misuse } from './misuse.mjs';

const file = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../daemon/admin/openapi.yaml');
const tokens = { operator: 'ops-0123456789abcdef0123456789ab', reader: 'read-0123456789abcdef0123456789a' };

const world = { rabbit: null, daemon: null, tokens };
export const yaml = `
topology:
  queues:
    - {name: api.later}
    - {name: api.due}
    - {name: api.dead}
    - {name: api.plain}
    - {name: api.elsewhere}
routes:
  - {name: orders, queue: api.later, delay: {default: 15m, max: 400d}, release: {queue: api.due}, dead_letter: collected}
dead_letters:
  - {name: collected, queue: api.dead, collect: true, poll: 1s, alert: {depth: 1}}
  - {name: plain, queue: api.plain, poll: 1s}
`;

before(async () => {
  world.rabbit = await broker.start();
  world.daemon = await daemon.start(yaml, world.rabbit.uri, tokens);
  world.api = contract(readFileSync(file, 'utf8'), world.daemon, tokens.operator);
  world.eventually = eventually;
  world.breakFile = () => writeFileSync(world.daemon.file, `${readFileSync(world.daemon.file, 'utf8')}\nnonsense: true\n`);
  world.mendFile = () => world.daemon.configure(yaml);
  world.openTopology = () => world.rabbit.channel.deleteQueue('api.elsewhere');
}, { timeout: 180000 });

after(async () => {
  await world.daemon?.stop();
  await world.rabbit?.stop();
});

exercise(world);
misuse(world);

test('the file that is served is the file that is tested', async () => {
  const { text } = await world.api.ask('openapi');
  assert.ok(text === readFileSync(file, 'utf8'), 'they differ: is the daemon built of this tree?');
});

test('the file has what the daemon\'s own table has, and no more', async () => {
  const { text } = await world.api.ask('index');
  const table = text.split('\n').filter((line) => /^(GET|POST|PATCH|PUT|DELETE) /.test(line)).filter((line) => !/^GET \/(assets\/\{name\})?$/.test(line)).sort();
  assert.deepEqual(world.api.operations.map((each) => `${each.method.toUpperCase()} ${each.path}`).sort(), table);
});

test('every operation, parameter, body, status and field of the file was seen', () => {
  assert.deepEqual(world.api.unseen(), []);
});
