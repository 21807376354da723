// What the person must be told: problems, in the daemon's full words, until they are put away; and what was done.
import { h, put } from './dom.js';
import { session } from './api.js';

const problems = () => document.getElementById('problems');
const done = () => document.getElementById('done');
const lasting = 8000; // ms

function lines(of) {
  const list = [...(of.more?.errors ?? []), ...(of.more?.warnings ?? [])];
  return list.length > 0 && h('ul', {}, list.map((each) => h('li', {}, each)));
}

export function problemWords(problem) {
  const readOnly = problem.status === 403 && session.token && 'This token may only read.';
  return [h('strong', {}, problem.title ?? 'Something went wrong'), h('p', {}, problem.detail || problem.message || readOnly || ''), lines(problem)];
}

export function tell(problem) {
  if (problem.name === 'AbortError') return;
  if (!('status' in problem)) console.error(problem); // a defect of the page: its stack is worth having
  const words = problem.detail || problem.message;
  for (const each of problems().children) if (each.dataset.words === words) return; // said already
  const node = h('div', { class: 'notice bad', 'data-words': words },
    h('div', {}, problemWords(problem)),
    h('button', { type: 'button', class: 'quiet', onclick: () => node.remove(), 'aria-label': `Put away: ${problem.title ?? 'problem'}` }, 'Close'));
  problems().append(node);
  while (problems().children.length > 4) problems().firstChild.remove();
}

export function say(text) {
  const node = h('div', { class: 'notice good' }, h('p', {}, text));
  put(done(), node);
  setTimeout(() => node.remove(), lasting);
}

export const clearProblems = () => put(problems());

// Runs it; a failure is told, and then it answers undefined.
export async function attempt(work) {
  try {
    return await work();
  } catch (problem) {
    tell(problem);
    return undefined;
  }
}
