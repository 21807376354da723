// How it stands with broker, store, topology and configuration, in full.
import { h, put, facts, table } from './dom.js';
import { count, bytes, time, milliseconds } from './format.js';
import { get, post } from './api.js';
import { live, onStatus, refresh } from './live.js';
import { attempt, say, tell } from './notices.js';
import { ask, actionButton } from './dialogs.js';

const kinds = { missing: 'missing', different: 'different', unknown: 'not in the file' };

export function setup(main) {
  const connections = h('div', {});
  const store = h('div', {});
  const differences = h('div', {});
  const configuration = h('div', {});
  let ended = false;
  put(main, h('h1', {}, 'Setup'),
    h('section', { class: 'card' }, h('h2', {}, 'Connections'), connections),
    h('section', { class: 'card' }, h('h2', {}, 'Store'), store),
    h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Topology'), h('button', { type: 'button', onclick: () => compare() }, 'Compare again')), differences),
    h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, 'Configuration'), actionButton('Read the file again', reload)), configuration));

  async function compare() {
    const found = await attempt(() => get('topology'));
    if (ended) return;
    if (!found) return put(differences, h('p', { class: 'empty' }, 'They could not be compared.'));
    const mode = live.status?.topology.mode;
    put(differences, found.same ? h('p', {}, h('span', { class: 'state good' }, 'Alike'), ` The broker has all that the file says${mode ? ` (mode ${mode})` : ''}.`)
      : table('Differences between the file and the broker', [{ title: 'What', main: true }, { title: 'How' }, { title: 'The broker has' }, { title: 'The file wants' }],
        found.differences.map((each) => [`${each.what} ${each.name}`, h('span', { class: `state ${each.kind}` }, kinds[each.kind] ?? each.kind), each.have || '–', each.want || '–'])));
  }

  async function reload() {
    const done = await ask({ title: 'Read the file again?', confirm: 'Read it', content: h('p', {}, 'It is checked whole first. A file with errors changes nothing.'), run: async () => {
      try {
        return await post('reload');
      } catch (problem) {
        tell(problem); // with every error of the file
        return { refused: true };
      }
    } });
    if (!done) return;
    if (!done.refused) say('The configuration was read again, and is in force.');
    await refresh();
    compare();
  }

  let said = '';
  const update = () => {
    const status = live.status;
    if (!status) return;
    const now = JSON.stringify([status.connections, status.store, status.relay, status.reload]);
    if (now === said) return;
    said = now;
    put(connections, table('Connections to the broker', [{ title: 'For', main: true }, { title: 'State' }, { title: 'Broker' }, { title: 'Lost and made again', number: true }],
      status.connections.map((each) => [each.role, [h('span', { class: `state ${each.state === 'open' && !each.blocked ? 'good' : 'bad'}` }, each.blocked ? 'blocked' : each.state), each.last_error && h('small', {}, ` ${each.last_error}`), each.blocked_reason && h('small', {}, ` ${each.blocked_reason}`)],
        h('span', {}, h('code', {}, each.broker), h('small', {}, ` ${each.server ?? ''}`)), count(each.reconnects)])));
    put(store, facts([['State', h('span', { class: `state ${status.store.ok ? 'good' : 'bad'}` }, status.store.ok ? 'fine' : status.store.error)], ['Held', `${count(status.store.held_messages)} messages, ${bytes(status.store.held_bytes)}`], ['File', bytes(status.store.file_bytes)], ['Log not written back', bytes(status.store.wal_bytes)],
      ['Buckets', count(status.store.buckets)], ['In memory, soon due', count(status.relay.horizon_rows)], ['Overdue, being caught up', status.relay.overdue > 0 && count(status.relay.overdue)], ['Bodies in memory', bytes(status.relay.staged_bytes)], ['Published, not confirmed', count(status.relay.in_flight)], ['Taken, not on disk', count(status.relay.unacked)], ['Clock was set', status.relay.clock_jumps > 0 && `${count(status.relay.clock_jumps)} times`]], 'facts wide'));
    const reloaded = status.reload;
    const findings = (title, list) => list.length > 0 && [h('h3', {}, title), h('ul', { class: 'findings' }, list.map((each) => h('li', {}, h('code', {}, each))))];
    put(configuration, h('p', {}, h('span', { class: `state ${reloaded.ok ? 'good' : 'bad'}` }, reloaded.ok ? 'In force' : 'Refused'), ' ',
      reloaded.at ? ['Read ', time(reloaded.at)] : ['As read at the start, ', time(status.started)], !reloaded.ok && '. The former configuration stays in force.'),
      findings('Errors', reloaded.errors), findings('Warnings', reloaded.warnings));
  };
  const stop = onStatus(update);
  update();
  compare();
  return () => {
    ended = true;
    stop();
  };
}
