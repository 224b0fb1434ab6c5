// The peer of bench/fleet.py: nodes' heartbeats on `ws`, as a good engineer writes them without a database. A message is a
// JSON array of frames, as ours is: a hello is welcomed, a beat is kept in a Map, and `ws` itself answers the ping that a
// node sends after its beat. Fields are checked; nothing is stored or logged; silent sockets end as the README of `ws` says.
'use strict';

const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

const PATH = /^\/api\/nodes\/([0-9a-f-]{36})\/socket$/;
const ALIVE_WITHIN_MS = 30_000;
const MAX_MESSAGE = 4 << 20;

const nodes = new Map(); // nodeId -> { seenAt, metrics, leases }

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value) => Array.isArray(value) && value.every((text) => typeof text === 'string');

const server = createServer((req, res) => {
  const node = nodes.get(req.url.slice('/api/nodes/'.length));
  if (node) return res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ node }));
  res.writeHead(req.url === '/health' ? 200 : 404).end();
});
const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, clientTracking: true });

function receive(socket, nodeId, data) {
  const frames = JSON.parse(data);
  if (!Array.isArray(frames)) throw new TypeError('Expected an array of frames');
  for (const frame of frames) {
    if (frame.kind === 'beat') {
      const { metrics = {}, leases = [] } = frame;
      if (!isObject(metrics) || !isTexts(leases)) throw new TypeError('Bad beat');
      const node = nodes.get(nodeId);
      node.seenAt = Date.now();
      node.metrics = metrics;
      node.leases = leases;
    } else if (frame.kind === 'hello') {
      nodes.set(nodeId, { seenAt: Date.now(), metrics: {}, leases: frame.leases ?? [] });
      socket.send(JSON.stringify([{ kind: 'welcome', nodeId, beatEveryS: 10, leaseTtlS: 30 }]));
    } else {
      throw new TypeError('Unknown frame');
    }
  }
}

server.on('upgrade', (req, tcp, head) => {
  const match = PATH.exec(req.url);
  if (!match) return tcp.destroy();
  sockets.handleUpgrade(req, tcp, head, (socket) => {
    const nodeId = match[1];
    socket.isAlive = true;
    socket.on('pong', () => { socket.isAlive = true; });
    socket.on('ping', () => { socket.isAlive = true; });
    socket.on('message', (data) => {
      try {
        receive(socket, nodeId, data);
      } catch (error) {
        socket.close(4400, String(error.message).slice(0, 100));
      }
    });
    socket.on('close', () => nodes.delete(nodeId));
    socket.on('error', () => socket.terminate());
  });
});

setInterval(() => {
  for (const socket of sockets.clients) {
    if (!socket.isAlive) socket.terminate();
    socket.isAlive = false;
    socket.ping();
  }
}, ALIVE_WITHIN_MS);

server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 });
process.on('SIGTERM', () => process.exit(0));
