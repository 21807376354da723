// Held messages: search, and what may be done to all that were found. Never more than a page of rows is drawn, however
// many are held: the daemon's cursor leads to the next.
import { h, put, field, select, table, freshId } from './dom.js';
import { count, bytes, time, short, plural, localInput } from './format.js';
import { get, post, part } from './api.js';
import { routeNames, refresh } from './live.js';
import { attempt, say, tell } from './notices.js';
import { ask, actionButton } from './dialogs.js';
import { whenFields, whenFrom } from './when.js';
import { scheduleDialog } from './schedule.js';
import { states, stateBadge } from './message.js';

const turns = 100; // of asking on
const filterKeys = ['route', 'state', 'due_from', 'due_until', 'header', 'text'];

export function messages(main, names, query) {
  const pageSize = innerWidth > 700 ? 50 : 20; // a card takes more room than a row
  const filter = Object.fromEntries(filterKeys.filter((key) => query.get(key)).map((key) => [key, query.get(key)]));
  let cursors = [null]; // of the pages up to the one that is seen
  let asked = null;

  const inputs = {
    route: select([['', 'All routes'], ...[...new Set([...routeNames(), filter.route].filter(Boolean))].map((each) => [each, each])], filter.route ?? ''),
    state: select([['', 'Any'], ...['waiting', 'dead_lettering'].map((each) => [each, states[each][0]])], filter.state ?? ''),
    due_from: h('input', { type: 'datetime-local', step: 1, value: filter.due_from ? localInput(new Date(filter.due_from)) : '' }),
    due_until: h('input', { type: 'datetime-local', step: 1, value: filter.due_until ? localInput(new Date(filter.due_until)) : '' }),
    header: h('input', { type: 'text', placeholder: 'name:value', value: filter.header ?? '', spellcheck: 'false', autocomplete: 'off' }),
    text: h('input', { type: 'search', value: filter.text ?? '', spellcheck: 'false' }),
  };
  const wanted = () => {
    const out = {};
    for (const key of filterKeys) {
      const value = inputs[key].value.trim();
      if (value) out[key] = key.startsWith('due_') ? new Date(value).toISOString() : value;
    }
    return out;
  };
  const search = (event) => {
    event?.preventDefault();
    const address = `#/messages?${new URLSearchParams(wanted())}`;
    if (location.hash === address) load();
    else location.hash = address;
  };
  const within = (from, until) => () => {
    inputs.due_from.value = from === null ? '' : localInput(new Date(Date.now() + from));
    inputs.due_until.value = until === null ? '' : localInput(new Date(Date.now() + until));
    search();
  };

  const found = h('div', { class: 'results' });
  const line = h('p', { class: 'lead', role: 'status' });
  const pager = h('nav', { class: 'pager', 'aria-label': 'Pages' });
  const bulk = [
    actionButton('Release all now', () => changeAll('release', 'Release now', 'They are published at once instead of at their time.', 'released')),
    actionButton('Reschedule all', () => changeAll('reschedule', 'Reschedule', null, 'rescheduled')),
    actionButton('Cancel all', () => changeAll('cancel', 'Cancel', 'They are removed and never published. This cannot be undone.', 'cancelled'), { danger: true }),
  ];
  put(main,
    h('div', { class: 'panel-head' }, h('h1', {}, 'Messages'), actionButton('Schedule a message', async () => (await scheduleDialog()) && load(), { primary: true })),
    h('form', { class: 'card filters', role: 'search', 'aria-label': 'Held messages', onsubmit: search },
      field('Route', inputs.route), field('State', inputs.state), field('Due from', inputs.due_from), field('Due before', inputs.due_until),
      field('Header', inputs.header), field('Text in the body or routing key', inputs.text),
      h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Search'), h('a', { class: 'button', href: '#/messages' }, 'Clear')),
      h('div', { class: 'quick', role: 'group', 'aria-label': 'Due' },
        h('button', { type: 'button', class: 'quiet', onclick: within(null, 0) }, 'Overdue'),
        h('button', { type: 'button', class: 'quiet', onclick: within(null, 3600000) }, 'Within an hour'),
        h('button', { type: 'button', class: 'quiet', onclick: within(null, 86400000) }, 'Within a day'))),
    h('section', { class: 'card', 'aria-label': 'Found' },
      h('div', { class: 'card-head' }, line, h('div', { class: 'buttons', role: 'group', 'aria-label': 'All that were found' }, bulk)),
      found, pager));

  async function load() {
    const mine = (asked = {});
    found.setAttribute('aria-busy', 'true');
    const answer = await attempt(() => page(mine));
    if (asked !== mine) return;
    found.removeAttribute('aria-busy');
    if (!answer) return put(line, 'They could not be listed.');
    const first = (cursors.length - 1) * pageSize;
    put(line, answer.messages.length === 0 ? (answer.next === null ? 'None found.' : 'None found so far; the next page looks further.') : `${count(first + 1)} to ${count(first + answer.messages.length)}${answer.next === null ? '' : ', and more'}, by due time`);
    put(found, table('Held messages', [{ title: 'Message', main: true }, { title: 'Due' }, { title: 'Route' }, { title: 'State' }, { title: 'Size', number: true }],
      answer.messages.map((each) => [h('a', { href: `#/messages/${part(each.id)}` }, h('code', { title: each.id }, short(each.id))), time(each.due), each.route,
        [stateBadge(each), each.attempt > 1 && h('small', {}, ` attempt ${each.attempt}`)], bytes(each.bytes)]),
      { empty: Object.keys(filter).length > 0 ? 'No held message is like that. A released one is no longer here.' : 'Nothing is held. Publish to an intake, or schedule a message here.' }));
    const move = (to) => {
      cursors = to;
      load().then(() => main.querySelector('h1')?.scrollIntoView());
    };
    put(pager, (cursors.length > 1 || answer.next !== null) && [
      h('button', { type: 'button', disabled: cursors.length < 2, onclick: () => move(cursors.slice(0, -1)) }, '‹ Previous page'),
      h('span', {}, `Page ${cursors.length}`),
      h('button', { type: 'button', disabled: answer.next === null, onclick: () => move([...cursors, answer.next]) }, 'Next page ›')]);
  }

  // The daemon looks through so many at a time, and may find fewer than asked for, or none, before the end: then it is
  // asked on, for a while. The rows that the cursor leads to are those after the last one shown.
  async function page(mine) {
    const all = { messages: [], next: cursors.at(-1) };
    for (let turn = 0; turn < turns; ++turn) {
      const some = await get('messages', { ...filter, limit: pageSize - all.messages.length, after: all.next });
      if (asked !== mine) return null;
      all.messages.push(...some.messages);
      all.next = some.next;
      if (some.next === null || all.messages.length >= pageSize) break;
      put(line, `${plural(all.messages.length, 'message')} found so far, looking further`);
    }
    return all;
  }

  // First how many there are, then the question with that number, which the daemon checks again.
  async function changeAll(path, confirm, warning, done) {
    const body = bodyFilter(filter);
    const when = path === 'reschedule' ? whenFields() : null;
    const counted = await attempt(() => post(`messages/${path}`, { filter: body, dry_run: true, ...(when && { delay: '1h' }) }));
    if (!counted) return;
    const many = counted.messages;
    if (many === 0) return say('None is like that any more.');
    const said = await ask({
      title: `${confirm} ${plural(many, 'message')}?`, confirm: `${confirm} ${plural(many, 'message')}`, danger: path === 'cancel',
      content: [warning && h('p', {}, warning), Object.keys(filter).length === 0 && h('p', { class: 'strong' }, 'No filter is set: these are all that are held.'), when?.nodes],
      run: () => post(`messages/${path}`, { filter: body, count: many, ...(when && whenFrom(when)) }),
    });
    if (!said) return;
    say(`${plural(said.changed, 'message')} ${done}.${said.missed > 0 ? ` ${plural(said.missed, 'was', 'were')} published, or gone, meanwhile.` : ''}`);
    cursors = [null];
    await refresh();
    load();
  }

  load();
  return () => (asked = null);
}

// As the bodies of the bulk changes have it.
function bodyFilter(from) {
  const { header, ...rest } = from;
  if (!header) return rest;
  const colon = header.indexOf(':');
  return { ...rest, headers: { [colon < 0 ? header : header.slice(0, colon)]: colon < 0 ? '' : header.slice(colon + 1) } };
}
