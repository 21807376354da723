// Questions before anything is changed. The native dialog keeps the focus and gives it back.
import { h, put, freshId } from './dom.js';
import { problemWords } from './notices.js';
import { session } from './api.js';

// A button that changes something: not offered to who may only read.
export function actionButton(text, act, { danger = false, primary = false, label, disabled = false } = {}) {
  const readOnly = !session.mayChange;
  return h('button', { type: 'button', class: danger ? 'danger' : primary ? 'primary' : null, onclick: act, 'aria-label': label,
    disabled: disabled || readOnly, title: readOnly ? 'This token may only read' : null, 'data-changes': true }, text);
}

// Opens a dialog with `content` (nodes) and two buttons. `run` is called on the confirming one; what it throws is shown
// in the dialog, which then stays open. It goes with its panel, unless it `stays`. Answers what `run` answered, or undefined where the person thought better.
export function ask({ title, content = [], confirm, danger = false, run = async () => true, wide = false, stays = false }) {
  return new Promise((resolve) => {
    const heading = h('h2', { id: freshId('dialog') }, title);
    const wrong = h('div', { class: 'wrong', role: 'alert' });
    const submit = h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, confirm);
    const form = h('form', { method: 'dialog' }, heading, content, wrong,
      h('div', { class: 'buttons' }, h('button', { type: 'button', class: 'back', onclick: () => dialog.close() }, 'Back'), submit));
    const dialog = h('dialog', { 'aria-labelledby': heading.id, 'data-stays': stays, class: wide && 'wide' }, form);
    let answer;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      submit.disabled = true;
      put(wrong);
      try {
        answer = (await run()) ?? true;
        dialog.close();
      } catch (problem) {
        put(wrong, problemWords(problem));
      }
      submit.disabled = false;
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector('input, textarea, select') ?? form.querySelector('.back')).focus();
  });
}
