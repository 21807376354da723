// Every operation as it is meant, with each of its parameters having its effect.
import test from 'node:test';
import assert from 'node:assert/strict';
import { request } from 'node:http';

export function exercise(world) {
  const ask = (...words) => world.api.ask(...words);
  const status = async (expected, ...words) => {
    const answer = await ask(...words);
    assert.equal(answer.status, expected, `${words[0]}: ${answer.text}`);
    return answer;
  };
  const message = { route: 'orders', delay: '2h', body: '{"order": 42}', routing_key: 'order.placed', headers: { tenant: 'acme', n: 3, paid: false }, properties: { content_type: 'application/json', message_id: 'm-42', priority: 5, timestamp: '2026-11-25T07:00:00Z' } };
  const schedule = async (more = {}) => (await status(201, 'schedule', { body: { ...message, ...more } })).value.id;

  test('health, readiness, metrics, problems, the index, who asks', async () => {
    await status(200, 'health');
    await status(200, 'readiness');
    assert.match((await status(200, 'metrics')).text, /^postponed_held_messages/m);
    await status(200, 'listProblems');
    assert.match((await status(200, 'explainProblem', { path: { name: 'conflict' } })).text, /Conflict/);
    await status(404, 'explainProblem', { path: { name: 'nix' } });
    await status(200, 'index');
    assert.deepEqual((await status(200, 'whoami')).value, { name: 'operator', role: 'operator' });
    assert.deepEqual((await status(200, 'whoami', { token: world.tokens.reader })).value, { name: 'reader', role: 'read-only' });
    await status(200, 'status');
  });

  test('a message is scheduled by route, queue and exchange, with delay and due, once by its key', async () => {
    assert.ok(world.api.takes('schedule', 'application/json', message));
    const id = await schedule();
    const one = (await status(200, 'getMessage', { path: { id } })).value;
    assert.equal(one.message.body, message.body);
    assert.deepEqual(one.message.headers, message.headers);
    assert.equal(one.message.properties.message_id, 'm-42');
    assert.equal(one.routing_key, 'order.placed');
    for (const to of [{ queue: 'api.due' }, { exchange: '', routing_key: 'api.due' }])
      {
        const { value } = await status(201, 'schedule', { body: { ...to, due: new Date(Date.now() + 3600000).toISOString(), body_base64: '/wA=' } });
        assert.equal((await status(200, 'getMessage', { path: { id: value.id } })).value.message.body_base64, '/wA=');
      }
    const key = { headers: { 'Idempotency-Key': 'k-1' }, body: message };
    const first = await status(201, 'schedule', key);
    const again = await status(200, 'schedule', key);
    assert.equal(again.value.id, first.value.id);
    assert.deepEqual([first.value.repeated, again.value.repeated], [false, true]);
    await status(422, 'schedule', { ...key, body: { ...message, body: 'another' } });
    await status(422, 'schedule', { body: { ...message, route: 'nix' } });
    await status(422, 'schedule', { body: { ...message, delay: '500d' } });
    await status(400, 'schedule', { body: { ...message, delay: '1h', due: '2026-12-24T00:00:00Z' } });
    await status(400, 'schedule', { body: { body: 'nowhere' } });
  });

  test('lines: each is answered by a line, good or not', async () => {
    const lines = [{ route: 'orders', delay: '1h', body: 'a' }, { route: 'nix', delay: '1h' }, { queue: 'api.due', delay: 3600000, body: 'b', idempotency_key: 'line-3' }, { queue: 'api.due', delay: 3600000, body: 'b', idempotency_key: 'line-3' }];
    const { value } = await status(200, 'schedule', { type: 'application/x-ndjson', body: `${lines.map((each) => JSON.stringify(each)).join('\n')}\nnix\n` });
    assert.deepEqual(value.map((each) => each.status), [201, 422, 201, 200, 400]);
    assert.deepEqual(value.map((each) => each.line), [1, 2, 3, 4, 5]);
  });

  test('the list: each filter finds those alone, and cursors lead through all', async () => {
    const found = async (query) => (await status(200, 'listMessages', { query })).value.messages;
    const all = await found({});
    assert.ok(all.length >= 5);
    const route = await found({ route: 'orders' });
    assert.ok(route.length > 0 && route.length < all.length && route.every((each) => each.route === 'orders'));
    assert.ok((await found({ header: 'tenant:acme' })).length > 0);
    assert.equal((await found({ header: 'tenant:globex' })).length, 0);
    assert.equal((await found({ header: ['tenant:acme', 'nix'] })).length, 0);
    assert.ok((await found({ text: 'order.placed' })).length > 0);
    assert.equal((await found({ text: 'nowhere to be found' })).length, 0);
    const middle = new Date(Date.now() + 90 * 60000).toISOString();
    const [early, late] = [await found({ due_until: middle }), await found({ due_from: middle })];
    assert.ok(early.length > 0 && late.length > 0);
    assert.equal(early.length + late.length, all.length);
    assert.equal((await found({ state: 'waiting' })).length, all.length);
    assert.equal((await found({ state: 'dead_lettering' })).length, 0);
    const ids = [];
    for (let after = null; ;) {
      const { value } = await status(200, 'listMessages', { query: { limit: 2, ...(after && { after }) } });
      assert.ok(value.messages.length <= 2);
      ids.push(...value.messages.map((each) => each.id));
      after = value.next;
      if (after === null) break;
    }
    assert.deepEqual(ids, all.map((each) => each.id));
  });

  test('one is moved, released, cancelled; afterwards it is a conflict, with its history', async () => {
    const id = await schedule();
    const due = new Date(Date.now() + 5 * 3600000).toISOString();
    assert.equal((await status(200, 'rescheduleMessage', { path: { id }, body: { due } })).value.due, due);
    await status(200, 'rescheduleMessage', { path: { id }, body: { delay: '3h' } });
    await status(422, 'rescheduleMessage', { path: { id }, body: { delay: '500d' } });
    await status(400, 'rescheduleMessage', { path: { id }, body: { delay: '1h', due } });
    assert.equal((await status(200, 'cancelMessage', { path: { id } })).value.state, 'cancelled');
    for (const each of ['cancelMessage', 'releaseMessage']) await status(409, each, { path: { id } });
    await status(409, 'rescheduleMessage', { path: { id }, body: { delay: '1h' } });
    const other = await schedule();
    await status(200, 'releaseMessage', { path: { id: other } });
    assert.equal((await world.rabbit.next('api.due')).body, message.body);
    const gone = await world.eventually('it is gone', async () => {
      const answer = await ask('getMessage', { path: { id: other } });
      return (answer.status === 409 || answer.value?.state === 'finished') && answer;
    });
    if (gone.status === 200) assert.ok(gone.value.history.length > 1);
    // One of another time, of which nothing is remembered.
    const old = await schedule({ delay: '1h' });
    await status(200, 'cancelMessage', { path: { id: old } });
    await world.daemon.restart();
    await status(409, 'getMessage', { path: { id: old } });
  });

  test('many are counted, then changed by that count, and not by another', async () => {
    for (let at = 0; at < 3; ++at) await schedule({ headers: { tenant: 'bulk' } });
    const filter = { headers: { tenant: 'bulk' } };
    const more = { cancelMessages: {}, rescheduleMessages: { delay: '4h' }, releaseMessages: {} };
    for (const id of ['rescheduleMessages', 'cancelMessages']) {
      assert.ok(world.api.takes(id, 'application/json', { filter, dry_run: true, ...more[id] }));
      assert.deepEqual((await status(200, id, { body: { filter, dry_run: true, ...more[id] } })).value, { messages: 3, dry_run: true });
      await status(409, id, { body: { filter, count: 2, ...more[id] } });
      const { value } = await status(200, id, { body: { filter, count: 3, ...more[id] } });
      assert.deepEqual(value, { messages: 3, dry_run: false, changed: 3, missed: 0 });
    }
    await schedule({ headers: { tenant: 'bulk' }, queue: undefined });
    await status(409, 'releaseMessages', { body: { filter, count: 7 } });
    await status(200, 'releaseMessages', { body: { filter, count: 1 } });
    await world.rabbit.next('api.due');
    for (const id of Object.keys(more)) await status(400, id, { body: { ...more[id] } }); // which?
  });

  test('the calendar: per span, from, until, of one route', async () => {
    const [from, until] = [new Date().toISOString(), new Date(Date.now() + 86400000).toISOString()];
    const of = async (query) => (await status(200, 'calendar', { query })).value;
    const sum = (value) => value.spans.reduce((total, each) => total + each.messages, 0);
    // What was just released counts until its confirm is on disk.
    const all = await world.eventually('hours and minutes tell the same', async () => {
      const [hours, minutes] = [await of({ from, until, per: 'hour' }), await of({ from, until, per: 'minute' })];
      return sum(hours) === sum(minutes) && hours;
    });
    assert.ok(sum(all) > 0);
    assert.ok(sum(await of({ from, until, route: 'orders' })) < sum(all));
    assert.equal((await of({ per: 'month' })).per, 'month');
    await status(400, 'calendar', { query: { from: until, until: from } });
    await status(400, 'calendar', { query: { per: 'year' } });
  });

  test('dead letters: collected ones by every filter, one whole, groups; a queue that is not collected by its head', async () => {
    for (let at = 0; at < 6; ++at) await world.rabbit.publish('api.later', `failed ${at}`, { headers: { 'x-delay': 'soon', n: at } });
    await world.rabbit.publish('api.later', 'too long', { headers: { 'x-delay': 5000 * 86400000 } });
    const found = async (query) => (await status(200, 'listLetters', { path: { name: 'collected' }, query })).value.messages;
    const all = await world.eventually('they are collected', async () => {
      const now = await found({});
      return now.length === 7 && now;
    });
    const bad = await found({ reason: 'bad_delay' });
    assert.equal(bad.length, 6);
    const { value: { groups } } = await status(200, 'listGroups', { path: { name: 'collected' } });
    assert.equal(groups.length, 2);
    assert.equal((await found({ group: groups[0].group })).length, groups[0].messages);
    assert.equal((await found({ route: 'orders' })).length, 7);
    assert.equal((await found({ route: 'nix' })).length, 0);
    assert.equal((await found({ queue: 'nix' })).length, 0);
    assert.equal((await found({ header: 'n:3' })).length, 1);
    assert.equal((await found({ text: 'failed 4' })).length, 1);
    assert.equal((await found({ older_than: '1h' })).length, 0);
    assert.equal((await found({ newer_than: '1h' })).length, 7);
    assert.equal((await found({ state: 'trash' })).length, 0);
    assert.equal((await found({ from: 'store' })).length, 7);
    const first = (await status(200, 'listLetters', { path: { name: 'collected' }, query: { limit: 4 } })).value;
    assert.equal((await found({ limit: 4, after: first.next })).length, 3);
    for (const query of [{ reason: 'bad_delay' }, { group: groups[0].group }, { route: 'orders' }, { queue: 'api.later' }, { header: 'n:3' }, { text: 'failed' }, { older_than: '1h' }, { newer_than: '1h' }, { state: 'kept' }])
      await status(200, 'listGroups', { path: { name: 'collected' }, query });
    assert.equal((await status(200, 'getLetter', { path: { name: 'collected', id: bad[0].id } })).value.message.body, 'failed 0');
    await status(409, 'listLetters', { path: { name: 'collected' }, query: { from: 'queue' } });
    await world.rabbit.publish('api.plain', 'left there');
    const head = await world.eventually('it lies there', async () => {
      const { value } = await status(200, 'listLetters', { path: { name: 'plain' } });
      return value.messages.length === 1 && value;
    });
    assert.equal(head.from, 'queue');
    assert.equal(head.messages[0].body, 'left there');
    assert.equal((await status(200, 'listLetters', { path: { name: 'plain' }, query: { from: 'store' } })).value.messages.length, 0);
    const { value } = await status(200, 'listDeadLetters');
    assert.deepEqual(value.dead_letters.map((each) => [each.name, each.store.kept, each.configured]), [['collected', 7, true], ['plain', 0, true]]);
  });

  test('to the trash and back, by filter and by ids', async () => {
    const path = { name: 'collected' };
    const ids = (await ask('listLetters', { path, query: { reason: 'bad_delay' } })).value.messages.map((each) => each.id);
    for (const id of ['discardLetters', 'restoreLetters']) {
      const body = { ids: ids.slice(0, 2) };
      assert.ok(world.api.takes(id, 'application/json', body));
      assert.deepEqual((await status(200, id, { path, body: { ...body, dry_run: true } })).value, { messages: 2, dry_run: true });
      assert.deepEqual((await status(200, id, { path, body })).value, { messages: 2, dry_run: false });
      if (id === 'discardLetters') {
        assert.equal((await ask('listLetters', { path, query: { state: 'trash' } })).value.messages.length, 2);
        await status(409, 'replayLetter', { path: { ...path, id: ids[0] } }); // restore it first
      }
    }
    assert.equal((await status(200, 'discardLetters', { path, body: { filter: { headers: { n: 5 } } } })).value.messages, 1);
    assert.equal((await status(200, 'restoreLetters', { path, body: {} })).value.messages, 1);
  });

  test('sent again: one, changed; many, by filter, with canary, rate and limit; from the head of a queue', async () => {
    const path = { name: 'collected' };
    const { value: { messages: [one] } } = await ask('listLetters', { path, query: { text: 'failed 0' } });
    const edit = { body: 'mended', headers: { 'x-delay': null, by: 'hand' }, properties: { type: 'mended' }, to: { queue: 'api.elsewhere' } };
    assert.ok(world.api.takes('replayLetter', 'application/json', edit));
    assert.deepEqual((await status(202, 'replayLetter', { path: { ...path, id: one.id }, body: edit })).value, { id: one.id, edited: true });
    const mended = await world.rabbit.next('api.elsewhere');
    assert.equal(mended.body, 'mended');
    assert.equal(mended.headers.by, 'hand');
    const order = { filter: { reason: 'bad_delay', older_than: '1ms', newer_than: '7d', queue: undefined }, to: { queue: 'api.elsewhere' }, canary: 1, limit: 3, rate: 1000 };
    assert.equal((await status(200, 'replayLetters', { path, body: { ...order, dry_run: true } })).value.messages, 3);
    const { value: job } = await status(202, 'replayLetters', { path, body: order });
    const state = (wanted) => world.eventually(`the replay is ${wanted}`, async () => (await status(200, 'getReplay', { path: { id: job.id } })).value.state === wanted);
    await state('canary');
    await status(409, 'replayLetters', { path, body: { from: 'queue' } }); // its messages are in the store
    await status(200, 'resumeReplay', { path: { id: job.id } });
    await state('done');
    for (const id of ['pauseReplay', 'resumeReplay', 'stopReplay']) await status(409, id, { path: { id: job.id } });
    const { value: next } = await status(202, 'replayLetters', { path, body: { to: { exchange: '', routing_key: 'api.elsewhere' }, canary: 1, rate: 5, filter: { headers: { n: 4 }, text: 'failed', route: 'orders' } } });
    await world.eventually('it waits, or has ended', async () => (await ask('getReplay', { path: { id: next.id } })).value.state !== 'running');
    const { value: { messages: left } } = await ask('listLetters', { path });
    const { value: slow } = await status(202, 'replayLetters', { path, body: { ids: left.map((each) => each.id), to: { queue: 'api.elsewhere' }, rate: 0.1 } });
    assert.equal((await status(200, 'pauseReplay', { path: { id: slow.id } })).value.state, 'paused');
    assert.deepEqual((await status(200, 'stopReplay', { path: { id: slow.id } })).value.filter.ids, left.map((each) => each.id));
    assert.ok((await status(200, 'listReplays')).value.replays.length >= 2);
    await world.eventually('the queue is known', async () => (await ask('replayLetters', { path: { name: 'plain' }, body: { dry_run: true } })).value?.messages === 1);
    const { value: drain } = await status(202, 'replayLetters', { path: { name: 'plain' }, body: { from: 'queue', to: { queue: 'api.elsewhere' } } });
    assert.equal(drain.kind, 'drain');
    await status(400, 'replayLetters', { path: { name: 'plain' }, body: { filter: { reason: 'x' } } });
  });

  test('a route is paused and resumed, the file read again, broker and file compared', async () => {
    const path = { name: 'orders' };
    assert.deepEqual((await status(200, 'pauseRoute', { path, body: { why: 'too many' } })).value, { route: 'orders', paused: true });
    await world.eventually('the status tells', async () => (await status(200, 'status')).value.routes.find((each) => each.name === 'orders').paused_why === 'too many');
    await status(200, 'resumeRoute', { path, body: { why: 'enough' } });
    await status(200, 'resumeRoute', { path });
    await status(200, 'reload');
    world.breakFile();
    const { value } = await status(422, 'reload');
    assert.match(value.errors[0], /nonsense/);
    world.mendFile();
    await status(200, 'reload');
    assert.equal((await status(200, 'topology')).value.same, true);
    await world.openTopology();
    assert.equal((await status(200, 'topology')).value.same, false);
  });

  test('events: what is changed is told, and again from an id on', async () => {
    const stream = (headers = {}) => new Promise((done, failed) => {
      const got = { text: '', status: 0, type: '' };
      const asked = request({ host: '127.0.0.1', port: world.daemon.port, path: '/api/v1/events', headers: { Authorization: `Bearer ${world.tokens.operator}`, ...headers }, agent: false }, (answer) => {
        Object.assign(got, { status: answer.statusCode, type: answer.headers['content-type'].split(';')[0], end: () => asked.destroy() });
        answer.on('data', (piece) => (got.text += piece));
        answer.on('error', () => {});
        done(got);
      });
      asked.on('error', failed);
      asked.end();
    });
    const first = await stream();
    assert.equal(first.status, 200);
    world.api.saw('events', '200', first.type);
    await status(200, 'pauseRoute', { path: { name: 'orders' } });
    await status(200, 'resumeRoute', { path: { name: 'orders' } });
    await world.eventually('both are told', () => /route paused/.test(first.text) && /route resumed/.test(first.text));
    const id = /id: (\d+)\nevent: changed\ndata: [^\n]*route paused/.exec(first.text)[1];
    first.end();
    const again = await stream({ 'Last-Event-ID': id });
    world.api.saw('events', 'parameter', 'Last-Event-ID');
    await world.eventually('the later one is told again', () => /route resumed/.test(again.text));
    assert.doesNotMatch(again.text, /route paused/);
    again.end();
  });

  test('a broker that is away is a reason not to be ready', async () => {
    await world.rabbit.halt();
    await world.eventually('it is not ready', async () => (await ask('readiness')).status === 503);
    await world.rabbit.again();
    await world.eventually('it is ready', async () => (await ask('readiness')).status === 200, 60000);
  });
}
