"""Tasks of the Celery rig. Every execution that ends well is counted in the server itself, so that a doubled one shows."""
import os
import time

import redis
from celery import Celery

PORT = os.environ['RIG_PORT']
app = Celery('rig', broker=f'redis://127.0.0.1:{PORT}/0', backend=f'redis://127.0.0.1:{PORT}/1')
app.conf.update(task_acks_late=False, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True, result_expires=3600,
                worker_send_task_events=False, worker_hijack_root_logger=False)
counts = redis.Redis(port=int(PORT), db=2)


def done(name):
    counts.incr(f'done:{name}')


@app.task
def add(name, a, b):
    done(name)
    return a + b


@app.task(bind=True, max_retries=5)
def flaky(self, name, failures):
    """Fails `failures` times, then answers how often it was retried."""
    counts.incr(f'tried:{name}')
    if self.request.retries < failures:
        raise self.retry(countdown=0.2)
    done(name)
    return self.request.retries


@app.task
def at_time(name):
    done(name)
    return time.time()


@app.task
def broken(name):
    done(name)
    raise ValueError(f'{name} is broken')


@app.task
def total(numbers):
    done('chord')
    return sum(numbers)
