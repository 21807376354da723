// One held message, whole, and what may be done to it.
import { h, put, facts } from './dom.js';
import { bytes, time, absolute, plural } from './format.js';
import { get, post, patch, remove, part } from './api.js';
import { refresh } from './live.js';
import { attempt, say } from './notices.js';
import { ask, actionButton } from './dialogs.js';
import { messageSections } from './message_view.js';
import { whenFields, whenFrom } from './when.js';

// What the daemon calls it: [in words, which colours].
export const states = { waiting: ['waits', 'held'], dead_lettering: ['to its dead letter', 'bad'], finished: ['no longer held', ''], cancelled: ['cancelled', ''] };
export const stateBadge = ({ state }) => h('span', { class: `state ${states[state]?.[1] ?? ''}` }, states[state]?.[0] ?? state);

const happened = { received: 'Received', stored: 'On disk', rescheduled: 'Rescheduled', fired: 'Published', confirmed: 'Confirmed by the broker', retried: 'Tried again', returned: 'Returned by the broker', nacked: 'Refused by the broker', cancelled: 'Cancelled', released: 'Released' };

function historySection(history) {
  if (!history?.length) return null;
  return h('section', { class: 'card' }, h('h2', {}, 'History'),
    h('ol', { class: 'history' }, history.map((each) => h('li', {}, h('strong', {}, happened[each.what] ?? each.what), ' ', time(each.at), each.detail && h('small', {}, ` ${each.detail}`)))));
}

export function message(main, [id]) {
  const body = h('div', { class: 'stack' });
  let ended = false;
  put(main, h('p', { class: 'trail' }, h('a', { href: '#/messages' }, '‹ Messages')), h('h1', { class: 'long' }, 'Message ', h('code', {}, id)), body);

  async function load() {
    const found = await attempt(() => get(`messages/${part(id)}`));
    if (ended) return;
    if (!found) return put(body, h('p', { class: 'empty' }, 'It is not to be had; the problem says why.'));
    const waits = found.state === 'waiting' || found.state === 'dead_lettering';
    put(body,
      h('section', { class: 'card', 'aria-label': 'State' },
        facts([['Due', found.due && time(found.due)], ['State', stateBadge(found)], ['Route', found.route],
          ['Attempt', found.attempt > 1 && String(found.attempt)], ['Failed publishes', found.publish_failures > 0 && String(found.publish_failures)], ['Sent again before', found.replays > 0 && plural(found.replays, 'time')], ['Reason', found.reason], ['Error', found.error], ['Size', found.bytes !== undefined && bytes(found.bytes)],
          ['First seen', found.first_seen && time(found.first_seen)], ['Goes to', found.to && target(found.to)]], 'facts wide'),
        waits && h('div', { class: 'buttons' },
          actionButton('Release now', () => change('Release it now?', 'Release now', 'It is published at once instead of at its time.', () => post(`messages/${part(id)}/release`), 'Released.')),
          actionButton('Reschedule', () => reschedule(found)),
          actionButton('Cancel', () => change('Cancel this message?', 'Cancel the message', 'It is removed and never published. This cannot be undone.', () => remove(`messages/${part(id)}`), 'Cancelled.', true), { danger: true }))),
      found.message && messageSections(found.message),
      historySection(found.history));
  }

  async function change(title, confirm, words, run, done, danger = false) {
    if (!(await ask({ title, confirm, danger, content: h('p', {}, words), run }))) return;
    say(done);
    await refresh();
    location.hash = '#/messages';
  }

  async function reschedule(found) {
    const when = whenFields(new Date(found.due));
    const now = await ask({ title: 'Reschedule', confirm: 'Reschedule', content: when.nodes, run: () => patch(`messages/${part(id)}`, whenFrom(when)) });
    if (!now) return;
    say(`It is due ${absolute(new Date(now.due))}.`);
    load();
  }

  load();
  return () => (ended = true);
}

export const target = (to) => (to.exchange ? `exchange ${to.exchange}, key ${to.routing_key}` : `queue ${to.routing_key ?? to.queue}`);
