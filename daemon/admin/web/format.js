// Numbers and times for people. Times are the reader's own zone's; the exact one, in UTC, is in the title.
import { h } from './dom.js';

const whole = new Intl.NumberFormat('en');
export const count = (value) => (value === null || value === undefined ? '–' : whole.format(value));
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${Number(value) === 1 ? one : many}`;

export function bytes(value) {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let size = Number(value);
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    ++at;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[at]}`;
}

export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined) return '–';
  if (perSecond === 0) return '0/s';
  if (perSecond < 1) return `${(perSecond * 60).toFixed(perSecond * 60 < 10 ? 1 : 0)}/min`;
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return '–';
  return value < 1000 ? `${value} ms` : seconds(value / 1000);
}

// The two largest units: 3 d 4 h, 12 min 5 s.
export function seconds(value) {
  const units = [['y', 31536000], ['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  let left = Math.max(0, Math.round(value));
  const said = [];
  for (const [name, size] of units) {
    if (left >= size || (name === 's' && said.length === 0)) {
      said.push(`${Math.floor(left / size)} ${name}`);
      left %= size;
      if (said.length === 2) break;
    } else if (said.length === 1) {
      break;
    }
  }
  return said.join(' ');
}

export function relative(at, now = Date.now()) {
  const away = (at - now) / 1000;
  if (Math.abs(away) < 1) return 'now';
  return away > 0 ? `in ${seconds(away)}` : `${seconds(-away)} ago`;
}

const full = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const ofDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const absolute = (at) => full.format(at);
export const clock = (at) => ofDay.format(at);

// "in 3 h 2 min", the full date beside it where `both`.
export function time(text, { both = true } = {}) {
  if (!text) return '–';
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  return h('time', { datetime: text, title: `${absolute(at)} (${text})` },
    h('span', { class: 'ago' }, relative(at)), both && h('span', { class: 'exact' }, absolute(at)));
}

// For <input type="datetime-local">, in the reader's zone.
export function localInput(at) {
  const two = (value) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export const short = (id) => (String(id).length > 14 ? `${String(id).slice(0, 12)}…` : String(id));
