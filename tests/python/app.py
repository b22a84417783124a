"""A WSGI application as people run it below gunicorn. FAILING of a hundred requests to each worker fail.

REGISTRY says whose metrics /metrics shows: `default` those of the worker that answers, with its start time; `own` the same
without one; `multiprocess` those of all workers, which needs PROMETHEUS_MULTIPROC_DIR.
"""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

KIND = os.environ["REGISTRY"]
FAILING = int(os.environ["FAILING"])
COUNTED = CollectorRegistry() if KIND == "own" else REGISTRY
REQUESTS = Counter("http_requests", "Requests by route and status.", ["route", "status"], registry=COUNTED)
due = 0


def page():
    if KIND != "multiprocess":
        return generate_latest(COUNTED)
    every_worker = CollectorRegistry()
    MultiProcessCollector(every_worker)
    return generate_latest(every_worker)


def app(environ, start_response):
    global due
    path, status, body = environ["PATH_INFO"], "200 OK", b"ok"
    if path == "/metrics":
        body = page()
    elif path != "/health/ready":
        due += FAILING
        if due >= 100:
            status = "500 Internal Server Error"
        due %= 100
        REQUESTS.labels(path, status[:3]).inc()
    start_response(status, [("Content-Type", "text/plain; version=0.0.4"), ("Content-Length", str(len(body)))])
    return [body]
