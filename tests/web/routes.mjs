import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, dialog, confirm, said, sees } from './shared.mjs';
import { eventually } from './world.mjs';

test('a route is paused with the reason why, holds what is due, and is resumed', async () => {
  await open('routes', 'Routes');
  await world.page.getByRole('button', { name: 'Pause reminders' }).click();
  await dialog().getByLabel('Why').fill('the shop moves');
  await confirm('Pause the route');
  await said('reminders is paused.');
  await world.page.locator('#health-words').filter({ hasText: 'routes' }).waitFor();
  await sees('What is due waits.');
  await world.rabbit.publish('reminders.later', 'waits', { headers: { 'x-delay': 1 } });
  await world.rabbit.publish('orders.later', 'another route', { headers: { 'x-delay': 200 } });
  // The other route's, due later, is out: so the paused one had its chance.
  await eventually('another route releases', async () => {
    const got = await world.rabbit.next('orders.due');
    return got.body === 'another route';
  });
  assert.equal(await world.rabbit.depth('reminders.due'), 0);
  await world.page.getByRole('button', { name: 'Resume reminders' }).click();
  await confirm('Resume the route');
  await said('reminders is resumed.');
  assert.equal((await world.rabbit.next('reminders.due')).body, 'waits');
});

test('each route tells what it holds and how late it is, and leads to its messages', async () => {
  await open('routes', 'Routes');
  await world.page.getByText(/Dead letters: 18 bad_delay/).waitFor();
  await world.page.getByRole('link', { name: 'Messages of reminders' }).click();
  await world.page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor();
  assert.equal(await world.page.getByLabel('Route').inputValue(), 'reminders');
});
