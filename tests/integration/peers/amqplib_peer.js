// The Node client amqplib, unmodified, as publisher and consumer: publishes COUNT delayed messages to INTAKE and
// expects each once, not early and unchanged, from DESTINATION. Exit 0 when all arrived so.
//   node amqplib_peer.js PORT INTAKE DESTINATION COUNT
'use strict';
const amqp = require('amqplib');

async function main([port, intake, destination, count]) {
  const expected = Number(count);
  const connection = await amqp.connect(`amqp://guest:guest@127.0.0.1:${port}`);
  const channel = await connection.createConfirmChannel();
  const seen = new Set();
  let finish;
  const finished = new Promise((resolve, reject) => {
    finish = resolve;
    setTimeout(() => reject(new Error(`${seen.size} of ${expected} arrived`)), 30000);
  });
  await channel.consume(destination, (message) => {
    const { index, due } = JSON.parse(message.content.toString());
    const early = due - Date.now();
    if (early > 0) throw new Error(`message ${index} came ${early} ms early`);
    if (seen.has(index)) throw new Error(`message ${index} came twice`);
    if (message.properties.messageId !== `node-${index}`) throw new Error('message-id changed');
    if (message.properties.contentType !== 'application/json') throw new Error('content-type changed');
    const { headers } = message.properties;
    if (headers.tenant !== 'blue' || headers.nested.list[1] !== 2) throw new Error('headers changed');
    if ('x-delay' in headers || !headers['postponed-id']) throw new Error('postponed headers are wrong');
    seen.add(index);
    channel.ack(message);
    if (seen.size === expected) finish();
  });
  for (let index = 0; index < expected; ++index) {
    const delay = 200 + ((index * 37) % 1000);
    const body = Buffer.from(JSON.stringify({ index, due: Date.now() + delay }));
    channel.publish('', intake, body, {
      persistent: true,
      messageId: `node-${index}`,
      contentType: 'application/json',
      headers: { 'x-delay': delay, tenant: 'blue', nested: { list: [1, 2, 3] } },
    });
  }
  await channel.waitForConfirms();
  await finished;
  console.log(`amqplib: ${seen.size} of ${expected} arrived`);
  await channel.close(); // flushes the last ack
  await connection.close();
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => {
  console.error(`amqplib: ${error.stack}`);
  process.exit(1);
});
