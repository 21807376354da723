import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, confirm, said, sees, rows } from './shared.mjs';
import { eventually } from './world.mjs';
import { yaml } from './sample.mjs';

test('connections, store and topology are told in full', async () => {
  await open('setup', 'Setup');
  await eventually('both connections', async () => (await rows('Connections to the broker').count()) === 2);
  assert.match(await rows('Connections to the broker').first().textContent(), /open.*RabbitMQ/);
  await sees('The broker has all that the file says');
});

test('a file with errors is refused with every error in full, and a good one is taken', async () => {
  world.daemon.configure(`${yaml}nonsense: 1\n`);
  await open('setup', 'Setup');
  await world.page.getByRole('button', { name: 'Read the file again' }).click();
  await confirm('Read it');
  const problems = world.page.getByRole('alert', { name: 'Problems' });
  await problems.getByText(/postponed\.yaml:\d+:\d+: .*nonsense/).waitFor();
  await problems.getByRole('button', { name: /Put away/ }).click();
  await sees('Refused');
  await sees(/postponed\.yaml:\d+:\d+: .*nonsense/);
  await world.page.locator('#health-words').filter({ hasText: 'Not well: configuration' }).waitFor();

  world.daemon.configure(`${yaml}  - {name: more, queue: plain.dead}\n`);
  await world.page.getByRole('button', { name: 'Read the file again' }).click();
  await confirm('Read it');
  await said('The configuration was read again, and is in force.');
  await sees('In force');
  assert.equal((await world.daemon.get('status')).dead_letters.length, 3);
  world.daemon.configure(yaml);
  assert.equal((await world.daemon.post('reload')).status, 200);
});

test('what the broker has otherwise than the file wants is shown side by side', async () => {
  await world.rabbit.channel.assertQueue('other', { durable: true, maxLength: 5 });
  world.daemon.configure(yaml.replace('- {name: elsewhere}', '- {name: elsewhere}\n    - {name: other, arguments: {x-max-length: 7}}'));
  assert.equal((await world.daemon.post('reload')).status, 200);
  await open('setup', 'Setup');
  const difference = rows('Differences between the file and the broker').filter({ hasText: 'queue other' });
  await eventually('the difference is listed', async () => {
    await world.page.getByRole('button', { name: 'Compare again' }).click();
    return (await difference.count()) === 1;
  });
  assert.match(await difference.textContent(), /7/);
  world.daemon.configure(yaml);
  assert.equal((await world.daemon.post('reload')).status, 200);
  await world.rabbit.channel.deleteQueue('other');
});
