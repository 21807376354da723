import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, sees } from './shared.mjs';
import { eventually } from './world.mjs';

test('the keyboard alone gets from the top to the content, and from panel to panel', async () => {
  await open('overview', 'Overview');
  await world.page.reload();
  await world.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await world.page.keyboard.press('Tab');
  assert.equal(await world.page.evaluate(() => document.activeElement.id), 'skip');
  await world.page.keyboard.press('Enter');
  assert.equal(await world.page.evaluate(() => document.activeElement.id), 'main');
  const link = world.page.getByRole('navigation', { name: 'Panels' }).getByRole('link', { name: 'Messages' });
  await link.focus();
  await world.page.keyboard.press('Enter');
  await world.page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor();
  assert.equal(await world.page.evaluate(() => document.activeElement.tagName), 'H1'); // the screen reader reads where it is
  assert.equal(await link.getAttribute('aria-current'), 'page');
  assert.equal(await world.page.title(), 'Messages – postponed');
});

test('dark and light are as the system says, until the button is pressed', async () => {
  const theme = () => world.page.evaluate(() => document.documentElement.dataset.theme);
  await open('overview', 'Overview');
  await world.page.emulateMedia({ colorScheme: 'dark' });
  await eventually('it is dark', async () => (await theme()) === 'dark');
  await world.page.getByRole('button', { name: 'Dark' }).click();
  assert.equal(await theme(), 'light');
  await world.page.reload();
  assert.equal(await theme(), 'light'); // kept
  await world.page.evaluate(() => localStorage.clear());
  await world.page.emulateMedia({ colorScheme: 'light' });
});

test('an address that leads nowhere leads to the overview', async () => {
  await world.page.goto(`${world.daemon.address}/#/nowhere`);
  await world.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
});

test('markup in a message is text, and is never run', async () => {
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  await world.rabbit.publish('reminders.later', evil, { headers: { 'x-delay': 3600000, '<b>evil</b>': evil } });
  const found = await eventually('it is held', async () => (await world.daemon.get('messages?text=onerror')).messages[0]);
  await open(`messages/${found.id}`, `Message ${found.id}`);
  await world.page.getByLabel('Body', { exact: true }).waitFor();
  assert.equal(await world.page.getByLabel('Body', { exact: true }).textContent(), evil);
  assert.equal(await world.page.locator('main img, main script, main b').count(), 0);
  assert.match(await world.page.title(), /^Message /);
});

test('a daemon that is gone is told, with how old the figures are, and its return is seen', async () => {
  await open('overview', 'Overview');
  world.daemon.child.kill('SIGKILL');
  await world.page.getByRole('region', { name: 'What keeps the daemon from being ready' }).getByText('The daemon does not answer').waitFor();
  await world.page.locator('#health-words').filter({ hasText: 'Not well: daemon' }).waitFor();
  await sees(/What is shown is .* old/);
  await world.daemon.run();
  await world.page.locator('#trouble').waitFor({ state: 'hidden' });
});

test('a broker that goes away is told in words', async () => {
  await open('overview', 'Overview');
  const rabbit = world.rabbit;
  await rabbit.control('stop_app');
  await world.page.locator('#health-words').filter({ hasText: 'broker' }).waitFor();
  await sees(/The consume connection is/);
  await rabbit.control('start_app');
  await rabbit.connect();
  await world.page.locator('#trouble').waitFor({ state: 'hidden', timeout: 60000 });
}, { timeout: 120000 });
