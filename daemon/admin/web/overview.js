// The first look: how it is, how much is held, how late it is, what wants somebody's attention.
import { h, keyed, put, setText } from './dom.js';
import { count, bytes, rate, milliseconds, seconds } from './format.js';
import { liveChart } from './charts.js';
import { live, onStatus } from './live.js';
import { get } from './api.js';
import { healthItems } from './health.js';

const later = 15000; // ms between two looks at what is due: it changes slowly, and costs more than the status

function figure(title, href) {
  const value = h('b', {}, '–');
  const more = h('small', {}, ' ');
  const inner = [h('span', { class: 'name' }, title), value, more];
  return { node: h('li', {}, href ? h('a', { class: 'figure card', href }, inner) : h('div', { class: 'figure card' }, inner)), value, more };
}

function set(of, value, more = '', bad = false) {
  setText(of.value, value);
  setText(of.more, more);
  of.node.firstChild.classList.toggle('alarmed', bad);
}

export function overview(main) {
  const held = figure('Held', '#/messages');
  const minute = figure('Due within a minute', '#/calendar?zoom=hour');
  const hour = figure('Due within an hour', '#/calendar?zoom=hour');
  const day = figure('Due within a day', '#/calendar?zoom=day');
  const late = figure('Lateness, median');
  const latest = figure('Lateness, p99');
  const flow = figure('Coming in');
  const out = figure('Going out');
  const retries = figure('Retries', '#/routes');
  const dead = figure('Dead letters', '#/dead-letters');
  const health = h('ul', { class: 'health-list' });
  const rates = liveChart('Messages a second', [
    { name: 'in', colour: 'accent', value: (sample) => sample.in, shown: rate },
    { name: 'out', colour: 'good', value: (sample) => sample.out, shown: rate },
    { name: 'dead letters', colour: 'bad', value: (sample) => sample.dead, shown: rate }]);
  const lateness = liveChart('Lateness, last 30 s', [
    { name: 'median ≤', colour: 'accent', value: (sample) => sample.p50, shown: milliseconds },
    { name: 'p99 ≤', colour: 'warn', value: (sample) => sample.p99, shown: milliseconds }], { log: true });
  put(main,
    h('h1', {}, 'Overview'),
    h('section', { 'aria-label': 'Health' }, health),
    h('section', { 'aria-label': 'Figures' }, h('ul', { class: 'figures' }, [held, minute, hour, day, late, latest, flow, out, retries, dead].map((each) => each.node))),
    h('section', { class: 'two', 'aria-label': 'Live charts' }, rates.node, lateness.node));

  const update = () => {
    const status = live.status;
    if (!status) return;
    keyed(health, healthItems(live), (each) => each.name, () => {
      const words = h('span', {});
      const name = h('strong', {});
      const node = h('li', {}, h('span', { class: 'dot', 'aria-hidden': 'true' }), h('div', {}, name, words));
      return { node, update(item) {
        node.className = item.state;
        setText(name, item.name);
        setText(words, item.words);
      } };
    });
    set(held, count(status.store.held_messages), `${bytes(status.store.held_bytes)}, in a file of ${bytes(status.store.file_bytes)}`);
    const samples = live.samples;
    const recent = samples.slice(-5);
    const mean = (of) => {
      const known = recent.map((each) => each[of]).filter((each) => each !== null);
      return known.length > 0 ? known.reduce((all, each) => all + each, 0) / known.length : null;
    };
    const last = samples.at(-1);
    const everFired = status.routes.some((each) => each.lateness_ms.messages > 0);
    const none = everFired ? 'nothing was due of late' : 'nothing was released yet';
    set(late, last?.p50 === null ? '–' : `≤ ${milliseconds(last.p50)}`, last?.p50 === null ? none : 'in the last 30 seconds');
    set(latest, last?.p99 === null ? '–' : `≤ ${milliseconds(last.p99)}`, last?.p99 === null ? none : 'in the last 30 seconds', last?.p99 > 1000);
    set(flow, rate(mean('in')), `${count(status.routes.reduce((all, each) => all + each.intake, 0))} since ${seconds(status.uptime_seconds)} ago`);
    set(out, rate(mean('out')), `${count(status.routes.reduce((all, each) => all + each.confirmed, 0))} confirmed`);
    set(retries, rate(mean('retries')), `${count(status.routes.reduce((all, each) => all + each.retries, 0))} since the start`);
    const known = status.dead_letters.filter((each) => each.depth !== null);
    const alerts = status.dead_letters.reduce((all, each) => all + each.alerts.length, 0);
    const unknown = status.dead_letters.length - known.length;
    set(dead, count(known.reduce((all, each) => all + each.depth, 0)),
      alerts > 0 ? `${alerts} ${alerts === 1 ? 'alert' : 'alerts'}` : unknown > 0 ? `${unknown} not known yet` : 'no alert', alerts > 0);
    rates.update(samples);
    lateness.update(samples);
  };

  const lookAhead = async () => {
    try {
      const now = new Date();
      const due = async (length, per) => {
        const until = new Date(now.getTime() + length);
        return spansTotal(await get('calendar', { from: now.toISOString(), until: until.toISOString(), per }), now, until);
      };
      set(minute, ...(await due(60000, 'minute')));
      set(hour, ...(await due(3600000, 'minute')));
      set(day, ...(await due(86400000, 'hour')));
    } catch (problem) {
      for (const each of [minute, hour, day]) set(each, '–', problem.status === 404 ? 'this daemon has no calendar' : 'not known');
    }
  };
  // Of a span that begins before now all that is left is still to come; of one that ends later, its share.
  const spansTotal = (answer, now, until) => {
    const total = { messages: 0, bytes: 0 };
    for (const each of answer.spans) {
      const [begin, end] = [each.start, each.end].map((at) => new Date(at).getTime());
      const share = end <= until.getTime() ? 1 : Math.max(0, (until - Math.max(begin, now.getTime())) / (end - Math.max(begin, now.getTime())));
      total.messages += each.messages * share;
      total.bytes += each.bytes * share;
    }
    return [count(Math.round(total.messages)), bytes(total.bytes)];
  };

  const stop = onStatus(update);
  update();
  lookAhead();
  const timer = setInterval(() => !document.hidden && lookAhead(), later);
  return () => {
    stop();
    clearInterval(timer);
    rates.end();
    lateness.end();
  };
}
