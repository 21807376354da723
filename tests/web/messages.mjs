import test from 'node:test';
import assert from 'node:assert/strict';
import { world, open, rows, dialog, confirm, said, sees, equal } from './shared.mjs';
import { eventually } from './world.mjs';

const hour = 3600000;

// Holds one message of a route and answers its id.
async function hold(body, { route = 'reminders', delay = hour, ...more } = {}) {
  const queue = route === 'reminders' ? 'reminders.later' : 'orders.later';
  await world.rabbit.publish(queue, body, { ...more, headers: { 'x-delay': delay, ...more.headers } });
  const found = await eventually(`${body} is held`, async () => (await world.daemon.get(`messages?text=${encodeURIComponent(body)}`)).messages[0]);
  return found.id;
}
const held = async (id) => (await fetch(`${world.daemon.address}/api/v1/messages/${id}`)).status === 200 && world.daemon.get(`messages/${id}`);
const isHeld = async (id) => (await world.daemon.get('messages?limit=1000')).messages.some((each) => each.id === id);

test('the list has never more rows than a page, and leads to the next', async () => {
  await open('messages', 'Messages');
  await eventually('a page of 50', async () => (await rows('Held messages').count()) === 50);
  const first = await rows('Held messages').first().textContent();
  await world.page.getByRole('button', { name: 'Next page' }).click();
  await sees('51 to');
  assert.notEqual(await rows('Held messages').first().textContent(), first);
  await world.page.getByRole('button', { name: 'Previous page' }).click();
  await sees('1 to 50');
});

test('search by route, due time, header and text finds those alone', async () => {
  await hold('a needle in the haystack', { headers: { colour: 'green' } });
  await open('messages', 'Messages');
  const form = world.page.getByRole('search', { name: 'Held messages' });
  await form.getByLabel('Text in the body').fill('needle');
  await form.getByRole('button', { name: 'Search' }).click();
  await sees('1 to 1, by due time');
  assert.match(await rows('Held messages').first().textContent(), /reminders/);
  await form.getByLabel('Text in the body').fill('');
  await form.getByLabel('Header').fill('colour:green');
  await form.getByRole('button', { name: 'Search' }).click();
  await sees('1 to 1, by due time');
  await form.getByLabel('Header').fill('');
  await form.getByLabel('Route').selectOption('order-timeouts');
  await form.getByRole('button', { name: 'Within an hour' }).click();
  await eventually('the orders of the next hour', async () => {
    const texts = await rows('Held messages').allTextContents();
    return texts.length > 0 && texts.length < 10 && texts.every((each) => each.includes('order-timeouts'));
  });
  await form.getByLabel('Text in the body').fill('nothing is like this');
  await form.getByRole('button', { name: 'Search' }).click();
  await sees('None found.');
});

