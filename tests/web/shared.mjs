// What the tests of the page share: one broker, one daemon, one browser, and how to get about in the page.
import assert from 'node:assert/strict';

export const world = {
  rabbit: null, daemon: null, browser: null, page: null,
  wrong: [], // what the browser complained of: errors of scripts, breaches of the page's policy
  strangers: [], // requests to anybody but the daemon
  watch(page) {
    const { address } = this.daemon;
    page.on('pageerror', (error) => this.wrong.push(error.stack));
    // An answer of the daemon's that is no success is no mistake of the page; anything else on the console is.
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource') && this.wrong.push(message.text()));
    page.on('request', (request) => !/^(blob|data):/.test(request.url()) && !request.url().startsWith(address) && this.strangers.push(request.url()));
  },
};

// Opens a panel and waits for its heading.
export async function open(panel, heading) {
  await world.page.goto(`${world.daemon.address}/#/${panel}`);
  await world.page.getByRole('heading', { level: 1, name: heading }).waitFor();
  return world.page;
}

export const dialog = () => world.page.getByRole('dialog');

// Presses the confirming button of the dialog, and waits until it is gone: what was asked for is done.
export async function confirm(button) {
  await dialog().getByRole('button', { name: button }).click();
  await dialog().waitFor({ state: 'detached' });
}

// The line that tells what was done.
export const said = (words) => world.page.getByRole('status', { name: 'What was done' }).getByText(words).waitFor();

// Waits for text in the main part.
export const sees = (words) => world.page.getByRole('main').getByText(words).first().waitFor();

export const rows = (name) => world.page.getByRole('table', { name }).locator('tbody tr');

export function equal(got, expected, what) {
  assert.deepEqual(got, expected, what);
}
