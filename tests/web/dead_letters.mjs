import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, rows, dialog, confirm, said, sees, equal } from './shared.mjs';
import { eventually } from './world.mjs';
import { yaml } from './sample.mjs';

const total = async (name) => (await world.daemon.get('dead-letters')).dead_letters.find((each) => each.name === name).store;
const listed = async (query = '') => (await world.daemon.get(`dead-letters/orders/messages?limit=1000${query}`)).messages;

test('dead letters are listed with depth, age, rate, and the alert that is raised', async () => {
  await eventually('all 26 are collected', async () => (await total('orders')).kept === 26);
  await open('dead-letters', 'Dead letters');
  await sees('26 messages');
  await sees('Alert: depth is 26 messages, the limit 20 messages');
  await world.page.locator('#health-words').filter({ hasText: 'dead-letter alert' }).waitFor();
  await world.page.getByRole('link', { name: 'plain' }).waitFor();
});

test('the groups say why, and lead to their messages', async () => {
  await open('dead-letters/orders', 'Dead letter orders');
  await eventually('two kinds of failure', async () => (await rows('Failures that are alike').count()) === 2);
  const texts = await rows('Failures that are alike').allTextContents();
  assert.ok(texts.some((each) => /bad_delay.*18/.test(each)) && texts.some((each) => /delay_too_long.*8/.test(each)), texts.join('\n'));
  await rows('Failures that are alike').filter({ hasText: 'delay_too_long' }).getByRole('link').click();
  await eventually('the 8 of that group', async () => (await rows('Dead letters').count()) === 8);
  await world.page.getByRole('link', { name: 'Show all' }).click();
  await eventually('all again', async () => (await rows('Dead letters').count()) === 26);
});

test('search by reason, header and text finds those alone', async () => {
  await open('dead-letters/orders', 'Dead letter orders');
  const form = world.page.getByRole('search', { name: 'Dead letters' });
  await form.getByLabel('Reason').fill('bad_delay');
  await form.getByLabel('Header').fill('customer:c1');
  await form.getByRole('button', { name: 'Search' }).click();
  await eventually('six of customer c1', async () => (await rows('Dead letters').count()) === 6);
  await form.getByLabel('Text').fill('2004');
  await form.getByRole('button', { name: 'Search' }).click();
  await eventually('one alone', async () => (await rows('Dead letters').count()) === 1);
});

