// All dead letters: how deep, how old, how fast, and which of them want somebody.
import { h, put, keyed, setText } from './dom.js';
import { count, seconds, plural } from './format.js';
import { get, part } from './api.js';
import { live, onStatus } from './live.js';
import { attempt } from './notices.js';
import { replayList } from './replays.js';

const names = { depth: 'depth', age: 'age of the oldest', rate: 'arrivals a minute' };
const value = (kind, of) => (kind === 'age' ? seconds(of) : kind === 'rate' ? `${count(Math.round(of * 10) / 10)} a minute` : plural(of, 'message'));
export const alertWords = (alert) => `Alert: ${names[alert.kind] ?? alert.kind} is ${value(alert.kind, alert.value)}, the limit ${value(alert.kind, alert.threshold)}`;

export const deadFacts = (of) => ({
  depth: of.depth === null || of.depth === undefined ? 'not known yet' : plural(of.depth, 'message'),
  age: of.oldest_age_seconds === null || of.oldest_age_seconds === undefined ? (of.depth === 0 ? 'empty' : 'not known') : seconds(of.oldest_age_seconds),
  rate: of.rate_per_minute === null || of.rate_per_minute === undefined ? 'not known yet' : `${count(Math.round(of.rate_per_minute * 10) / 10)} a minute`,
});

// What is wrong with one, in words; the most urgent first.
export function troubles(of) {
  return [
    of.blocked && `Its destination accepts nothing: ${plural(of.waiting, 'message')} wait, nothing is lost`,
    of.missing && `There is no queue ${of.queue}`,
    of.problem && !of.missing && of.problem,
    ...of.alerts.map(alertWords),
  ].filter(Boolean);
}

export function deadLetters(main) {
  const list = h('ul', { class: 'letters' });
  const none = h('p', { class: 'empty', hidden: true }, 'The configuration has no dead letters: dead_letters in the file names where failed messages go.');
  const left = h('div', {});
  const replays = replayList(null);
  put(main, h('h1', {}, 'Dead letters'), list, none, left, h('section', { class: 'card' }, h('h2', {}, 'Sent again'), replays.node));

  const update = () => {
    if (!live.status) return;
    none.hidden = live.status.dead_letters.length > 0;
    keyed(list, live.status.dead_letters, (each) => each.name, (first) => {
      const depth = h('dd', {});
      const age = h('dd', {});
      const rate = h('dd', {});
      const wrong = h('ul', { class: 'wrongs' });
      const link = h('a', { href: `#/dead-letters/${part(first.name)}` }, first.name);
      const node = h('li', { class: 'card letter' }, h('h2', {}, link), h('p', { class: 'hint' }, h('span', {}, 'Queue '), h('code', {}, first.queue), first.collect ? ', collected into the store' : ', not collected'),
        wrong, h('dl', { class: 'facts' }, h('div', {}, h('dt', {}, 'Depth'), depth), h('div', {}, h('dt', {}, 'Oldest'), age), h('div', {}, h('dt', {}, 'Arrivals'), rate)));
      return { node, update(item) {
        const now = deadFacts(item);
        setText(depth, now.depth);
        setText(age, now.age);
        setText(rate, now.rate);
        const words = troubles(item);
        node.classList.toggle('alarmed', words.length > 0);
        if (wrong.dataset.said !== words.join('\n')) put(wrong, words.map((each) => h('li', {}, each)));
        wrong.dataset.said = words.join('\n');
      } };
    });
  };
  // Those that only the store still has letters of.
  attempt(async () => {
    const all = (await get('dead-letters')).dead_letters.filter((each) => each.configured === false);
    put(left, all.length > 0 && h('section', { class: 'card' }, h('h2', {}, 'No longer in the configuration'),
      h('ul', {}, all.map((each) => h('li', {}, h('a', { href: `#/dead-letters/${part(each.name)}` }, each.name), ` ${plural(each.store.kept, 'message')}, ${count(each.store.trash)} in the trash`)))));
  });
  const stop = onStatus(update);
  update();
  return () => {
    stop();
    replays.end();
  };
}
