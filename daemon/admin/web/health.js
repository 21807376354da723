// The daemon's condition in words, from its status.
import { absolute, clock, seconds, plural } from './format.js';

function connections(status) {
  const bad = status.connections.filter((each) => each.state !== 'open' || each.blocked);
  const servers = [...new Set(status.connections.map((each) => each.server).filter(Boolean))].join(', ');
  if (bad.length === 0) return ['good', `Both are open, to ${servers || 'the broker'}.`];
  const words = bad.map((each) => each.state !== 'open'
    ? `The ${each.role} connection is ${each.state}${each.last_error ? `: ${each.last_error}` : ''}.`
    : `The broker blocks the ${each.role} connection${each.blocked_reason ? `: ${each.blocked_reason}` : ''}.`);
  return [bad.some((each) => each.state !== 'open') ? 'bad' : 'warn', words.join(' ')];
}

function topology({ topology: is }) {
  if (is.differences.length > 0) return ['bad', `${plural(is.differences.length, 'difference')} between the file and the broker: ${is.differences[0]}`];
  if (is.mode === 'off') return ['good', 'Nothing is declared nor checked (mode off).'];
  if (!is.ready) return ['warn', 'It is not declared yet.'];
  return ['good', is.mode === 'verify' ? 'The broker has all that the file says.' : 'Declared as the file says.'];
}

function reload({ reload: is, started }) {
  if (!is.ok) return ['bad', `The file has errors, the former configuration stays in force: ${is.errors[0] ?? 'see Setup'}`];
  const words = is.at ? `Read again at ${clock(new Date(is.at))}.` : `As read at the start, ${absolute(new Date(started))}.`;
  return is.warnings.length > 0 ? ['warn', `${words} ${plural(is.warnings.length, 'warning')}: ${is.warnings[0]}`] : ['good', words];
}

function routes(status) {
  const idle = status.routes.filter((each) => each.state !== 'consuming');
  const paused = status.routes.filter((each) => each.paused);
  if (idle.length > 0) return ['bad', idle.map((each) => `${each.name} is ${each.state}${each.problem ? `: ${each.problem}` : ''}.`).join(' ')];
  if (paused.length > 0) return ['warn', `${plural(paused.length, 'route is', 'routes are')} paused: ${paused.map((each) => each.name).join(', ')}.`];
  return ['good', status.routes.length === 1 ? 'The one route takes messages.' : `All ${status.routes.length} take messages.`];
}

// [{name, state: good | warn | bad, words}]
export function healthItems({ status, problem, at }) {
  const item = (name, [state, words]) => ({ name, state, words });
  const items = [
    item('Broker', connections(status)),
    item('Store', status.store.ok ? ['good', 'It takes messages, and each commit is on disk.'] : ['bad', `It failed: ${status.store.error ?? 'see the log'}`]),
    item('Topology', topology(status)),
    item('Routes', routes(status)),
    item('Configuration', reload(status)),
  ];
  if (problem) items.unshift(item('Daemon', ['bad', `${problem.detail || problem.message} What is shown is ${seconds((Date.now() - at) / 1000)} old.`]));
  return items;
}

// One line for the head of the page.
export function summary(live) {
  if (!live.status) return live.problem ? ['bad', live.problem.detail || live.problem.message] : ['unknown', 'Asking the daemon'];
  const items = healthItems(live);
  const bad = items.filter((each) => each.state === 'bad');
  const alerts = live.status.dead_letters.reduce((all, each) => all + each.alerts.length, 0);
  if (bad.length > 0) return ['bad', `Not well: ${bad.map((each) => each.name.toLowerCase()).join(', ')}`];
  const warned = items.filter((each) => each.state === 'warn').map((each) => each.name.toLowerCase());
  if (alerts > 0) warned.push(plural(alerts, 'dead-letter alert'));
  return warned.length > 0 ? ['warn', `Look at: ${warned.join(', ')}`] : ['good', 'All is well'];
}
