import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, sees } from './shared.mjs';
import { eventually } from './world.mjs';

const figure = async (name) => (await world.page.getByRole('region', { name: 'Figures' }).locator('li').filter({ hasText: name }).locator('b').textContent());

test('the overview tells in words that all is well, and how much is held', async () => {
  await open('overview', 'Overview');
  await sees('Both are open, to RabbitMQ');
  await sees('It takes messages, and each commit is on disk.');
  await sees('Declared as the file says.');
  await sees('All 2 take messages.');
  await sees('As read at the start');
  await eventually('the figure is what the status says', async () => (await figure('Held')) === String((await world.daemon.get('status')).store.held_messages));
});

test('what is due in the next minute, hour and day is what was scheduled', async () => {
  await open('overview', 'Overview');
  // Of the sample: orders at 20 + 13 n minutes, reminders at 2 h + n² 0.4 d, and one at 3 h.
  await eventually('the next hour has three or four orders', async () => ['3', '4'].includes(await figure('Due within an hour')));
  await eventually('the next day has 60 orders and four reminders', async () => ['63', '64'].includes(await figure('Due within a day')), 20000);
});

test('lateness and rates are live: a burst shows', async () => {
  await open('overview', 'Overview');
  await world.page.waitForFunction(() => document.querySelectorAll('.uplot canvas').length === 2, null, { timeout: 20000 });
  for (let at = 0; at < 200; ++at) world.rabbit.channel.sendToQueue('orders.later', Buffer.from('burst'), { headers: { 'x-delay': 100 } });
  await world.rabbit.channel.waitForConfirms();
  await eventually('something comes in', async () => (await figure('Coming in')) !== '0/s');
  await eventually('something goes out', async () => (await figure('Going out')) !== '0/s');
  await eventually('the lateness is known', async () => /^≤ [\d.]+ m?s/.test(await figure('Lateness, p99')));
});
