// A message of one's own, to be held until its time.
import { h, field, select } from './dom.js';
import { post } from './api.js';
import { routeNames } from './live.js';
import { say } from './notices.js';
import { ask } from './dialogs.js';
import { absolute } from './format.js';
import { whenFields, whenFrom } from './when.js';

// "name: value" a line; a whole number or true or false is one.
export function headersFrom(text) {
  const out = {};
  for (const line of text.split('\n').map((each) => each.trim()).filter(Boolean)) {
    const colon = line.indexOf(':');
    const name = (colon < 0 ? line : line.slice(0, colon)).trim();
    const value = colon < 0 ? '' : line.slice(colon + 1).trim();
    out[name] = typed(value);
  }
  return out;
}

export function typed(value) {
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  if (value === 'true' || value === 'false') return value === 'true';
  return value;
}

export async function scheduleDialog() {
  const to = select([['route', 'By a route'], ['queue', 'To a queue'], ['exchange', 'To an exchange']], 'route', { onchange: () => turn() });
  const route = select(routeNames().map((each) => [each, each]), routeNames()[0]);
  const name = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off' });
  const key = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off' });
  const body = h('textarea', { rows: 6, spellcheck: 'false' });
  const type = h('input', { type: 'text', placeholder: 'application/json', spellcheck: 'false', autocomplete: 'off' });
  const headers = h('textarea', { rows: 2, spellcheck: 'false', placeholder: 'name: value' });
  const when = whenFields();
  const routeField = field('Route', route);
  const nameField = field('Name', name);
  const keyField = field('Routing key', key);
  const turn = () => {
    routeField.hidden = to.value !== 'route';
    nameField.hidden = to.value === 'route';
    keyField.hidden = to.value !== 'exchange';
  };
  turn();
  const target = () => ({ route: { route: route.value }, queue: { queue: name.value.trim() }, exchange: { exchange: name.value.trim(), routing_key: key.value.trim() } })[to.value];
  const held = await ask({
    title: 'Schedule a message', confirm: 'Schedule', wide: true,
    content: [h('div', { class: 'grid' }, field('Where to', to), routeField, nameField, keyField), when.nodes, field('Body', body),
      h('div', { class: 'grid' }, field('Content type', type), field('Headers, one a line', headers))],
    run: () => {
      const given = headersFrom(headers.value);
      return post('messages', {
        ...target(), ...whenFrom(when), body: body.value,
        ...(Object.keys(given).length > 0 && { headers: given }), ...(type.value.trim() && { properties: { content_type: type.value.trim() } }),
      });
    },
  });
  if (held) say(`Held as ${held.id}, until ${absolute(new Date(held.due))}.`);
  return held;
}
