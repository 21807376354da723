import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { world, open, dialog, said } from './shared.mjs';
import { daemon, eventually } from './world.mjs';
import { yaml } from './sample.mjs';

// A daemon of its own, which wants tokens; the broker is the same.
const tokens = { ops: 'ops-0123456789abcdef0123456789ab', reader: 'read-0123456789abcdef0123456789a' };
let guarded;

after(() => guarded?.stop());

// In a page of its own, which is the world's meanwhile.
async function onItsPage(what) {
  guarded ??= await daemon.start(yaml.replaceAll('reminders', 'guarded.reminders').replaceAll('orders.', 'guarded.orders.'), world.rabbit.uri, tokens);
  const former = { page: world.page, daemon: world.daemon };
  world.page = await world.browser.context.newPage();
  world.daemon = guarded;
  world.watch(world.page);
  try {
    await what(world.page);
  } finally {
    await world.page.close();
    Object.assign(world, former);
  }
}

async function signIn(token) {
  await dialog().getByLabel('Token').fill(token);
  await dialog().getByRole('button', { name: 'Sign in' }).click();
}

test('a daemon that wants a token gets it from the person, and no longer after signing out', () => onItsPage(async (page) => {
  const sent = [];
  page.on('request', (request) => request.url().includes('/api/v1/') && sent.push(request.headers().authorization));
  await page.goto(guarded.address);
  await dialog().getByText('a token is needed').first().waitFor();
  await signIn('a wrong one, of some length');
  await dialog().getByRole('alert').getByText('none of those').waitFor();
  await signIn(tokens.ops);
  await page.getByText('All 2 take messages.').waitFor();
  await page.reload(); // the tab keeps it
  await page.getByText('All 2 take messages.').waitFor();
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('0123456789abcdef')), false);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await said('Signed out.');
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await dialog().getByLabel('Token').waitFor();
  await dialog().getByRole('button', { name: 'Back' }).click();
  const polls = sent.length;
  await eventually('it is polled again', () => sent.length > polls);
  assert.equal(await dialog().count(), 0); // once declined it does not pester
  assert.ok(sent.includes(`Bearer ${tokens.ops}`) && sent.includes('Bearer a wrong one, of some length'));
}));

test('with a token that may only read, everything is seen, and nothing that changes is offered', () => onItsPage(async (page) => {
  await page.goto(guarded.address);
  await signIn(tokens.reader);
  await page.getByText('read-only').waitFor();
  await open('routes', 'Routes');
  const pause = page.getByRole('button', { name: /^Pause / }).first();
  await pause.waitFor();
  assert.equal(await pause.isDisabled(), true);
  await open('messages', 'Messages');
  assert.equal(await page.getByRole('button', { name: 'Schedule a message' }).isDisabled(), true);
  assert.equal(await page.locator('[data-changes]:not([disabled])').count(), 0);
}));

test('with a token that may change, what changes is done', () => onItsPage(async (page) => {
  await page.goto(guarded.address);
  await signIn(tokens.ops);
  await open('routes', 'Routes');
  await page.getByRole('button', { name: /^Pause / }).first().click();
  await dialog().getByRole('button', { name: 'Pause the route' }).click();
  await dialog().waitFor({ state: 'detached' });
  await eventually('it is paused', async () => {
    const answer = await fetch(`${guarded.address}/api/v1/status`, { headers: { Authorization: `Bearer ${tokens.reader}` } });
    return (await answer.json()).routes.some((each) => each.paused_by === 'ops');
  });
}));