test('a message is shown whole: due time, headers, JSON indented, and as bytes', async () => {
  const id = await hold('{"order":12345678901234567890,"items":[{"sku":"A"}],"empty":{}}', { route: 'order-timeouts', contentType: 'application/json', messageId: 'whole-1', headers: { customer: 'c7', n: 3 } });
  const page = await open(`messages/${id}`, `Message ${id}`);
  await page.getByLabel('Body', { exact: true }).waitFor();
  equal(await page.getByLabel('Body', { exact: true }).textContent(), '{\n  "order": 12345678901234567890,\n  "items": [\n    {\n      "sku": "A"\n    }\n  ],\n  "empty": {}\n}');
  await page.getByLabel('Shown as').selectOption('text');
  assert.match(await page.getByLabel('Body', { exact: true }).textContent(), /^\{"order":1234/);
  await page.getByLabel('Shown as').selectOption('hex');
  assert.match(await page.getByLabel('Body', { exact: true }).textContent(), /^000000 {2}7b 22 6f/);
  assert.match(await page.getByRole('table', { name: 'Headers' }).textContent(), /customerc7/);
  await sees('whole-1');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  assert.ok(await file.path());
});

test('a body that is no text is shown as bytes', async () => {
  await open('messages?header=binary:true', 'Messages');
  await rows('Held messages').first().getByRole('link').click();
  await world.page.getByLabel('Body', { exact: true }).waitFor();
  assert.match(await world.page.getByLabel('Body', { exact: true }).textContent(), /^000000 {2}00 01 02 fa fb fc fd fe ff 48 69 .*Hi$/);
});

test('rescheduling moves it, by a delay and to a time', async () => {
  const id = await hold('to be moved');
  await open(`messages/${id}`, `Message ${id}`);
  await world.page.getByRole('button', { name: 'Reschedule' }).click();
  await dialog().getByLabel('Delay from now').fill('3h');
  await confirm('Reschedule');
  await said(/It is due/);
  const due = Date.parse((await held(id)).due);
  assert.ok(Math.abs(due - Date.now() - 3 * hour) < 60000);
  await world.page.getByRole('button', { name: 'Reschedule' }).click();
  await dialog().getByLabel('Time, in your own zone').fill('2028-01-02T03:04:05');
  await confirm('Reschedule');
  await eventually('it is due then', async () => Date.parse((await held(id)).due) === new Date('2028-01-02T03:04:05').getTime());
});

test('a delay that nobody can read is refused in the dialog, in words', async () => {
  const id = await hold('to stay');
  const before = (await held(id)).due;
  await open(`messages/${id}`, `Message ${id}`);
  await world.page.getByRole('button', { name: 'Reschedule' }).click();
  await dialog().getByLabel('Delay from now').fill('soon');
  await dialog().getByRole('button', { name: 'Reschedule' }).click();
  await dialog().getByRole('alert').getByText(/delay/).first().waitFor();
  await dialog().getByRole('button', { name: 'Back' }).click();
  assert.equal((await held(id)).due, before);
});

test('release now publishes it', async () => {
  const before = await world.rabbit.depth('reminders.due');
  const id = await hold('released by hand');
  await open(`messages/${id}`, `Message ${id}`);
  await world.page.getByRole('button', { name: 'Release now' }).click();
  await confirm('Release now');
  await said('Released.');
  await eventually('the broker has it', async () => (await world.rabbit.depth('reminders.due')) === before + 1);
  assert.equal((await world.rabbit.next('reminders.due')).body, 'released by hand');
});

test('cancel removes it, and nothing is published', async () => {
  const id = await hold('cancelled by hand', { delay: 4000 });
  await open(`messages/${id}`, `Message ${id}`);
  await world.page.getByRole('button', { name: 'Cancel' }).click();
  await confirm('Cancel the message');
  await said('Cancelled.');
  assert.equal(await isHeld(id), false);
  // One that is due later comes, so the cancelled one would have come.
  await world.rabbit.publish('reminders.later', 'after it', { headers: { 'x-delay': 4500 } });
  assert.equal((await world.rabbit.next('reminders.due')).body, 'after it');
  assert.equal(await world.rabbit.depth('reminders.due'), 0);
});

test('thinking better of it changes nothing', async () => {
  const id = await hold('kept after all');
  await open(`messages/${id}`, `Message ${id}`);
  await world.page.getByRole('button', { name: 'Cancel' }).click();
  await world.page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  assert.equal(await isHeld(id), true);
});

test('all that were found are released, rescheduled and cancelled', async () => {
  for (let at = 0; at < 3; ++at) await world.rabbit.publish('reminders.later', `bulk ${at}`, { headers: { 'x-delay': hour, kind: 'bulk' } });
  const found = () => world.daemon.get('messages?header=kind:bulk');
  await eventually('three are held', async () => (await found()).messages.length === 3);
  await open('messages?header=kind%3Abulk', 'Messages');
  await sees('1 to 3, by due time');
  await world.page.getByRole('button', { name: 'Reschedule all' }).click();
  await dialog().getByLabel('Delay from now').fill('5h');
  await confirm('Reschedule 3 messages');
  await said('3 messages rescheduled.');
  assert.ok((await found()).messages.every((each) => Math.abs(Date.parse(each.due) - Date.now() - 5 * hour) < 60000));
  const first = (await found()).messages[0].id;
  await world.page.getByRole('button', { name: 'Release all now' }).click();
  await confirm('Release now 3 messages');
  await said('3 messages released.');
  const got = [];
  for (let at = 0; at < 3; ++at) got.push((await world.rabbit.next('reminders.due')).body);
  equal(got.sort(), ['bulk 0', 'bulk 1', 'bulk 2']);
  assert.equal(await isHeld(first), false);

  for (let at = 0; at < 2; ++at) await world.rabbit.publish('reminders.later', `gone ${at}`, { headers: { 'x-delay': hour, kind: 'gone' } });
  await eventually('two are held', async () => (await world.daemon.get('messages?header=kind:gone')).messages.length === 2);
  await open('messages?header=kind%3Agone', 'Messages');
  await sees('1 to 2, by due time');
  await world.page.getByRole('button', { name: 'Cancel all' }).click();
  await confirm('Cancel 2 messages');
  await said('2 messages cancelled.');
  equal((await world.daemon.get('messages?header=kind:gone')).messages, []);
});

test('a message is scheduled by hand and arrives, with its headers', async () => {
  await open('messages', 'Messages');
  await world.page.getByRole('button', { name: 'Schedule a message' }).click();
  await dialog().getByLabel('Where to').selectOption('queue');
  await dialog().getByLabel('Name').fill('elsewhere');
  await dialog().getByLabel('Delay from now').fill('1s');
  await dialog().getByLabel('Body').fill('{"by":"hand"}');
  await dialog().getByLabel('Content type').fill('application/json');
  await dialog().getByLabel('Headers').fill('customer: c9\ntries: 3');
  await confirm('Schedule');
  await said(/Held as/);
  const got = await world.rabbit.next('elsewhere');
  assert.equal(got.body, '{"by":"hand"}');
  assert.equal(got.properties.contentType, 'application/json');
  assert.equal(got.headers.customer, 'c9');
  assert.equal(got.headers.tries, 3);
});

test('what was released meanwhile is told in the daemon\'s words', async () => {
  await open('messages/never-given', 'Message never-given');
  await world.page.getByRole('alert', { name: 'Problems' }).getByText('Not Found').waitFor();
  await world.page.getByRole('button', { name: /Put away/ }).click();
});
