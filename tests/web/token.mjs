import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, dialog, said } from './shared.mjs';
import { eventually } from './world.mjs';

// The answers to a wrong token, and to one that may only read, are put in by the browser here: what is tested is what the
// page does with them. All else is the daemon's.
const token = 'a-token-of-32-characters-at-least';
const refuse = (route, status, title, detail) => route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title, status, detail }) });

test('a daemon that wants a token gets it from the person, and no longer after signing out', async () => {
  const page = await world.browser.context.newPage();
  const sent = [];
  await page.route('**/api/v1/**', (route) => {
    const given = route.request().headers().authorization;
    sent.push(given);
    return given === `Bearer ${token}` ? route.continue() : refuse(route, 401, 'Unauthorized', 'a token is needed');
  });
  const former = world.page;
  world.page = page;
  try {
    await page.goto(world.daemon.address);
    await dialog().getByText('a token is needed').waitFor();
    await dialog().getByLabel('Token').fill('wrong');
    await dialog().getByRole('button', { name: 'Sign in' }).click();
    await dialog().getByRole('alert').getByText('a token is needed').waitFor();
    await dialog().getByLabel('Token').fill(token);
    await dialog().getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('All 2 take messages.').waitFor();
    await page.reload(); // the tab keeps it
    await page.getByText('All 2 take messages.').waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('32-characters')), false);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await said('Signed out.');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await dialog().getByLabel('Token').waitFor();
    await dialog().getByRole('button', { name: 'Back' }).click();
    const polls = sent.length;
    await eventually('it is polled again', () => sent.length > polls);
    assert.equal(await dialog().count(), 0); // once declined it does not pester
    assert.ok(sent.includes(`Bearer ${token}`) && sent.includes('Bearer wrong'));
  } finally {
    world.page = former;
    await page.close();
  }
});

test('with a token that may only read, nothing that changes is offered once the daemon has said so', async () => {
  await open('routes', 'Routes');
  await world.page.evaluate((value) => sessionStorage.setItem('postponed-token', value), token);
  await world.page.reload();
  await world.page.route('**/pause', (route) => refuse(route, 403, 'Forbidden', 'this token may read, and change nothing'));
  await world.page.getByRole('button', { name: 'Pause reminders' }).click();
  await dialog().getByRole('button', { name: 'Pause the route' }).click();
  await dialog().getByRole('alert').getByText('this token may read, and change nothing').waitFor();
  await dialog().getByRole('button', { name: 'Back' }).click();
  assert.equal(await world.page.getByRole('button', { name: 'Pause reminders' }).isDisabled(), true);
  await world.page.getByText('read-only').waitFor();
  await world.page.unroute('**/pause');
  await world.page.evaluate(() => sessionStorage.clear());
  await world.page.reload();
});
