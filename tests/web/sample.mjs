// The sample topology of the tests of the page: two routes, a collected dead letter, and one that is not.
export const yaml = `
topology:
  queues:
    - {name: orders.later}
    - {name: orders.due}
    - {name: reminders.later}
    - {name: reminders.due}
    - {name: orders.dead}
    - {name: plain.dead}
    - {name: elsewhere}
routes:
  - {name: order-timeouts, queue: orders.later, delay: {default: 15m, max: 1000d}, release: {queue: orders.due}, dead_letter: orders}
  - {name: reminders, queue: reminders.later, delay: {default: 1d, max: 1000d}, release: {queue: reminders.due}, dead_letter: plain}
dead_letters:
  - {name: orders, queue: orders.dead, collect: true, poll: 1s, alert: {depth: 20}}
  - {name: plain, queue: plain.dead, poll: 1s}
`;

const minute = 60000;
const hour = 60 * minute;
const day = 24 * hour;

// A week with two peaks, some reminders up to a year away, and failures of three kinds.
export async function fill(broker) {
  const order = (at, more = {}) => broker.publish('orders.later', JSON.stringify({ order: 1000 + at, total: '49.90', items: [{ sku: 'A-17', count: 2 }], paid: false }),
    { contentType: 'application/json', messageId: `order-${at}`, headers: { 'x-delay': 20 * minute + at * 13 * minute, customer: `c${at % 7}`, ...more } });
  for (let at = 0; at < 60; ++at) await order(at);
  for (let at = 0; at < 30; ++at) await broker.publish('reminders.later', `Reminder ${at}`, { contentType: 'text/plain', headers: { 'x-delay': 2 * hour + at * at * 0.4 * day } });
  await broker.publish('reminders.later', Buffer.from([0, 1, 2, 250, 251, 252, 253, 254, 255, 72, 105]), { headers: { 'x-delay': 3 * hour, binary: true } });
  for (let at = 0; at < 18; ++at) await broker.publish('orders.later', JSON.stringify({ order: 2000 + at }), { contentType: 'application/json', messageId: `bad-${at}`, headers: { 'x-delay': 'soon', customer: `c${at % 3}` } });
  for (let at = 0; at < 8; ++at) await broker.publish('orders.later', JSON.stringify({ order: 3000 + at }), { headers: { 'x-delay': 5000 * day } });
  for (let at = 0; at < 3; ++at) await broker.publish('reminders.later', `Unreadable ${at}`, { headers: { 'x-delay': 'tomorrow' } });
  for (let at = 0; at < 40; ++at) await broker.publish('orders.later', `now ${at}`, { headers: { 'x-delay': at * 100 } });
}
