// Building the document without HTML in strings: what comes from messages is always text, never markup.

// h('button', {type: 'button', onclick: f, 'aria-label': x}, 'text', node, [nodes]); null, undefined and false are left out.
export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...kept(children));
  if (attributes && 'value' in attributes && tag === 'select') node.value = attributes.value; // now it has its options
  return node;
}

export function kept(children) {
  return children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false);
}

export function put(node, ...children) {
  node.replaceChildren(...kept(children));
  return node;
}

// Only where it changed, so that a selection and a screen reader's place stay.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let numbered = 0;
export function freshId(of) {
  return `${of}-${++numbered}`;
}

// Brings the children of `container` in line with `items`, without making anew what is there: focus and open details
// stay. `make(item)` answers {node, update(item)}.
export function keyed(container, items, keyOf, make) {
  const known = (container.known ??= new Map());
  const wanted = new Set(items.map(keyOf));
  for (const [key, part] of known)
    if (!wanted.has(key)) {
      part.node.remove();
      known.delete(key);
    }
  items.forEach((item, at) => {
    const key = keyOf(item);
    let part = known.get(key);
    if (!part) known.set(key, (part = make(item)));
    part.update(item);
    if (container.children[at] !== part.node) container.insertBefore(part.node, container.children[at] ?? null);
  });
}

// A table that becomes a list of cards where there is no room. The roles are said, as `display` takes them away.
// Columns: {title, number, main}. Rows: arrays of nodes or text.
export function table(caption, columns, rows, { empty } = {}) {
  if (rows.length === 0 && empty) return h('p', { class: 'empty' }, empty);
  const body = h('tbody', { role: 'rowgroup' });
  for (const cells of rows) body.append(tableRow(columns, cells));
  return tableOf(caption, columns, body);
}

export function tableOf(caption, columns, body) {
  return h('table', { role: 'table', class: 'cards' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' },
      h('tr', { role: 'row' }, columns.map((each) => h('th', { role: 'columnheader', scope: 'col', class: each.number && 'number' },
        each.hidden ? h('span', { class: 'unseen' }, each.title) : each.title)))),
    body);
}

export function tableRow(columns, cells) {
  return h('tr', { role: 'row' }, columns.map((each, at) => h('td',
    { role: 'cell', class: [each.number && 'number', each.main && 'main-cell', each.hidden && 'actions-cell', each.nowrap && 'nowrap'].filter(Boolean).join(' ') || null,
      'data-title': each.hidden || each.main ? null : each.title },
    h('div', {}, cells[at]))));
}

// [[term, value], ..]; values that are null or empty are left out.
export function facts(pairs, className = 'facts') {
  return h('dl', { class: className }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
    .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
}

// A labelled control. `hint` stands below it.
export function field(label, control, hint) {
  control.id ||= freshId('field');
  const note = hint && h('small', { id: freshId('hint') }, hint);
  if (note) control.setAttribute('aria-describedby', note.id);
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, note);
}

export function select(options, value, more) {
  return h('select', { ...more, value }, options.map(([key, text]) => h('option', { value: key }, text)));
}
