import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, rows } from './shared.mjs';
import { eventually } from './world.mjs';

const bars = () => world.page.getByRole('application', { name: 'Messages due, as bars' });
const readout = () => world.page.locator('.readout').textContent();
const total = async () => Number((await world.page.locator('figcaption .lead').textContent()).replaceAll(',', '').match(/^\d+/)?.[0] ?? 0);
const chosen = () => world.page.getByRole('radio', { checked: true }).evaluate((each) => each.value);

test('the year has all that is due in it, month by month, and the table says the same', async () => {
  await open('calendar?zoom=year', 'Calendar');
  await eventually('something is due this year', total);
  await world.page.getByText('The same as a table').click();
  const cells = await rows('Messages due').locator('td.number:nth-child(2)').allTextContents();
  assert.equal(cells.reduce((all, each) => all + Number(each.replaceAll(',', '')), 0), await total());
});

test('a message appears in the very minute in which it is due', async () => {
  const due = new Date(Date.now() + 400 * 86400000);
  await world.rabbit.publish('reminders.later', 'far away', { headers: { 'postponed-until': due.toISOString() } });
  const hour = new Date(due);
  hour.setMinutes(0, 0, 0);
  const held = (await world.daemon.get('status')).routes.find((each) => each.name === 'reminders').held.messages;
  await eventually('it is held', async () => (await world.daemon.get('status')).routes.find((each) => each.name === 'reminders').held.messages >= held);
  await eventually('the calendar has it', async () => {
    await open('overview', 'Overview');
    await open(`calendar?zoom=hour&from=${hour.toISOString()}&route=reminders`, 'Calendar');
    await world.page.locator('figcaption .lead').filter({ hasText: /./ }).waitFor();
    return (await total()) === 1;
  });
  await bars().focus();
  await world.page.keyboard.press('Home');
  for (let at = 0; at < due.getMinutes(); ++at) await world.page.keyboard.press('ArrowRight');
  assert.match(await readout(), /: 1 message,/);
});

test('the keys lead from a year to a minute and to its messages', async () => {
  await open('overview', 'Overview');
  await open('calendar?zoom=year', 'Calendar');
  await eventually('the year is there', total);
  await bars().focus();
  for (const zoom of ['month', 'day', 'hour']) {
    await world.page.keyboard.press('Enter');
    await eventually(`it shows a ${zoom}`, async () => (await chosen()) === zoom);
  }
  await world.page.keyboard.press('Escape');
  await eventually('and back to a day', async () => (await chosen()) === 'day');
  await world.page.keyboard.press('Enter');
  await eventually('again an hour', async () => (await chosen()) === 'hour');
  await world.page.keyboard.press('Enter');
  await world.page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor();
  assert.match(world.page.url(), /due_from=.*due_until=/);
});

test('keys that come faster than the answers lead there all the same', async () => {
  await open('overview', 'Overview');
  await open('calendar?zoom=year', 'Calendar');
  await eventually('the year is there', total);
  await world.page.route('**/api/v1/calendar?*', async (asked) => {
    await new Promise((later) => setTimeout(later, 200));
    await asked.continue();
  });
  await bars().focus();
  for (let press = 0; press < 3; ++press) await world.page.keyboard.press('Enter');
  await eventually('it shows an hour', async () => (await chosen()) === 'hour');
  await world.page.unrouteAll({ behavior: 'wait' });
});

test('a click on a bar zooms in, and the buttons go to earlier and later', async () => {
  await open('calendar?zoom=month', 'Calendar');
  await world.page.waitForFunction(() => document.querySelector('.uplot .u-over'));
  const box = await world.page.locator('.u-over').boundingBox();
  await world.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await eventually('it shows a day', async () => (await chosen()) === 'day');
  const title = () => world.page.locator('figcaption h2').textContent();
  const before = await title();
  await world.page.getByRole('button', { name: 'Later' }).click();
  await eventually('the next day', async () => (await title()) !== before);
  await world.page.getByRole('button', { name: 'Earlier' }).click();
  await eventually('the same day', async () => (await title()) === before);
});

test('one route alone can be seen', async () => {
  await open('calendar?zoom=year', 'Calendar');
  const all = await eventually('something is due', total);
  await world.page.getByLabel('Route').selectOption('order-timeouts');
  const some = await eventually('fewer with one route', async () => (await total()) < all && (await total()));
  assert.ok(some > 0);
});
