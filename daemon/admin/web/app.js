// The frame: which panel is seen, the line of health, who is signed in.
import { h, put, setText } from './dom.js';
import { get, session } from './api.js';
import { live, onStatus, start, refresh, follow } from './live.js';
import { summary } from './health.js';
import { clearProblems, say, tell } from './notices.js';
import { seconds } from './format.js';
import { ask } from './dialogs.js';
import { field } from './dom.js';
import { overview } from './overview.js';
import { calendar } from './calendar.js';
import { messages } from './messages.js';
import { message } from './message.js';
import { deadLetters } from './dead_letters.js';
import { deadLetter } from './dead_letter.js';
import { letter } from './letter.js';
import { routes } from './routes.js';
import { setup } from './setup.js';

// A panel is called with the main element, what stood in the address, and its query; it answers what ends it.
const panels = [
  [/^overview$/, 'Overview', overview],
  [/^calendar$/, 'Calendar', calendar],
  [/^messages$/, 'Messages', messages],
  [/^messages\/([^/]+)$/, 'Message', message],
  [/^dead-letters$/, 'Dead letters', deadLetters],
  [/^dead-letters\/([^/]+)$/, 'Dead letter', deadLetter],
  [/^dead-letters\/([^/]+)\/([^/]+)$/, 'Dead letter', letter],
  [/^routes$/, 'Routes', routes],
  [/^setup$/, 'Setup', setup],
];

const main = document.getElementById('main');
let end = null;
let shown = null;

function show({ focus = true } = {}) {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const found = panels.find(([pattern]) => pattern.test(path));
  if (!found) {
    location.replace('#/overview');
    return;
  }
  const [pattern, title, open] = found;
  const names = path.match(pattern).slice(1).map(decodeURIComponent);
  end?.();
  end = null;
  for (const open of document.querySelectorAll('dialog:not([data-stays])')) open.close(); // its question was of the panel that goes
  // Another panel: what was told of the last is over.
  if (shown !== path) clearProblems();
  shown = path;
  document.title = `${[title, ...names].join(' ')} – postponed`;
  for (const link of document.querySelectorAll('#nav a')) {
    const here = path === link.hash.slice(2) || path.startsWith(`${link.hash.slice(2)}/`);
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  put(main);
  end = open(main, names, new URLSearchParams(query)) ?? null;
  scrollTo(0, 0);
  const heading = main.querySelector('h1');
  if (heading && focus) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true }); // the screen reader reads where it is
  }
}

function head() {
  const [state, words] = summary(live);
  document.getElementById('health').className = `health ${state}`;
  setText(document.getElementById('health-words'), words);
  const status = live.status;
  const trouble = document.getElementById('trouble');
  const reasons = live.problem && live.problem.status !== 401 ? [live.problem.detail || live.problem.message] : (status?.reasons ?? []);
  trouble.hidden = reasons.length === 0;
  if (trouble.dataset.said !== reasons.join('\n')) {
    trouble.dataset.said = reasons.join('\n');
    put(trouble, h('ul', {}, reasons.map((each) => h('li', {}, each))));
  }
  if (!status) return;
  const alerts = status.dead_letters.reduce((all, each) => all + each.alerts.length, 0);
  const badge = document.getElementById('dead-count');
  badge.hidden = alerts === 0;
  if (badge.dataset.said !== String(alerts)) put(badge, String(alerts), h('span', { class: 'unseen' }, alerts === 1 ? ' alert' : ' alerts'));
  badge.dataset.said = String(alerts);
  setText(document.getElementById('about'), `postponed ${status.version} (${status.revision}), up for ${seconds(status.uptime_seconds)}, ${Math.round(status.resident_bytes / 1048576)} MiB of memory`);
}

// --- Who is it ---

async function whoAmI() {
  try {
    session.role = (await get('whoami')).role;
  } catch (problem) {
    if (problem.status === 401) return;
    session.role = null; // not told: a change that is refused will tell
  }
  showRole();
}

function showRole() {
  const badge = document.getElementById('role');
  badge.hidden = session.role !== 'read-only';
  setText(badge, 'read-only');
  setText(document.getElementById('sign-in'), session.token ? 'Sign out' : 'Sign in');
  if (session.mayChange) return;
  for (const button of document.querySelectorAll('[data-changes]')) {
    button.disabled = true;
    button.title = 'This token may only read';
  }
}

let asking = false;
let declined = false; // then it is not asked again at each poll, until the button is pressed
async function signIn(why) {
  if (asking || declined) return;
  asking = true;
  const token = h('input', { type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const signedIn = await ask({
    title: 'Sign in', confirm: 'Sign in', stays: true,
    content: [why && h('p', {}, why), field('Token', token, 'It is in the file that admin.tokens names. This tab alone keeps it, until it is closed.')],
    run: async () => {
      const former = session.token;
      session.token = token.value.trim();
      try {
        await get('status');
      } catch (problem) {
        session.token = former;
        throw problem;
      }
    },
  });
  asking = false;
  declined = !signedIn;
  if (declined) return;
  await whoAmI();
  follow();
  await refresh();
  show({ focus: false });
}

document.getElementById('sign-in').addEventListener('click', async () => {
  declined = false;
  if (!session.token) return signIn();
  session.token = null;
  session.role = null;
  say('Signed out.');
  await whoAmI();
  await refresh();
  show({ focus: false });
});
addEventListener('role', showRole);
addEventListener('sign-in-needed', (event) => signIn(event.detail.detail));

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address belongs to the panels
  main.focus();
});
addEventListener('hashchange', () => show());
addEventListener('unhandledrejection', (event) => tell(event.reason));

onStatus(head);
await whoAmI();
await start();
head();
show({ focus: false });
