// One collected dead letter, whole: why it is here, its content, and sending it again, changed where that helps.
import { h, put, facts, field, select } from './dom.js';
import { bytes, time, plural } from './format.js';
import { get, post, part } from './api.js';
import { refresh } from './live.js';
import { attempt, say } from './notices.js';
import { ask, actionButton } from './dialogs.js';
import { messageSections } from './message_view.js';
import { typed } from './schedule.js';

export function letter(main, [name, id]) {
  const path = `dead-letters/${part(name)}/messages/${part(id)}`;
  const body = h('div', { class: 'stack' });
  let ended = false;
  put(main, h('p', { class: 'trail' }, h('a', { href: `#/dead-letters/${part(name)}` }, `‹ ${name}`)), h('h1', {}, `Dead letter ${id}`), body);

  async function load() {
    const found = await attempt(() => get(path));
    if (ended) return;
    if (!found) return put(body, h('p', { class: 'empty' }, 'It is not to be had; the problem says why.'));
    const inTrash = found.state === 'trash';
    put(body,
      h('section', { class: 'card' }, h('h2', {}, 'Why'),
        facts([['Reason', h('code', {}, found.reason || 'not known')], ['Error', found.error], ['Died', time(found.died)], ['First seen', time(found.first_seen)], ['Attempt', found.attempt && String(found.attempt)],
          ['Sent again before', found.replays > 0 && plural(found.replays, 'time')], ['Route', found.route], ['Failed in queue', found.origin_queue], ['First published to', `${found.exchange || '(default)'}, key ${found.routing_key}`], ['Size', bytes(found.bytes)],
          ['In the trash since', inTrash && time(found.discarded)]], 'facts wide'),
        h('div', { class: 'buttons' },
          !inTrash && actionButton('Edit and send again', () => edit(found.message), { primary: true }),
          !inTrash && actionButton('Discard', () => change('discard', 'Discard it?', 'Discard', 'It goes to the trash, from which it can be fetched back.', 'Discarded.', true), { danger: true }),
          inTrash && actionButton('Restore', () => change('restore', 'Restore it?', 'Restore', 'It is a dead letter again.', 'Restored.'), { primary: true }))),
      messageSections(found.message));
  }

  async function change(verb, title, confirm, words, done, danger = false) {
    if (!(await ask({ title, confirm, danger, content: h('p', {}, words), run: () => post(`dead-letters/${part(name)}/${verb}`, { ids: [Number(id)] }) }))) return;
    say(done);
    await refresh();
    load();
  }

  // Only what was changed is sent: all else stays with its type and bytes.
  async function edit(message) {
    const binary = message.body_base64 !== undefined;
    const former = binary ? message.body_base64 : message.body;
    const text = h('textarea', { rows: 10, spellcheck: 'false', value: former });
    const headers = Object.entries(message.headers ?? {}).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)).map(([header, value]) => {
      const input = h('input', { type: 'text', value: String(value), spellcheck: 'false', 'aria-label': `Value of ${header}` });
      const gone = h('input', { type: 'checkbox', 'aria-label': `Remove ${header}`, onchange: () => (input.disabled = gone.checked) });
      return { header, value, input, gone };
    });
    const more = h('input', { type: 'text', spellcheck: 'false', placeholder: 'name' });
    const moreValue = h('input', { type: 'text', spellcheck: 'false', placeholder: 'value' });
    const to = select([['', 'Where it came from'], ['queue', 'To a queue'], ['exchange', 'To an exchange']], '', { onchange: () => turn() });
    const target = h('input', { type: 'text', spellcheck: 'false' });
    const key = h('input', { type: 'text', spellcheck: 'false' });
    const targetField = field('Name', target);
    const keyField = field('Routing key', key);
    const turn = () => {
      targetField.hidden = to.value === '';
      keyField.hidden = to.value !== 'exchange';
    };
    turn();
    const changes = () => {
      const changed = {};
      for (const each of headers) {
        if (each.gone.checked) changed[each.header] = null;
        else if (each.input.value !== String(each.value)) changed[each.header] = typeof each.value === 'string' ? each.input.value : typed(each.input.value);
      }
      if (more.value.trim()) changed[more.value.trim()] = typed(moreValue.value);
      return {
        ...(text.value !== former && { [binary ? 'body_base64' : 'body']: text.value }), ...(Object.keys(changed).length > 0 && { headers: changed }),
        ...(to.value === 'queue' && { to: { queue: target.value.trim() } }), ...(to.value === 'exchange' && { to: { exchange: target.value.trim(), routing_key: key.value.trim() } }),
      };
    };
    const sent = await ask({
      title: 'Edit and send again', confirm: 'Send again', wide: true,
      content: [field(binary ? 'Body, in base64' : 'Body', text),
        h('details', {}, h('summary', {}, `Headers (${headers.length})`), h('ul', { class: 'edits' }, headers.map((each) => h('li', {}, h('code', {}, each.header), each.input, h('label', {}, each.gone, ' remove'))),
          h('li', {}, field('Another header', more), field('Its value', moreValue)))),
        h('div', { class: 'grid' }, field('Where to', to), targetField, keyField)],
      run: () => post(`${path}/replay`, changes()),
    });
    if (!sent) return;
    say(sent.edited ? 'Sent again, as edited.' : 'Sent again.');
    await refresh();
    location.hash = `#/dead-letters/${part(name)}`;
  }

  load();
  return () => (ended = true);
}
