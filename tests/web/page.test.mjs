// Every panel of the page and every action on it, as a person does it, and then what the broker truly has.
import { before, after } from 'node:test';
import { broker, daemon, openBrowser } from './world.mjs';
import { yaml, fill } from './sample.mjs';
import { world } from './shared.mjs';

before(async () => {
  world.rabbit = await broker.start();
  world.daemon = await daemon.start(yaml, world.rabbit.uri);
  await fill(world.rabbit);
  world.browser = await openBrowser();
  world.page = await world.browser.context.newPage();
  world.watch(world.page);
}, { timeout: 180000 });

after(async () => {
  await world.browser?.close();
  await world.daemon?.stop();
  await world.rabbit?.stop();
});

await import('./overview.mjs');
await import('./calendar.mjs');
await import('./messages.mjs');
await import('./dead_letters.mjs');
await import('./routes.mjs');
await import('./setup.mjs');
await import('./frame.mjs');
await import('./token.mjs');
await import('./access.mjs');
