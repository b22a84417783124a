'use strict';

// A service as Node users have them: http, prom-client's default registry, a counter of requests. Prints its port.
//
//   GET  /metrics        the registry
//   GET  /health/ready   200
//   POST /failing/N      from now on, N of a hundred requests fail; with /failing/N/ROUTE, of those to this route
//   POST /slow/N         from now on, requests take N milliseconds longer
//   GET  /anything       a request of a user

const http = require('node:http');
const client = require('prom-client');

client.collectDefaultMetrics();
const requests = new client.Counter({
  name: 'http_requests_total',
  help: 'Requests by method, route and status.',
  labelNames: ['method', 'route', 'status_code'],
});

const durations = new client.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of requests.',
  labelNames: ['method', 'route'],
});

let failing = 0;
let failingRoute;
let slow = 0;
let due = 0;

// Spread evenly, not by chance: every test sees the same.
function nextStatus(route) {
  if (failingRoute && route !== failingRoute) return 200;
  due += failing;
  if (due < 100) return 200;
  due -= 100;
  return 500;
}

async function handle(request, response) {
  const [, first, second, third] = request.url.split('/');
  if (first === 'metrics') {
    response.setHeader('content-type', client.register.contentType);
    response.end(await client.register.metrics());
  } else if (first === 'health') {
    response.end('ready');
  } else if (first === 'failing' && request.method === 'POST') {
    failing = Number(second);
    failingRoute = third;
    response.end('ok');
  } else if (first === 'slow' && request.method === 'POST') {
    slow = Number(second);
    response.end('ok');
  } else {
    const done = durations.startTimer({ method: request.method, route: `/${first}` });
    await new Promise((resolve) => setTimeout(resolve, slow));
    done();
    response.statusCode = nextStatus(first);
    requests.inc({ method: request.method, route: `/${first}`, status_code: response.statusCode });
    response.end('ok');
  }
}

const server = http.createServer((request, response) => {
  handle(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

// Ends with whoever started it, even if that one is killed.
process.stdin.on('end', () => process.exit(0)).resume();
