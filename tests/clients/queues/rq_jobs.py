"""Jobs of the RQ rig; every execution is counted in the server itself."""
import os
import time

import redis

counts = redis.Redis(port=int(os.environ['RIG_PORT']), db=2)


def square(name, n):
    counts.incr(f'done:{name}')
    return n * n


def fails(name):
    counts.incr(f'done:{name}')
    raise ValueError(f'{name} fails')


def fails_at_first(name, failures):
    if counts.incr(f'tried:{name}') <= failures:
        raise RuntimeError('not yet')
    counts.incr(f'done:{name}')
    return 'at last'


def now(name):
    counts.incr(f'done:{name}')
    return time.time()
