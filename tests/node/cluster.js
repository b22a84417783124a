'use strict';

// The service of many: Node's cluster, a worker a processor, each with prom-client's registry of its own.
//
//   node cluster.js PORT FAILING   FAILING of a hundred requests to each worker fail
//
// With AGGREGATE=1 the primary answers for the metrics of all of them, on PORT + 1.

const cluster = require('node:cluster');
const http = require('node:http');
const client = require('prom-client');

const [port, failing] = process.argv.slice(2).map(Number);
const WORKERS = 4;

if (cluster.isPrimary) {
  for (let worker = 0; worker < WORKERS; worker += 1) cluster.fork();
  if (process.env.AGGREGATE === '1') {
    const registry = new client.AggregatorRegistry();
    http
      .createServer(async (request, response) => {
        response.setHeader('content-type', registry.contentType);
        response.end(await registry.clusterMetrics());
      })
      .listen(port + 1, '127.0.0.1');
  }
} else {
  // Makes this worker answer the primary.
  if (process.env.AGGREGATE === '1') new client.AggregatorRegistry();
  client.collectDefaultMetrics();
  const requests = new client.Counter({
    name: 'http_requests_total',
    help: 'Requests by route and status.',
    labelNames: ['route', 'status_code'],
  });
  let due = 0;
  http
    .createServer(async (request, response) => {
      if (request.url === '/metrics') {
        response.setHeader('content-type', client.register.contentType);
        response.end(await client.register.metrics());
        return;
      }
      if (request.url !== '/health/ready') {
        due += failing;
        response.statusCode = due >= 100 ? 500 : 200;
        due %= 100;
        requests.inc({ route: request.url, status_code: response.statusCode });
      }
      response.end('ok');
    })
    .listen(port, '127.0.0.1');
}
