// "When?": a delay from now, or a time.
import { h, field, freshId } from './dom.js';
import { localInput } from './format.js';

export function whenFields(due = new Date(Date.now() + 3600000)) {
  const name = freshId('when');
  const delay = h('input', { type: 'text', value: '1h', spellcheck: 'false', autocomplete: 'off' });
  const at = h('input', { type: 'datetime-local', step: 1, value: localInput(due) });
  const chooses = (key, checked) => h('input', { type: 'radio', name, value: key, id: freshId('when'), checked });
  const after = chooses('delay', true);
  const then = chooses('due', false);
  delay.addEventListener('input', () => (after.checked = true));
  at.addEventListener('input', () => (then.checked = true));
  return {
    delay, at, after,
    nodes: h('fieldset', { class: 'when' }, h('legend', {}, 'When'),
      h('div', { class: 'choice' }, after, h('label', { for: after.id }, 'After a delay'), field('Delay from now', delay, 'As 90s, 15m, 1h30m or 7d')),
      h('div', { class: 'choice' }, then, h('label', { for: then.id }, 'At a time'), field('Time, in your own zone', at))),
  };
}

export function whenFrom({ delay, at, after }) {
  return after.checked ? { delay: delay.value.trim() } : { due: new Date(at.value).toISOString() };
}
