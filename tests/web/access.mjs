// Every panel at two widths and in both colour schemes: axe finds nothing, nothing sticks out, and pictures to look at.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { world, open, dialog } from './shared.mjs';
import { eventually, pictures } from './world.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function findings() {
  // Through the debugger's door: the page's own policy lets no script in.
  await world.page.evaluate(axe);
  const { violations } = await world.page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return violations.map((each) => `${each.id}: ${each.help}\n${each.nodes.map((node) => `    ${node.html.slice(0, 200)} ${node.failureSummary.replaceAll('\n', ' ')}`).join('\n')}`);
}

const panels = [
  ['overview', 'Overview', () => world.page.waitForFunction(() => document.querySelectorAll('.uplot canvas').length === 2, null, { timeout: 20000 })],
  ['calendar?zoom=month', 'Calendar', async () => {
    await world.page.locator('.uplot canvas').waitFor();
    await world.page.getByText('The same as a table').click();
  }],
  ['messages', 'Messages', () => world.page.getByRole('table').waitFor()],
  [async () => `messages/${(await world.daemon.get('messages')).messages.at(-1).id}`, /^Message/, () => world.page.getByLabel('Body', { exact: true }).waitFor()],
  ['dead-letters', 'Dead letters', () => world.page.locator('.replay').first().waitFor()],
  ['dead-letters/orders', 'Dead letter orders', () => world.page.getByRole('table', { name: 'Dead letters' }).waitFor()],
  [async () => `dead-letters/orders/${(await world.daemon.get('dead-letters/orders/messages')).messages[0].id}`, /^Dead letter/, () => world.page.getByLabel('Body', { exact: true }).waitFor()],
  ['routes', 'Routes', () => world.page.getByRole('button', { name: 'Pause reminders' }).waitFor()],
  ['setup', 'Setup', () => world.page.getByRole('table', { name: 'Connections to the broker' }).waitFor()],
];
const dialogs = [
  ['messages', 'Messages', 'Schedule a message', 'schedule'],
  ['dead-letters/orders', 'Dead letter orders', 'Send all again', 'replay'],
  ['routes', 'Routes', 'Pause reminders', 'pause'],
];

async function judge(name) {
  const out = await world.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(out <= 0, `${name} sticks out by ${out} pixels`);
  assert.deepEqual(await findings(), [], name);
  await world.page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 360], ['dark', 360]])
  test(`axe finds nothing, and nothing sticks out: ${scheme}, ${width} pixels wide`, { timeout: 180000 }, async () => {
    // Without motion: colours on their way from one scheme to the other are nobody's to judge.
    await world.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await world.page.setViewportSize({ width, height: 800 });
    for (const [panel, heading, there] of panels) {
      const path = typeof panel === 'string' ? panel : await panel();
      await open(path, heading);
      await there();
      await judge(`${path.split('?')[0].replace(/\/\S{9,}$/, '/one').replace(/\/\d+$/, '/one').replaceAll('/', '-')}-${width}-${scheme}`);
    }
    for (const [panel, heading, button, name] of dialogs) {
      await open(panel, heading);
      await world.page.getByRole('button', { name: button }).click();
      await dialog().waitFor();
      await judge(`dialog-${name}-${width}-${scheme}`);
      await world.page.keyboard.press('Escape');
      await dialog().waitFor({ state: 'detached' });
    }
  });

test('axe would find something', async () => {
  await open('overview', 'Overview');
  await world.page.evaluate(() => document.querySelector('main').append(document.createElement('input')));
  assert.match((await findings()).join(), /label/);
});

test('with 20,000 more held, no panel draws more than a page, or keeps the browser busy', { timeout: 180000 }, async () => {
  await world.page.setViewportSize({ width: 1280, height: 900 });
  const before = (await world.daemon.get('status')).store.held_messages;
  for (let at = 0; at < 20000; ++at) world.rabbit.channel.sendToQueue('reminders.later', Buffer.from(`many ${at}`), { headers: { 'x-delay': 3600000 + at * 120000 } });
  await world.rabbit.channel.waitForConfirms();
  await eventually('they are held', async () => (await world.daemon.get('status')).store.held_messages >= before + 20000, 60000);
  for (const panel of ['overview', 'calendar?zoom=year', 'calendar?zoom=month', 'messages', 'messages?text=many']) {
    await open('setup', 'Setup');
    await world.page.evaluate(() => {
      globalThis.longest = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((each) => (globalThis.longest = Math.max(globalThis.longest, each.duration)))).observe({ type: 'longtask' });
    });
    await world.page.evaluate((to) => (location.hash = `#/${to}`), panel);
    await eventually('it is drawn', () => world.page.evaluate(() => document.querySelector('main .uplot, main tbody tr') !== null));
    const { longest, drawn } = await world.page.evaluate(() => ({ longest: globalThis.longest, drawn: document.querySelectorAll('main tr').length }));
    assert.ok(drawn <= 51, `${panel} draws ${drawn} rows`);
    assert.ok(longest < 1000, `${panel} keeps the browser busy for ${longest} ms`);
  }
});

test('the browser complained of nothing, and nobody but the daemon was asked', () => {
  // While the daemon was away its stream of events broke off: that alone is said on the console.
  assert.deepEqual(world.wrong.filter((each) => !/ERR_(CONNECTION|INCOMPLETE)/.test(each)), []);
  assert.deepEqual(world.strangers, []);
});
