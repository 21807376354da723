// One dead letter: why its messages are there, which they are, and sending them again.
import { h, put, field, select, table, setText } from './dom.js';
import { count, bytes, time, plural, seconds } from './format.js';
import { get, post, part } from './api.js';
import { live, onStatus, refresh, routeNames } from './live.js';
import { attempt, say } from './notices.js';
import { ask, actionButton } from './dialogs.js';
import { deadFacts, troubles } from './dead_letters.js';
import { replayList } from './replays.js';
import { messageSections } from './message_view.js';

const filterKeys = ['group', 'route', 'reason', 'queue', 'older_than', 'newer_than', 'header', 'text', 'state'];

export function deadLetter(main, [name], query) {
  const pageSize = innerWidth > 700 ? 50 : 20; // a card takes more room than a row
  const filter = Object.fromEntries(filterKeys.filter((key) => query.get(key)).map((key) => [key, query.get(key)]));
  const trash = filter.state === 'trash';
  const path = `dead-letters/${part(name)}`;
  const here = (more) => `#/${path}?${new URLSearchParams(stored ? { ...more, from: 'store' } : more)}`;
  const known = live.status?.dead_letters.find((each) => each.name === name);
  const stored = query.get('from') === 'store'; // of one that is not collected: what the store has all the same
  const collected = !known || known.collect || stored;
  const chosen = new Set();
  let cursors = [null];
  let ended = false;

  const numbers = h('dl', { class: 'facts wide' });
  const wrong = h('ul', { class: 'wrongs' });
  const groups = h('div', {});
  const found = h('div', { class: 'results' });
  const line = h('p', { class: 'lead', role: 'status' });
  const other = h('p', { class: 'hint' }); // where else messages of it are
  const pager = h('nav', { class: 'pager', 'aria-label': 'Pages' });
  const actions = h('div', { class: 'buttons', role: 'group', 'aria-label': 'What may be done to them' });
  const replays = replayList(name);

  const inputs = {
    route: select([['', 'Any'], ...[...new Set([...routeNames(), filter.route].filter(Boolean))].map((each) => [each, each])], filter.route ?? ''),
    reason: h('input', { type: 'text', value: filter.reason ?? '', placeholder: 'attempts_exhausted', spellcheck: 'false' }),
    older_than: h('input', { type: 'text', value: filter.older_than ?? '', placeholder: '1h', spellcheck: 'false' }),
    newer_than: h('input', { type: 'text', value: filter.newer_than ?? '', placeholder: '7d', spellcheck: 'false' }),
    header: h('input', { type: 'text', value: filter.header ?? '', placeholder: 'name:value', spellcheck: 'false' }),
    text: h('input', { type: 'search', value: filter.text ?? '', spellcheck: 'false' }),
    state: select([['', 'Kept'], ['trash', 'In the trash']], filter.state ?? ''),
  };
  const search = (event) => {
    event.preventDefault();
    const out = filter.group ? { group: filter.group } : {};
    for (const [key, input] of Object.entries(inputs)) if (input.value.trim()) out[key] = input.value.trim();
    if (location.hash === here(out)) load();
    else location.hash = here(out);
  };

  put(main,
    h('p', { class: 'trail' }, h('a', { href: '#/dead-letters' }, '‹ Dead letters')),
    h('h1', { class: 'long' }, `Dead letter ${name}`),
    h('section', { class: 'card', 'aria-label': 'State' }, wrong, numbers),
    collected && h('section', { class: 'card' }, h('h2', {}, 'Why'), groups),
    h('section', { class: 'card' }, h('h2', {}, 'Messages'),
      collected && h('form', { class: 'filters', role: 'search', 'aria-label': 'Dead letters', onsubmit: search },
        field('Route', inputs.route), field('Reason', inputs.reason), field('Older than', inputs.older_than), field('Newer than', inputs.newer_than),
        field('Header', inputs.header), field('Text in body, error or key', inputs.text), field('Which', inputs.state),
        h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Search'), h('a', { class: 'button', href: here({}) }, 'Clear'))),
      filter.group && h('p', { class: 'chip' }, 'One group alone. ', h('a', { href: here({}) }, 'Show all')),
      h('div', { class: 'card-head' }, line, actions), other, found, pager),
    h('section', { class: 'card' }, h('h2', {}, 'Sent again'), replays.node));

  // --- What is meant: the chosen ones, else all that the filter finds ---
  const bodyFilter = () => {
    const { header, state, ...rest } = filter;
    if (!header) return rest;
    const colon = header.indexOf(':');
    return { ...rest, headers: { [colon < 0 ? header : header.slice(0, colon)]: colon < 0 ? '' : header.slice(colon + 1) } };
  };
  const meant = () => {
    if (chosen.size > 0) return { ids: [...chosen] };
    const by = bodyFilter();
    return collected && Object.keys(by).length > 0 ? { filter: by } : {};
  };
  const meantWords = () => (chosen.size > 0 ? `the ${plural(chosen.size, 'chosen message')}` : Object.keys(bodyFilter()).length > 0 ? 'all that were found' : 'all of them');

  function showActions() {
    const which = chosen.size > 0 ? 'chosen' : 'all';
    put(actions,
      !trash && actionButton(`Send ${which} again`, replay, { primary: true }),
      collected && !trash && actionButton(`Discard ${which}`, () => change('discard', 'Discard', 'They go to the trash, from which they can be fetched back for as long as the configuration says.', 'discarded'), { danger: true }),
      trash && actionButton(`Restore ${which}`, () => change('restore', 'Restore', 'They are dead letters again.', 'restored'), { primary: true }));
  }

  async function change(verb, confirm, words, done) {
    const counted = await attempt(() => post(`${path}/${verb}`, { ...meant(), dry_run: true }));
    if (!counted) return;
    const said = await ask({ title: `${confirm} ${plural(counted.messages, 'message')}?`, confirm, danger: verb === 'discard',
      content: h('p', {}, words), run: () => post(`${path}/${verb}`, meant()) });
    if (!said) return;
    say(`${plural(said.messages, 'message')} ${done}.`);
    await reloadAll();
  }

  async function replay() {
    const whole = (attributes) => h('input', { type: 'number', min: 1, step: 1, inputmode: 'numeric', ...attributes });
    const speed = whole({ placeholder: 'no limit' });
    const canary = whole({ placeholder: 'none' });
    const limit = whole({ placeholder: 'all' });
    const to = select([['', 'Where they came from'], ['queue', 'To a queue'], ['exchange', 'To an exchange']], '', { onchange: () => turn() });
    const target = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off' });
    const key = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off' });
    const targetField = field('Name', target);
    const keyField = field('Routing key', key);
    const turn = () => {
      targetField.hidden = to.value === '';
      keyField.hidden = to.value !== 'exchange';
    };
    turn();
    const tried = h('p', { class: 'lead', role: 'status' });
    const order = () => ({
      ...meant(), ...(stored && { from: 'store' }), ...(speed.value && { rate: Number(speed.value) }), ...(canary.value && { canary: Number(canary.value) }), ...(limit.value && { limit: Number(limit.value) }),
      ...(to.value === 'queue' && { to: { queue: target.value.trim() } }), ...(to.value === 'exchange' && { to: { exchange: target.value.trim(), routing_key: key.value.trim() } }),
    });
    const dryRun = () => attempt(async () => {
      const counted = await post(`${path}/replay`, { ...order(), dry_run: true });
      setText(tried, `${plural(counted.messages, 'message')} would be sent.`);
    });
    dryRun();
    const job = await ask({
      title: `Send ${meantWords()} again`, confirm: 'Send again', wide: true,
      content: [h('div', { class: 'grid' }, field('Where to', to), targetField, keyField, field('At most a second', speed), field('Canary: first', canary, 'After so many it waits for you'), field('At most in all', limit)),
        h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: dryRun }, 'Dry run: count only')), tried],
      run: () => post(`${path}/replay`, order()),
    });
    if (!job) return;
    say(`Replay ${job.id} has begun.`);
    chosen.clear();
    await replays.load();
    await refresh();
    load();
  }

  // --- What is seen ---
  const update = () => {
    const now = live.status?.dead_letters.find((each) => each.name === name);
    if (!now) return;
    const told = deadFacts(now);
    const pairs = [['Depth', told.depth], ['Oldest', told.age], ['Arrivals', told.rate], ['Queue', now.queue], ['Collected', now.collect ? `${count(now.collected)} since the start` : 'no'], ['Sent again', `${count(now.replayed)} since the start`], ['Note', now.note]];
    if (numbers.dataset.said !== JSON.stringify(pairs)) put(numbers, pairs.filter(([, value]) => value).map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
    numbers.dataset.said = JSON.stringify(pairs);
    const words = troubles(now);
    if (wrong.dataset.said !== words.join('\n')) put(wrong, words.map((each) => h('li', {}, each)));
    wrong.dataset.said = words.join('\n');
  };

  async function loadGroups() {
    const answer = await attempt(() => get(`${path}/groups`, trash ? { state: 'trash' } : {}));
    if (ended || !answer) return;
    const columns = [{ title: 'Error', main: true }, { title: 'Reason', nowrap: true }, { title: 'Route' }, { title: 'Messages', number: true }, { title: 'Last' }, { title: 'Actions', hidden: true }];
    put(groups, table('Failures that are alike', columns, answer.groups.slice(0, pageSize).map((each) => [each.error || 'no error is told', h('code', {}, each.reason || 'not known'), each.route || '–', count(each.messages), time(each.last_died, { both: false }),
      h('a', { class: 'button', href: here({ group: each.group, ...(trash && { state: 'trash' }) }), 'aria-label': `Show the ${plural(each.messages, 'message')} of: ${each.error || each.reason}` }, 'Show')]), { empty: trash ? 'The trash is empty.' : 'There is none: all is well here.' }));
  }

  function row(each) {
    const box = h('input', { type: 'checkbox', 'aria-label': `Choose message ${each.id}`, onchange: () => {
      if (box.checked) chosen.add(each.id);
      else chosen.delete(each.id);
      showActions();
    } });
    box.checked = chosen.has(each.id);
    return [h('span', { class: 'pick' }, box, h('a', { href: `#/${path}/${each.id}` }, `Message ${each.id}`)), h('code', {}, each.reason || 'not known'), each.error || '–', each.route || '–', time(each.died), bytes(each.bytes)];
  }

  async function load() {
    showActions();
    const answer = await attempt(() => get(`${path}/messages`, collected ? { ...filter, ...(stored && { from: 'store' }), limit: pageSize, after: cursors.at(-1) } : { limit: 20 }));
    if (ended) return;
    if (!answer) return put(line, 'They could not be listed.');
    if (answer.from === 'queue') {
      put(line, answer.messages.length === 0 ? 'The queue is empty.' : `The first ${plural(answer.messages.length, 'message')} of the queue. With collect: true in the configuration they can be searched, edited and chosen.`);
      put(found, answer.warning && h('p', { class: 'strong' }, answer.warning), answer.messages.map((each, at) => h('details', { class: 'peeked' },
        h('summary', {}, `${at + 1}. ${each.headers?.['postponed-reason'] ?? 'message'} `, h('small', {}, String(each.headers?.['postponed-error'] ?? each.routing_key ?? '')))
        , h('div', { class: 'stack' }, messageSections(each)))));
      return;
    }
    const first = (cursors.length - 1) * pageSize;
    put(line, answer.messages.length === 0 ? 'None found.' : `${count(first + 1)} to ${count(first + answer.messages.length)}${answer.next === null ? '' : ', and more'}, the oldest first`);
    put(found, table('Dead letters', [{ title: 'Message', main: true }, { title: 'Reason', nowrap: true }, { title: 'Error' }, { title: 'Route' }, { title: 'Died' }, { title: 'Size', number: true }], answer.messages.map(row), { empty: trash ? 'Nothing like that is in the trash.' : 'None is like that.' }));
    const move = (to) => {
      cursors = to;
      load();
    };
    put(pager, (cursors.length > 1 || answer.next !== null) && [
      h('button', { type: 'button', disabled: cursors.length < 2, onclick: () => move(cursors.slice(0, -1)) }, '‹ Previous page'), h('span', {}, `Page ${cursors.length}`),
      h('button', { type: 'button', disabled: answer.next === null, onclick: () => move([...cursors, answer.next]) }, 'Next page ›')]);
  }

  async function reloadAll() {
    chosen.clear();
    cursors = [null];
    await refresh();
    await Promise.all([load(), collected && loadGroups()]);
  }

  // A letter that came round in a loop, or was collected before, is in the store though the queue is not collected.
  async function tellOther() {
    const of = (await attempt(() => get('dead-letters')))?.dead_letters.find((each) => each.name === name);
    if (ended || !of || of.collect || !known) return;
    if (stored) put(other, 'These are in the store. ', h('a', { href: `#/${path}` }, 'Show the queue'));
    else if (of.store.kept + of.store.trash > 0) put(other, `${plural(of.store.kept + of.store.trash, 'more message')} of it, kept apart or collected before, in the store. `, h('a', { href: `#/${path}?from=store` }, 'Show the store'));
  }

  const stop = onStatus(update);
  update();
  load();
  tellOther();
  if (collected) loadGroups();
  return () => {
    ended = true;
    stop();
    replays.end();
  };
}
