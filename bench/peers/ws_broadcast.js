// A peer of bench/events.py: one stream of events to many subscribers on `ws`. What the publisher sends becomes an event
// with a number and a time, encoded once, and is sent to all. Nothing is stored. A subscriber that takes nothing is ended
// when too much waits for it, as one would in production.
'use strict';

const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

const MAX_WAITING = 1 << 20; // Bytes that may wait for one subscriber.
const JOB_ID = '01234567-89ab-7def-8123-456789abcdef';
let seq = 0;

const server = createServer((req, res) => res.writeHead(req.url === '/health' ? 200 : 404).end());
const subscribers = new WebSocketServer({ noServer: true, clientTracking: true });
const publishers = new WebSocketServer({ noServer: true });

function publish(data) {
  const { text } = JSON.parse(data);
  const event = { seq: ++seq, jobId: JOB_ID, kind: 'stream', data: { text }, at: new Date().toISOString() };
  const encoded = Buffer.from(JSON.stringify(event));
  for (const socket of subscribers.clients) {
    if (socket.bufferedAmount > MAX_WAITING) socket.terminate();
    else socket.send(encoded, { binary: false });
  }
}

server.on('upgrade', (req, tcp, head) => {
  const group = req.url === '/publish' ? publishers : subscribers;
  group.handleUpgrade(req, tcp, head, (socket) => {
    socket.on('error', () => socket.terminate());
    if (group === publishers) socket.on('message', publish);
  });
});

server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 });
process.on('SIGTERM', () => process.exit(0));
