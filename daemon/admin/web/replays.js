// Replays and how far they are: asked every second while one runs.
import { h, put, keyed, setText } from './dom.js';
import { count, time, rate } from './format.js';
import { get, post } from './api.js';
import { refresh } from './live.js';
import { attempt, say } from './notices.js';
import { actionButton } from './dialogs.js';

const running = 1000; // ms between two looks while one runs
const resting = 10000;
const words = { running: 'Running', paused: 'Paused', canary: 'The first are out; look at them, then go on', done: 'Done', stopped: 'Stopped', failed: 'Failed' };

// Of one dead letter, or of all (null).
export function replayList(deadLetter) {
  const list = h('ul', { class: 'replays' });
  const none = h('p', { class: 'empty' }, 'Nothing was sent again in the last days.');
  const node = h('div', { 'aria-live': 'off' }, list, none);
  let timer = null;
  let ended = false;

  function card(first) {
    const state = h('strong', {});
    const progress = h('progress', { 'aria-label': `Progress of replay ${first.id}` });
    const numbers = h('span', { class: 'numbers' });
    const wrong = h('p', { class: 'wrong' });
    const act = (verb, done) => async () => {
      if (await attempt(() => post(`replays/${first.id}/${verb}`))) say(`Replay ${first.id} ${done}.`);
      await load();
      await refresh();
    };
    const pause = actionButton('Pause', act('pause', 'paused'), { label: `Pause replay ${first.id}` });
    const resume = actionButton('Go on', act('resume', 'goes on'), { label: `Go on with replay ${first.id}`, primary: true });
    const stop = actionButton('Stop', act('stop', 'stopped'), { label: `Stop replay ${first.id}`, danger: true });
    let last = null;
    const item = h('li', { class: 'replay' },
      h('div', { class: 'replay-head' }, h('span', {}, `${first.kind === 'drain' ? 'Drain' : 'Replay'} ${first.id} `, !deadLetter && `of ${first.dead_letter} `, h('small', {}, time(first.created, { both: false }))), state),
      progress, h('div', { class: 'replay-foot' }, numbers, h('div', { class: 'buttons' }, pause, resume, stop)), wrong);
    return { node: item, update(job) {
      const ahead = job.done + job.skipped;
      const now = Date.now();
      const speed = last && job.state === 'running' && now > last.at ? ((job.done - last.done) * 1000) / (now - last.at) : null;
      last = { done: job.done, at: now };
      progress.max = Math.max(1, job.total, ahead);
      progress.value = job.state === 'done' ? progress.max : ahead;
      setText(state, words[job.state] ?? job.state);
      state.className = `state ${job.state}`;
      setText(numbers, `${count(job.done)} of ${count(job.total)} sent${job.skipped ? `, ${count(job.skipped)} left as nothing tells where they came from` : ''}${speed === null ? '' : `, ${rate(Math.max(0, speed))}`}`);
      setText(wrong, job.error ?? '');
      pause.hidden = job.state !== 'running';
      resume.hidden = !['paused', 'canary'].includes(job.state);
      stop.hidden = !['running', 'paused', 'canary'].includes(job.state);
    } };
  }

  async function load() {
    clearTimeout(timer);
    const answer = await attempt(() => get('replays'));
    if (ended) return;
    const mine = (answer?.replays ?? []).filter((each) => !deadLetter || each.dead_letter === deadLetter).slice(0, 20);
    none.hidden = mine.length > 0;
    keyed(list, mine, (each) => each.id, card);
    timer = setTimeout(load, mine.some((each) => each.state === 'running') ? running : resting);
  }
  load();
  return { node, load, end() {
    ended = true;
    clearTimeout(timer);
  } };
}