test('one is looked at, edited and sent again: the broker gets the edited one', async () => {
  await open('dead-letters/orders?reason=bad_delay&text=2005', 'Dead letter orders');
  await rows('Dead letters').first().getByRole('link').click();
  await world.page.getByRole('button', { name: 'Edit and send again' }).click();
  await dialog().getByLabel('Body').fill('{"order":2005,"mended":true}');
  await dialog().getByText(/^Headers \(/).click();
  await dialog().getByLabel('Remove x-delay').check();
  await dialog().getByLabel('Another header').fill('mended-by');
  await dialog().getByLabel('Its value').fill('hand');
  await dialog().getByLabel('Where to').selectOption('queue');
  await dialog().getByLabel('Name').fill('elsewhere');
  await confirm('Send again');
  await said('Sent again, as edited.');
  const got = await world.rabbit.next('elsewhere');
  assert.equal(got.body, '{"order":2005,"mended":true}');
  assert.equal(got.headers['mended-by'], 'hand');
  assert.equal(got.headers['x-delay'], undefined);
  assert.equal((await listed('&text=2005')).length, 0);
});

test('chosen ones are discarded to the trash, and restored from it', async () => {
  const before = await total('orders');
  await open('dead-letters/orders?reason=delay_too_long', 'Dead letter orders');
  await eventually('eight are listed', async () => (await rows('Dead letters').count()) === 8);
  for (const at of [0, 1]) await rows('Dead letters').nth(at).getByRole('checkbox').check();
  await world.page.getByRole('button', { name: 'Discard chosen' }).click();
  await dialog().getByText('Discard 2 messages?').waitFor();
  await confirm('Discard');
  await said('2 messages discarded.');
  await eventually('two in the trash', async () => (await total('orders')).trash === before.trash + 2);
  await open('dead-letters/orders?state=trash', 'Dead letter orders');
  await eventually('both are listed', async () => (await rows('Dead letters').count()) === 2);
  await world.page.getByRole('button', { name: 'Restore all' }).click();
  await confirm('Restore');
  await said('2 messages restored.');
  await eventually('all are back', async () => (await total('orders')).kept === before.kept);
});

test('a single one is discarded and restored from its own view', async () => {
  const [one] = await listed('&reason=delay_too_long');
  await open(`dead-letters/orders/${one.id}`, `Dead letter ${one.id}`);
  await world.page.getByRole('button', { name: 'Discard' }).click();
  await confirm('Discard');
  await world.page.getByRole('button', { name: 'Restore' }).click();
  await confirm('Restore');
  await world.page.getByRole('button', { name: 'Edit and send again' }).waitFor();
  assert.equal((await world.daemon.get(`dead-letters/orders/messages/${one.id}`)).state, 'kept');
});

test('a replay counts first, waits after its canary, goes on, and all arrive', async () => {
  await open('dead-letters/orders?reason=bad_delay', 'Dead letter orders');
  await eventually('17 are listed', async () => (await rows('Dead letters').count()) === 17);
  await world.page.getByRole('button', { name: 'Send all again' }).click();
  await dialog().getByText('17 messages would be sent.').waitFor();
  await dialog().getByLabel('At most in all').fill('5');
  await dialog().getByRole('button', { name: 'Dry run' }).click();
  await dialog().getByText('5 messages would be sent.').waitFor();
  assert.equal(await world.rabbit.depth('elsewhere'), 0);
  await dialog().getByLabel('At most in all').fill('');
  await dialog().getByLabel('Canary').fill('2');
  await dialog().getByLabel('Where to').selectOption('queue');
  await dialog().getByLabel('Name').fill('elsewhere');
  await confirm('Send again');
  await said(/Replay \d+ has begun/);
  await sees('The first are out');
  await eventually('the canary alone is out', async () => (await world.rabbit.depth('elsewhere')) === 2);
  await world.page.getByRole('button', { name: /Go on with replay/ }).click();
  await sees('17 of 17 sent');
  const bodies = [];
  for (let at = 0; at < 17; ++at) bodies.push(JSON.parse((await world.rabbit.next('elsewhere')).body).order);
  equal(bodies.sort((a, b) => a - b), Array.from({ length: 18 }, (unused, at) => 2000 + at).filter((each) => each !== 2005));
});

test('a slow replay is seen on its way, paused, resumed and stopped', async () => {
  await open('dead-letters/orders?reason=delay_too_long', 'Dead letter orders');
  await eventually('eight are listed', async () => (await rows('Dead letters').count()) === 8);
  await world.page.getByRole('button', { name: 'Send all again' }).click();
  await dialog().getByLabel('At most a second').fill('1');
  await dialog().getByLabel('Where to').selectOption('queue');
  await dialog().getByLabel('Name').fill('elsewhere');
  await confirm('Send again');
  await world.page.getByRole('button', { name: /Pause replay/ }).click();
  await sees('Paused');
  await world.page.getByRole('button', { name: /Go on with replay/ }).click();
  await eventually('it goes on', async () => (await world.daemon.get('replays')).replays[0].done >= 2);
  await world.page.getByRole('button', { name: /Stop replay/ }).click();
  await sees('Stopped');
  const [job] = (await world.daemon.get('replays')).replays;
  assert.equal(job.state, 'stopped');
  assert.ok(job.done < 8);
  await eventually('what was sent is what arrived', async () => (await world.rabbit.depth('elsewhere')) === job.done);
  await world.rabbit.channel.purgeQueue('elsewhere');
});

test('one that is not collected is looked at, and sent again from the head', async () => {
  await open('dead-letters/plain', 'Dead letter plain');
  await sees('The first 3 messages of the queue.');
  await world.page.getByText('1. bad_delay').click();
  await sees('Unreadable 0');
  assert.equal(await world.rabbit.depth('plain.dead'), 3);
  await world.page.getByRole('button', { name: 'Send all again' }).click();
  await dialog().getByLabel('Where to').selectOption('queue');
  await dialog().getByLabel('Name').fill('elsewhere');
  await confirm('Send again');
  await eventually('all three are there', async () => (await world.rabbit.depth('elsewhere')) === 3);
  await eventually('and gone from the dead letter', async () => (await world.rabbit.depth('plain.dead')) === 0);
  await world.rabbit.channel.purgeQueue('elsewhere');
});

test('what the store has of one that is not collected is told, seen and sent again', async () => {
  const now = async (file) => {
    world.daemon.configure(file);
    await eventually('it is in force', async () => (await world.daemon.post('reload')).status === 200);
  };
  await now(yaml.replace('queue: plain.dead, poll', 'queue: plain.dead, collect: true, poll'));
  await world.rabbit.publish('plain.dead', 'collected before');
  await eventually('it is collected', async () => (await total('plain')).kept === 1);
  await now(yaml);
  await open('overview', 'Overview');
  await world.page.reload(); // what it was told before is some seconds old
  await sees('Held');
  await open('dead-letters/plain', 'Dead letter plain');
  await sees('1 more message of it');
  await world.page.getByRole('link', { name: 'Show the store' }).click();
  await sees('These are in the store.');
  await eventually('it is listed', async () => (await rows('Dead letters').count()) === 1);
  await world.page.getByRole('button', { name: 'Send all again' }).click();
  await dialog().getByLabel('Where to').selectOption('queue');
  await dialog().getByLabel('Name').fill('elsewhere');
  await confirm('Send again');
  assert.equal((await world.rabbit.next('elsewhere')).body, 'collected before');
  await world.page.getByRole('link', { name: 'Show the queue' }).click();
  await sees('The queue is empty.');
});
