// The daemon's state, asked every two seconds while the page is seen, and at once when an event tells of a change.
// Keeps the last ten minutes as rates and lateness, for the charts: the daemon itself counts from its start.
import { get, headers, session } from './api.js';

const interval = 2000; // ms
const remembered = 300; // samples
const window = 30000; // ms over which lateness is judged: fewer messages would make percentiles jump

export const live = { status: null, problem: null, samples: [], at: 0 };
const listeners = new Set();

// Called with every new status, or failure to get one; answers how to stop that.
export function onStatus(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const sum = (routes, of) => routes.reduce((total, each) => total + (of(each) ?? 0), 0);
const deadOf = (route) => Object.values(route.dead_lettered ?? {}).reduce((total, each) => total + each, 0);

function bucketsOf(routes) {
  const total = [];
  for (const route of routes)
    (route.lateness_ms.buckets ?? []).forEach((each, at) => {
      total[at] ??= { atMost: each.at_most, messages: 0 };
      total[at].messages += each.messages;
    });
  return total;
}

// The bound of the bucket in which the share is reached; nothing where there was no message. What lies beyond the last
// bound is shown as the last.
export function percentile(buckets, share) {
  const total = buckets.reduce((all, each) => all + each.messages, 0);
  if (total === 0) return null;
  let below = 0;
  let bound = null;
  for (const each of buckets) {
    bound = each.atMost ?? bound;
    below += each.messages;
    if (below >= share * total) break;
  }
  return bound;
}

function remember(status) {
  const now = Date.parse(status.now);
  const all = [...status.routes, ...status.again];
  const totals = {
    at: now, started: status.started, intake: sum(status.routes, (each) => each.intake), retries: sum(status.routes, (each) => each.retries),
    out: sum(all, (each) => each.confirmed), dead: sum(all, deadOf), buckets: bucketsOf(status.routes),
  };
  const samples = live.samples;
  const last = samples.at(-1)?.totals;
  if (last && (last.started !== totals.started || now <= last.at)) samples.length = 0; // it was started anew: the counters too
  const before = samples.at(-1)?.totals;
  const per = (of) => (before ? Math.max(0, totals[of] - before[of]) / ((now - before.at) / 1000) : null);
  // Back to the oldest sample within the window; the first ever has nothing before it.
  const base = samples.find((each) => now - each.totals.at <= window)?.totals;
  const recent = base ? totals.buckets.map((each, at) => ({ atMost: each.atMost, messages: each.messages - (base.buckets[at]?.messages ?? 0) })) : [];
  samples.push({ at: now / 1000, in: per('intake'), out: per('out'), dead: per('dead'), retries: per('retries'), p50: percentile(recent, 0.5), p99: percentile(recent, 0.99), totals });
  if (samples.length > remembered) samples.shift();
}

let asking = null;
async function poll() {
  try {
    const status = await get('status');
    // Under @NAME what is sent again from the dead letter NAME is held: no route of the file.
    status.again = status.routes.filter((each) => each.name.startsWith('@'));
    status.routes = status.routes.filter((each) => !each.name.startsWith('@'));
    live.status = status;
    live.problem = null;
    live.at = Date.now();
    remember(status);
  } catch (problem) {
    live.problem = problem;
  }
  for (const each of listeners) each(live);
}

// Answers when the state is the newest; two that ask at once share one question.
export function refresh() {
  asking ??= poll().finally(() => (asking = null));
  return asking;
}

let timer = null;
export function start() {
  const turn = async () => {
    clearTimeout(timer);
    if (!document.hidden) await refresh();
    timer = setTimeout(turn, interval);
  };
  document.addEventListener('visibilitychange', () => !document.hidden && turn());
  follow();
  return turn();
}

// Server-sent events, by fetch: EventSource cannot send a token. A daemon without them is only polled.
const pause = 5000; // ms before it is tried again
let events = null;
export async function follow() {
  events?.abort();
  const mine = (events = new AbortController());
  while (events === mine) {
    try {
      const answer = await fetch('/api/v1/events', { headers: headers({ Accept: 'text/event-stream' }), signal: mine.signal, cache: 'no-store' });
      if ([401, 403, 404, 405].includes(answer.status)) return; // after a sign-in it is begun anew
      if (answer.ok) await readEvents(answer.body.getReader());
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof TypeError)) throw error; // TypeError: the connection is gone
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

let soon = null;
async function readEvents(reader) {
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const whole = rest.split('\n\n');
    rest = whole.pop();
    if (!whole.some((each) => /^data:/m.test(each))) continue; // a comment that keeps the connection
    soon ??= setTimeout(() => {
      soon = null;
      refresh();
    }, 300);
  }
}

export const routeNames = () => (live.status?.routes ?? []).map((each) => each.name);
export { session };
