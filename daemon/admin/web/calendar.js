// What is held and when it will fire: a year by months, a month by days, a day by hours, an hour by minutes.
import { h, put, setText, freshId, select, field, table } from './dom.js';
import { count, bytes, plural } from './format.js';
import { barChart } from './charts.js';
import { get } from './api.js';
import { routeNames } from './live.js';
import { attempt } from './notices.js';

const minute = 60000;
const floor = { // in the reader's zone
  hour: (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate(), at.getHours()),
  day: (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate()),
  month: (at) => new Date(at.getFullYear(), at.getMonth()),
  year: (at) => new Date(at.getFullYear(), 0),
};
const step = {
  minute: (at, by) => new Date(at.getTime() + by * minute),
  hour: (at, by) => new Date(at.getTime() + by * 60 * minute),
  day: (at, by) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + by),
  month: (at, by) => new Date(at.getFullYear(), at.getMonth() + by),
  year: (at, by) => new Date(at.getFullYear() + by, 0),
};
const shown = (options) => (at) => at.toLocaleString('en-GB', options);
const hourOf = shown({ hour: '2-digit', minute: '2-digit' });

// `per` is what the daemon is asked for: days are put together of hours here, for they begin at the reader's midnight.
const zooms = {
  hour: { name: 'Hour', bar: 'minute', per: 'minute', inner: null, label: hourOf, title: shown({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' }) },
  day: { name: 'Day', bar: 'hour', per: 'hour', inner: 'hour', label: hourOf, title: shown({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }) },
  month: { name: 'Month', bar: 'day', per: 'hour', inner: 'day', label: shown({ weekday: 'short', day: 'numeric' }), title: shown({ month: 'long', year: 'numeric' }) },
  year: { name: 'Year', bar: 'month', per: 'day', inner: 'month', label: shown({ month: 'short' }), title: shown({ year: 'numeric' }) },
};

function spanWords(bar, from, until) {
  const day = from.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  if (bar === 'minute' || bar === 'hour') return `${day}, ${hourOf(from)} to ${hourOf(until)}`;
  return bar === 'day' ? day : from.toLocaleDateString('en-GB', { month: 'long', year: 'numeric' });
}

export function calendar(main, names, query) {
  let zoom = zooms[query.get('zoom')] ? query.get('zoom') : 'day';
  let from = floor[zoom](query.has('from') ? new Date(query.get('from')) : new Date());
  if (Number.isNaN(from.getTime())) from = floor[zoom](new Date());
  let spans = [];
  let chosen = null;
  let asked = null;
  let loaded = null;
  let pressed = Promise.resolve();
  let ended = false;

  const title = h('h2', { 'aria-live': 'polite' });
  const total = h('p', { class: 'lead' });
  const words = h('p', { class: 'readout', role: 'status' });
  const route = select([['', 'All routes'], ...routeNames().map((each) => [each, each])], query.get('route') ?? '', { onchange: () => load() });
  const group = freshId('zoom');
  const radios = Object.entries(zooms).map(([key, each]) => [key, h('input', { type: 'radio', name: group, value: key, id: `${group}-${key}`, onchange: () => go(key, new Date(Math.max(from, floor[key](new Date()) > from && inNow() ? Date.now() : from))) }), each.name]);
  const inNow = () => from <= new Date() && new Date() < step[zoom](from, 1);
  const bars = barChart({ chosen: (at) => choose(at), opened: (at) => open(at) });
  const keys = freshId('keys');
  const place = h('div', { class: 'bars', tabindex: 0, role: 'application', 'aria-label': 'Messages due, as bars', 'aria-describedby': keys, onkeydown: onKey }, bars.place);
  const roughly = h('p', { class: 'hint' });
  const list = h('a', { class: 'button' }, 'List these messages');
  const inward = h('button', { type: 'button', onclick: () => open(chosen) }, 'Zoom in');
  const rows = h('div', { class: 'scrolled', tabindex: 0, role: 'region', 'aria-label': 'The same as a table' });

  put(main,
    h('h1', {}, 'Calendar'),
    h('div', { class: 'toolbar' },
      h('fieldset', { class: 'segments' }, h('legend', { class: 'unseen' }, 'Zoom'), radios.map(([key, input, name]) => [input, h('label', { for: input.id }, name)])),
      h('div', { class: 'group' },
        h('button', { type: 'button', onclick: () => go(zoom, step[zoom](from, -1)), 'aria-label': 'Earlier' }, '‹ Earlier'),
        h('button', { type: 'button', onclick: () => go(zoom, new Date()) }, 'Now'),
        h('button', { type: 'button', onclick: () => go(zoom, step[zoom](from, 1)), 'aria-label': 'Later' }, 'Later ›')),
      field('Route', route)),
    h('figure', { class: 'card chart' },
      h('figcaption', {}, title, total),
      place,
      h('div', { class: 'readout-line' }, words, h('div', { class: 'buttons' }, inward, list)),
      roughly,
      h('p', { class: 'hint', id: keys }, 'Left and right choose a bar, Enter zooms in, Escape zooms out. Times are those of your own zone.')),
    h('details', { class: 'card' }, h('summary', {}, 'The same as a table'), rows));

  function go(to, at) {
    zoom = to;
    from = floor[zoom](at);
    chosen = null;
    load();
  }

  const load = () => (loaded = ask());

  // The whole is held in the daemon as counters; each answer has at most a few hundred spans, however much is held.
  async function ask() {
    const mine = (asked = {});
    const until = step[zoom](from, 1);
    history.replaceState(null, '', `#/calendar?${new URLSearchParams({ zoom, from: from.toISOString(), ...(route.value && { route: route.value }) })}`);
    for (const [key, input] of radios) input.checked = key === zoom;
    setText(title, `${zooms[zoom].title(from)}${zoom === 'hour' ? ` to ${hourOf(until)}` : ''}`);
    const answer = await attempt(() => get('calendar', { from: from.toISOString(), until: until.toISOString(), per: zooms[zoom].per, route: route.value }));
    if (ended || asked !== mine || !answer) return;
    spans = [];
    for (let at = from; at < until; at = step[zooms[zoom].bar](at, 1)) spans.push({ from: at, until: step[zooms[zoom].bar](at, 1), label: zooms[zoom].label(at), value: 0, exact: 0, spread: 0, bytes: 0 });
    for (const each of answer.spans) spreadOver(each);
    for (const each of spans) each.value = each.exact + Math.round(each.spread);
    bars.set(spans);
    const sum = spans.reduce((all, each) => ({ value: all.value + each.value, bytes: all.bytes + each.bytes, spread: all.spread + each.spread }), { value: 0, bytes: 0, spread: 0 });
    setText(total, sum.value === 0 ? 'Nothing is due.' : `${plural(sum.value, 'message')}, ${bytes(sum.bytes)}`);
    setText(roughly, sum.spread < 0.5 ? '' : `${plural(Math.round(sum.spread), 'message')} far ahead ${Math.round(sum.spread) === 1 ? 'is' : 'are'} counted for longer times than a bar, and spread evenly over theirs (lighter).`);
    const busy = spans.map((each, at) => [each, at]).filter(([each]) => each.value > 0);
    put(rows, table('Messages due', [{ title: 'When', main: true }, { title: 'Messages', number: true }, { title: 'Size', number: true }, { title: 'Actions', hidden: true }],
      busy.map(([each, at]) => [spanWords(zooms[zoom].bar, each.from, each.until), count(each.value), bytes(each.bytes),
        [zooms[zoom].inner && h('button', { type: 'button', onclick: () => open(at), 'aria-label': `Zoom in: ${spanWords(zooms[zoom].bar, each.from, each.until)}` }, 'Zoom in'),
          h('a', { class: 'button', href: listOf(each), 'aria-label': `List those of ${spanWords(zooms[zoom].bar, each.from, each.until)}` }, 'List')]]),
      { empty: 'Nothing is due in this time.' }));
    choose(chosen ?? first());
  }

  // What is counted for more than one bar is spread over those that it touches.
  function spreadOver(counted) {
    const begin = new Date(counted.start).getTime();
    const end = new Date(counted.end).getTime();
    for (const each of spans) {
      const within = Math.min(end, each.until.getTime()) - Math.max(begin, each.from.getTime());
      if (within <= 0) continue;
      const share = within / (end - begin);
      if (share === 1) each.exact += counted.messages;
      else each.spread += counted.messages * share;
      each.bytes += counted.bytes * share;
    }
  }

  const first = () => {
    const now = spans.findIndex((each) => each.from <= new Date() && new Date() < each.until);
    return now >= 0 ? now : Math.max(0, spans.findIndex((each) => each.value > 0));
  };
  const listOf = (span) => `#/messages?${new URLSearchParams({ due_from: span.from.toISOString(), due_until: span.until.toISOString(), ...(route.value && { route: route.value }) })}`;

  function choose(at) {
    if (at === null || at < 0 || at >= spans.length) return;
    chosen = at;
    const span = spans[at];
    setText(words, `${spanWords(zooms[zoom].bar, span.from, span.until)}: ${plural(span.value, 'message')}${span.value > 0 ? `, ${bytes(span.bytes)}` : ''}`);
    list.href = listOf(span);
    inward.hidden = !zooms[zoom].inner;
    bars.mark(at);
  }

  function open(at) {
    if (at === null || !spans[at]) return;
    if (zooms[zoom].inner) go(zooms[zoom].inner, spans[at].from);
    else location.hash = listOf(spans[at]);
  }

  const keyed = {
    ArrowLeft: () => (chosen > 0 ? choose(chosen - 1) : go(zoom, step[zoom](from, -1))),
    ArrowRight: () => (chosen < spans.length - 1 ? choose(chosen + 1) : go(zoom, step[zoom](from, 1))),
    Home: () => choose(0),
    End: () => choose(spans.length - 1),
    Enter: () => open(chosen),
    Escape: () => {
      const outer = Object.keys(zooms)[Object.keys(zooms).indexOf(zoom) + 1];
      if (outer) go(outer, from);
    },
  };

  // A key counts for the bars that the one before it led to: those are not there before the daemon's answer.
  function onKey(event) {
    const does = keyed[event.key];
    if (!does) return;
    event.preventDefault();
    pressed = pressed.then(() => loaded).then(() => ended || does());
  }

  load();
  return () => {
    ended = true;
    bars.end();
  };
}
