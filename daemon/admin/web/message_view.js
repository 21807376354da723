// A message as people read it: properties, headers, the body pretty-printed, as it came, or as bytes.
import { h, put, facts, table, select, field } from './dom.js';
import { bytes } from './format.js';
import { toJson } from './api.js';

const mostShown = 200000; // characters that are drawn at once
const mostColoured = 40000;
const mostDumped = 4096; // bytes

// JSON with every value as it stands in the text: digits that JavaScript cannot hold, doubled keys, the order.
export function indented(text) {
  let out = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (let at = 0; at < text.length; ++at) {
    const c = text[at];
    if (c === '"') {
      const begin = at;
      for (++at; text[at] !== '"'; ++at) if (text[at] === '\\') ++at;
      out += text.slice(begin, at + 1);
    } else if (c === '{' || c === '[') {
      const closing = /[\]}]/.exec(text.slice(at + 1).trimStart()[0] ?? '');
      if (closing) {
        at = text.indexOf(closing[0], at);
        out += c + closing[0];
      } else {
        ++depth;
        out += c + line();
      }
    } else if (c === '}' || c === ']') {
      --depth;
      out += line() + c;
    } else if (c === ',') out += c + line();
    else if (c === ':') out += ': ';
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}

const isJson = (text) => {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

function coloured(json) {
  const out = [];
  let from = 0;
  for (const found of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g)) {
    out.push(json.slice(from, found.index), h('span', { class: found[2] ? 'key' : found[1] ? 'text' : 'value' }, found[1] ?? found[0]), found[2] ?? '');
    from = found.index + found[0].length;
  }
  out.push(json.slice(from));
  return out;
}

const decoded = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

function dump(octets) {
  const lines = [];
  for (let at = 0; at < Math.min(octets.length, mostDumped); at += 16) {
    const row = [...octets.subarray(at, at + 16)];
    const hex = row.map((each) => each.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((each) => (each >= 32 && each < 127 ? String.fromCharCode(each) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`);
  }
  if (octets.length > mostDumped) lines.push(`… ${octets.length - mostDumped} bytes more; Download has them all`);
  return lines.join('\n');
}

// {text, octets, forms: [[key, name]]} of a message's body.
function bodyOf(message) {
  if (message.body_base64 !== undefined) return { octets: decoded(message.body_base64), base64: message.body_base64, forms: [['hex', 'Hexadecimal'], ['base64', 'Base64']] };
  const text = message.body ?? '';
  const forms = [['text', 'As it came'], ['hex', 'Hexadecimal']];
  if (isJson(text)) forms.unshift(['json', 'JSON, indented']);
  return { text, octets: new TextEncoder().encode(text), forms };
}

function bodySection(message) {
  const body = bodyOf(message);
  const pre = h('pre', { class: 'body', tabindex: 0, role: 'group', 'aria-label': 'Body' });
  const note = h('p', { class: 'hint' });
  const show = (form) => {
    const text = { json: () => indented(body.text), text: () => body.text, hex: () => dump(body.octets), base64: () => body.base64 }[form]();
    put(pre, form === 'json' && text.length <= mostColoured ? coloured(text) : text.slice(0, mostShown));
    put(note, text.length > mostShown && `The first ${mostShown} characters; Download has them all.`);
  };
  const form = select(body.forms, body.forms[0][0], { onchange: () => show(form.value) });
  const save = () => {
    const address = URL.createObjectURL(new Blob([body.octets]));
    h('a', { href: address, download: 'body' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
  show(body.forms[0][0]);
  return h('section', { class: 'card' },
    h('div', { class: 'card-head' }, h('h2', {}, 'Body ', h('small', {}, bytes(body.octets.length))),
      h('div', { class: 'group' }, field('Shown as', form), h('button', { type: 'button', onclick: save }, 'Download'))),
    body.octets.length === 0 ? h('p', { class: 'empty' }, 'It is empty.') : pre, note);
}

const words = { content_type: 'Content type', content_encoding: 'Content encoding', delivery_mode: 'Delivery mode', priority: 'Priority', correlation_id: 'Correlation id', reply_to: 'Reply to', expiration: 'Expiration', message_id: 'Message id', timestamp: 'Timestamp', type: 'Type', user_id: 'User id', app_id: 'App id', cluster_id: 'Cluster id' };

export function valueText(value) {
  if (value !== null && typeof value === 'object') return h('code', { class: 'block' }, toJson(value, 2));
  return h('code', {}, String(value));
}

export function messageSections(message) {
  const headers = Object.entries(message.headers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    bodySection(message),
    h('section', { class: 'card' }, h('h2', {}, 'Headers'),
      table('Headers', [{ title: 'Name', main: true }, { title: 'Value' }], headers.map(([name, value]) => [h('code', {}, name), valueText(value)]), { empty: 'It has none.' })),
    h('section', { class: 'card' }, h('h2', {}, 'Properties'),
      facts([['Exchange', message.exchange === '' ? '(default)' : message.exchange], ['Routing key', message.routing_key],
        ...Object.entries(message.properties ?? {}).map(([name, value]) => [words[name] ?? name, valueText(value)])]),
      message.raw_properties && h('p', { class: 'hint' }, 'Its properties cannot be read: ', h('code', { class: 'block' }, message.raw_properties))),
  ];
}
