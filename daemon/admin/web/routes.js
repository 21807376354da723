// The routes: whether they take messages, what they hold, how late they are; pausing and resuming.
import { h, put, keyed, setText, field, facts } from './dom.js';
import { count, bytes, milliseconds, plural } from './format.js';
import { post, part } from './api.js';
import { live, onStatus, refresh } from './live.js';
import { say } from './notices.js';
import { ask, actionButton } from './dialogs.js';

const stateWords = { consuming: 'Takes messages', waiting: 'Waits', orphan: 'Not in the configuration' };

// What keeps something that is due from going, and what went wrong; nothing of what is as it should be.
function remarks(of) {
  const dead = Object.entries(of.dead_lettered ?? {}).map(([reason, many]) => `${count(many)} ${reason}`).join(', ');
  const by = (of.pause ?? of).paused_by ?? of.paused_by;
  return [
    of.problem,
    of.paused && `Paused${by ? ` by ${by}` : ''}${of.paused_why ? `: ${of.paused_why}` : ''}. What is due waits.`,
    of.circuits_open > 0 && `${plural(of.circuits_open, 'destination is', 'destinations are')} left alone for now, as nothing was accepted there; ${plural(of.parked, 'message')} wait`,
    of.paced > 0 && `${plural(of.paced, 'message')} wait for the route's rate`,
    of.returned > 0 && `${count(of.returned)} returned by the broker: no queue took them`,
    of.nacked > 0 && `${count(of.nacked)} refused by the broker`,
    dead && `Dead letters: ${dead}`,
    of.loops_cut > 0 && `${count(of.loops_cut)} went round in a loop and were cut out`,
  ].filter(Boolean);
}

export function routes(main) {
  const list = h('ul', { class: 'letters' });
  const none = h('p', { class: 'empty', hidden: true }, 'The configuration has no routes.');
  put(main, h('h1', {}, 'Routes'), list, none);

  async function turn(name, pauses) {
    const why = h('input', { type: 'text', maxlength: 500, autocomplete: 'off' });
    const done = await ask({
      title: `${pauses ? 'Pause' : 'Resume'} ${name}?`, confirm: pauses ? 'Pause the route' : 'Resume the route',
      content: [h('p', {}, pauses ? 'Messages are still taken and held, but none is released until it is resumed, also after a restart.' : 'What became due in the meantime is released at once.'),
        field('Why', why, 'For those who find it so')],
      run: () => post(`routes/${part(name)}/${pauses ? 'pause' : 'resume'}`, { why: why.value.trim() }),
    });
    if (!done) return;
    say(`${name} is ${pauses ? 'paused' : 'resumed'}.`);
    await refresh();
  }

  function card(first) {
    const state = h('span', {});
    const numbers = h('div', {});
    const notes = h('ul', { class: 'notes' });
    const pause = actionButton('Pause', () => turn(first.name, true), { label: `Pause ${first.name}` });
    const resume = actionButton('Resume', () => turn(first.name, false), { label: `Resume ${first.name}`, primary: true });
    const node = h('li', { class: 'card letter' },
      h('div', { class: 'card-head' }, h('h2', {}, first.name), state),
      h('p', { class: 'hint' }, first.queue ? [h('span', {}, 'Intake '), h('code', {}, first.queue)] : 'It has no intake'),
      notes, numbers,
      h('div', { class: 'buttons' }, pause, resume, h('a', { class: 'button', href: `#/messages?route=${part(first.name)}`, 'aria-label': `Messages of ${first.name}` }, 'Messages'), h('a', { class: 'button', href: `#/calendar?route=${part(first.name)}`, 'aria-label': `Calendar of ${first.name}` }, 'Calendar')));
    return { node, update(item) {
      setText(state, item.paused ? 'Paused' : (stateWords[item.state] ?? item.state));
      state.className = `state ${item.paused ? 'paused' : item.state}`;
      node.classList.toggle('alarmed', item.state !== 'consuming');
      pause.hidden = item.paused;
      resume.hidden = !item.paused;
      const pairs = [['Held', `${count(item.held.messages)} (${bytes(item.held.bytes)})`], ['Taken', count(item.intake)], ['Released', count(item.confirmed)], ['Retried', item.retries > 0 && count(item.retries)],
        ['Lateness, median', item.lateness_ms.p50_at_most === null ? '–' : `≤ ${milliseconds(item.lateness_ms.p50_at_most)}`], ['Lateness, p99', item.lateness_ms.p99_at_most === null ? '–' : `≤ ${milliseconds(item.lateness_ms.p99_at_most)}`]];
      if (numbers.dataset.said !== JSON.stringify(pairs)) put(numbers, facts(pairs));
      numbers.dataset.said = JSON.stringify(pairs);
      const said = remarks(item);
      if (notes.dataset.said !== said.join('\n')) put(notes, said.map((each) => h('li', {}, each)));
      notes.dataset.said = said.join('\n');
    } };
  }

  const update = () => {
    if (!live.status) return;
    none.hidden = live.status.routes.length > 0;
    keyed(list, live.status.routes, (each) => each.name, card);
  };
  const stop = onStatus(update);
  update();
  return stop;
}
