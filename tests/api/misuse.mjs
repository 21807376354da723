// Every operation as it is not meant: each is refused with the right status and a problem that says what to do.
import test from 'node:test';
import assert from 'node:assert/strict';

export function misuse(world) {
  const refused = async (status, id, options, words) => {
    const answer = await world.api.ask(id, options);
    const what = `${id} ${JSON.stringify(options).slice(0, 200)} answers ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.equal(answer.status, status, what);
    assert.equal(answer.media, 'application/problem+json', what);
    assert.equal(answer.value.status, status, what);
    assert.ok(answer.value.detail.length > 10, what);
    if (words) assert.match(answer.value.detail, words, what);
    const explained = await world.api.exchange('GET', answer.value.type, { headers: { Host: '127.0.0.1' } });
    assert.equal(explained.status, 200, `${answer.value.type} is not explained`);
    return answer;
  };
  const each = (what, choose, check) => test(what, async () => {
    const chosen = world.api.operations.filter(choose);
    assert.ok(chosen.length > 0);
    for (const operation of chosen) await check(operation);
  });
  const takesBody = (of) => of.method === 'post' || of.method === 'patch';
  // What would be right, so that only what is wrong is refused.
  const path = (of) => ({ name: of.path.includes('/routes/') ? 'orders' : of.path.startsWith('/problems/') ? 'conflict' : 'collected', id: '1' });

  each('another method is refused with those that are taken', () => true, async (of) => {
    const answer = await refused(405, of.id, { path: path(of), method: 'PUT' });
    const taken = world.api.operations.filter((other) => other.path === of.path).map((other) => other.method.toUpperCase());
    for (const method of taken) assert.ok(answer.headers.allow.split(', ').includes(method), `${of.path}: Allow is ${answer.headers.allow}`);
  });

  each('without a token it is refused, but for health and what errors mean', () => true, async (of) => {
    if (of.open) {
      const answer = await world.api.ask(of.id, { path: path(of), token: '' });
      assert.notEqual(answer.status, 401);
      return;
    }
    const answer = await refused(401, of.id, { path: path(of), token: '' }, /token/);
    assert.match(answer.headers['www-authenticate'], /^Bearer/);
  });

  test('a wrong token is refused, and after too many of them who sends them has to wait', async () => {
    await refused(401, 'status', { token: 'wrong' }, /none of those/);
    for (let tries = 0; ; ++tries) {
      const answer = await world.api.ask('status', { token: `wrong ${tries}` });
      if (answer.status === 429) {
        assert.ok(Number(answer.headers['retry-after']) > 0);
        break;
      }
      assert.equal(answer.status, 401);
      assert.ok(tries < 1000, 'there may be any number of wrong tokens');
    }
    await world.eventually('the right one counts again', async () => (await world.api.ask('status')).status === 200);
  });

  each('a token that may only read changes nothing', (of) => of.changes, async (of) => {
    await refused(403, of.id, { path: path(of), token: world.tokens.reader }, /only read/);
  });

  each('a Host of elsewhere is refused', () => true, async (of) => {
    await refused(403, of.id, { path: path(of), headers: { Host: 'attacker.example' } }, /Host/);
  });

  each('a page of elsewhere changes nothing', (of) => of.changes, async (of) => {
    await refused(403, of.id, { path: path(of), headers: { Origin: 'http://attacker.example' } }, /page/);
  });

  each('a body that is not said to be JSON is refused', takesBody, async (of) => {
    await refused(415, of.id, { path: path(of), body: 'x', type: 'text/plain' }, /application\/json/);
  });

  each('a body that is no JSON, or no object, or says what is not known, is refused', (of) => takesBody(of), async (of) => {
    for (const body of ['{', '[1]', '"text"', '{"nix": 1}']) await refused(400, of.id, { path: path(of), body });
  });

  each('a body of more than a mebibyte is refused before it is read', takesBody, async (of) => {
    await refused(413, of.id, { path: path(of), body: JSON.stringify({ body: 'x'.repeat((1 << 20) + 1) }) });
  });

  test('a cancel takes no body', async () => {
    await refused(400, 'cancelMessage', { body: { nix: 1 } });
  });

  each('a parameter that is not known is refused, by name, with those that are', (of) => of.parameters.some((one) => one.in === 'query'), async (of) => {
    const answer = await refused(400, of.id, { path: path(of), query: { nix: '1' } }, /nix/);
    assert.match(answer.value.detail, new RegExp(of.parameters.find((one) => one.in === 'query').name));
  });

  each('a cursor, a limit, a time and a state that are none are refused', (of) => of.parameters.some((one) => one.in === 'query'), async (of) => {
    const wrong = { after: '!', limit: '0', due_from: 'friday', due_until: '9', from: 'nix', until: 'nix', state: 'nix', per: 'nix', group: 'nix', older_than: 'long', newer_than: '-1s', header: ':x', text: '' };
    for (const { name } of of.parameters.filter((one) => one.in === 'query' && wrong[one.name] !== undefined)) await refused(400, of.id, { path: path(of), query: { [name]: wrong[name] } }, new RegExp(name));
  });

  each('an id, a name that is nowhere is told', (of) => of.parameters.some((one) => one.in === 'path'), async (of) => {
    const bodies = { rescheduleMessage: { delay: '1h' } };
    for (const nowhere of of.path.startsWith('/api/v1/messages/') ? ['nix', '7fffffff-1-00000000'] : ['nix', '999999'])
      await refused(404, of.id, { path: { name: nowhere, id: nowhere }, body: bodies[of.id] ?? (takesBody(of) ? {} : undefined) });
  });

  test('a path that is nowhere, a percent that says nothing', async () => {
    const asked = async (target) => world.api.exchange('GET', target, { headers: { Host: '127.0.0.1', Authorization: `Bearer ${world.tokens.operator}` } });
    assert.equal((await asked('/api/v1/nix')).status, 404);
    assert.equal((await asked('/api/v2/status')).status, 404);
    assert.equal((await asked('/api/v1/messages?route=%zz')).status, 400);
  });

  each('no page of elsewhere may read an answer: there is no CORS', (of) => of.method === 'get' && of.id !== 'events', async (of) => {
    const answer = await world.api.ask(of.id, { path: path(of), headers: { Origin: 'http://attacker.example' }, unjudged: true });
    assert.equal(Object.keys(answer.headers).find((name) => name.startsWith('access-control')), undefined);
  });
}
