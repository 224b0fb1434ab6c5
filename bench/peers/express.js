// The peer of bench/http.py: the same routes on Express, as a good engineer writes them without a database. Everything
// is in memory and lost with the process; look-ups are O(1); required fields are validated; nothing is logged.
'use strict';

const { randomUUID } = require('node:crypto');
const express = require('express');

const JOB_TYPES = new Set(['llm_inference', 'llm_fine_tuning', 'rag_indexing', 'vision_pipeline', 'render', 'generic_compute']);
const STATUSES = new Set(['online', 'busy', 'draining']);
const WALLET = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const UNKNOWN_PLACE = Object.freeze({ country: 'Unknown', city: 'Unknown', lat: 0, lon: 0 });

const nodes = new Map(); // nodeId -> node
const nodesByMachine = new Map(); // wallet/machineId -> node
const inOrder = []; // nodes, oldest first: a page of them, newest first, is a slice
const places = new Map(); // nodeId -> its index in inOrder
const jobs = new Map(); // jobId -> job

const isWallet = (value) => typeof value === 'string' && WALLET.test(value);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isAmount = (value) => Number.isFinite(Number(value)) && Number(value) >= 0;
const refuse = (res, status, error, more) => res.status(status).json({ error, ...more });

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ limit: '1mb' }));

app.get('/health', (req, res) => {
  res.json({ status: 'healthy', timestamp: new Date().toISOString(), service: 'express' });
});

app.post('/api/nodes/register', (req, res) => {
  const body = req.body;
  if (!isObject(body) || !isWallet(body.walletAddress)) return refuse(res, 422, 'Wallet address is required');
  const { machineId = 'default', ...given } = body;
  const key = `${body.walletAddress}/${machineId}`;
  const lastUpdate = new Date().toISOString();
  const known = nodesByMachine.get(key);
  if (known) {
    Object.assign(known, given, { lastUpdate });
    return res.json({ success: true, message: 'Node updated successfully', node: known });
  }
  const node = {
    nodeId: randomUUID(), machineId, gpuModel: 'Unknown', vram: 0, driverVersion: 'Unknown', cudaVersion: 'Unknown',
    hostOS: 'Unknown', cpuModel: 'Unknown', ramTotal: 0, location: UNKNOWN_PLACE, capabilities: ['inference'],
    ...given, registeredAt: lastUpdate, lastUpdate, status: 'online', jobsCompleted: 0, totalEarned: 0, reputation: 100,
    metrics: {},
  };
  nodes.set(node.nodeId, node);
  nodesByMachine.set(key, node);
  places.set(node.nodeId, inOrder.push(node) - 1);
  res.status(201).json({ success: true, message: 'Node registered successfully', node, nodeToken: `hn_${randomUUID()}` });
});

app.post('/api/nodes/:nodeId/heartbeat', (req, res) => {
  const node = nodes.get(req.params.nodeId);
  if (!node) return refuse(res, 404, 'Node not found');
  const { status = node.status, metrics = node.metrics } = req.body ?? {};
  if (!STATUSES.has(status) || !isObject(metrics)) return refuse(res, 422, 'Bad status or metrics');
  node.status = status;
  node.metrics = metrics;
  node.lastUpdate = new Date().toISOString();
  res.json({ success: true, message: 'Heartbeat received', nextHeartbeatIn: 60000 });
});

app.get('/api/nodes', (req, res) => {
  const { limit = '100', cursor } = req.query;
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > 1000) return refuse(res, 422, 'limit must be 1 to 1000');
  const end = cursor === undefined ? inOrder.length : places.get(cursor);
  if (end === undefined) return refuse(res, 422, 'Unknown cursor');
  const page = inOrder.slice(Math.max(0, end - most), end).reverse();
  const nextCursor = page.length === most ? page[most - 1].nodeId : null;
  res.json({ success: true, count: page.length, nodes: page, nextCursor });
});

app.post('/api/jobs', (req, res) => {
  const body = req.body;
  if (!isObject(body) || !isWallet(body.walletAddress)) return refuse(res, 422, 'Wallet address is required');
  if (!JOB_TYPES.has(body.jobType)) return refuse(res, 400, 'Invalid job type', { validTypes: [...JOB_TYPES] });
  const { walletAddress, jobType, model = 'default', input = {}, budget = 0, maxDuration = 3600 } = body;
  const { requirements = { minVRAM: 8, capabilities: ['inference'] } } = body;
  if (typeof model !== 'string' || !isObject(input) || !isObject(requirements)) return refuse(res, 422, 'Wrong field');
  if (!isAmount(budget) || !Number.isInteger(maxDuration) || maxDuration < 1) return refuse(res, 422, 'Wrong number');
  const createdAt = new Date().toISOString();
  const job = {
    jobId: randomUUID(), walletAddress, jobType, model, input, requirements, budget, maxDuration, status: 'queued',
    createdAt, updatedAt: createdAt, assignedNode: null, result: null, logs: [],
    metrics: { startTime: null, endTime: null, duration: null, cost: 0 },
  };
  jobs.set(job.jobId, job);
  res.status(201).json({ success: true, message: 'Job created successfully', job });
});

app.get('/api/jobs/:jobId', (req, res) => {
  const job = jobs.get(req.params.jobId);
  if (!job) return refuse(res, 404, 'Job not found');
  res.json({ success: true, job });
});

app.use((req, res) => refuse(res, 404, 'Endpoint not found'));
app.use((error, req, res, next) => refuse(res, error.status ?? 500, error.message)); // eslint-disable-line no-unused-vars

const server = app.listen(Number(process.env.PORT), '127.0.0.1');
server.keepAliveTimeout = 60_000;
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
