// Asking the daemon. Every failure becomes a Problem with the daemon's own words.

export class Problem extends Error {
  constructor(status, title, detail, more = {}) {
    super(detail || title);
    Object.assign(this, { status, title, detail, more });
  }
}

const key = 'postponed-token';
export const session = {
  role: null, // operator, read-only; null: not known, then all is offered
  get token() {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return this.kept ?? null; // storage is forbidden: for as long as the page is open
    }
  },
  set token(value) {
    this.kept = value;
    try {
      if (value) sessionStorage.setItem(key, value);
      else sessionStorage.removeItem(key);
    } catch {
      return;
    }
  },
  get mayChange() {
    return this.role !== 'read-only';
  },
};

export const headers = (more = {}) => (session.token ? { ...more, Authorization: `Bearer ${session.token}` } : more);

// Integers beyond 2^53, which AMQP headers may hold, stay exact where the browser tells their digits.
function parse(text) {
  return JSON.parse(text, (name, value, at) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(at?.source ?? '') ? BigInt(at.source) : value);
}
export const toJson = (value, indent) =>
  JSON.stringify(value, (name, of) => (typeof of === 'bigint' ? (JSON.rawJSON ? JSON.rawJSON(String(of)) : String(of)) : of), indent);

function pathOf(path, query) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== null && value !== '') for (const each of [value].flat()) asked.append(name, each);
  const text = asked.toString();
  return `/api/v1/${path}${text ? `?${text}` : ''}`;
}

async function ask(method, path, { query, body, signal, more } = {}) {
  let answer;
  try {
    answer = await fetch(pathOf(path, query), {
      method, signal,
      headers: headers(body === undefined ? more : { 'Content-Type': 'application/json', ...more }),
      body: body === undefined ? undefined : toJson(body),
      cache: 'no-store',
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, 'No answer', 'The daemon does not answer. Is it running? Its log says why it ended.');
  }
  const text = await answer.text();
  let told = null;
  try {
    told = text ? parse(text) : null;
  } catch {
    told = null; // not JSON: the status says it all
  }
  if (answer.ok) return told;
  const problem = new Problem(answer.status, told?.title ?? `Status ${answer.status}`, told?.detail ?? text, told ?? {});
  if (answer.status === 403 && session.token && method !== 'GET') {
    session.role = 'read-only'; // as it has just shown
    dispatchEvent(new Event('role'));
  }
  if (answer.status === 401) dispatchEvent(new CustomEvent('sign-in-needed', { detail: problem }));
  throw problem;
}

export const get = (path, query, signal) => ask('GET', path, { query, signal });
export const post = (path, body, more) => ask('POST', path, { body, more });
export const patch = (path, body) => ask('PATCH', path, { body });
export const remove = (path) => ask('DELETE', path);
export const part = (text) => encodeURIComponent(text);
