"""How long GETs wait while another connection runs something slow on other keys."""

import threading

from load import load as run_load
from servers import is_error

# Many: one that waits sends nothing meanwhile, so that few of them would hide a stall of their worker. And a rate that leaves
# a two-core machine room for the slow command itself.
CONNECTIONS = 500
REQUESTS_PER_S = 5000
SORT_ELEMENTS = 1_000_000
PUSH_BATCH = 1000
# Many more than stripes: one key in so many shares the slow command's stripe and waits for it, which must neither be missed
# nor exaggerated by chance.
MEASURED_KEYS = 200_000

# A script that keeps its one key, and nothing else, for two seconds.
SLOW_SCRIPT = """
redis.call('SET', KEYS[1], 'taken')
local now = redis.call('TIME')
local stop = now[1] * 1000000 + now[2] + 2000000
repeat
  now = redis.call('TIME')
until now[1] * 1000000 + now[2] >= stop
return redis.status_reply('done')
"""


def load(options, server, *arguments):
    return run_load(server, "--connections", CONNECTIONS, *arguments, binary=options.load)


def gets(options, server, seconds):
    return load(options, server, "--rate", REQUESTS_PER_S, "--seconds", seconds, "--keys", MEASURED_KEYS, "GET key:__key__")


def beside(options, server, what, seconds, *slow_command):
    """The load's result over `seconds`, with the slow command sent once it is under way."""
    replies = []
    slow = threading.Timer(0.5, lambda: replies.append(server.call(*slow_command)))
    slow.start()
    result = gets(options, server, seconds)
    slow.join()
    if not replies or is_error(replies[0]):
        raise SystemExit(f"{server.name}: {what}: {replies}")
    return {"server": server.name, "while": what, **result}


def fill_list(server):
    for start in range(0, SORT_ELEMENTS, PUSH_BATCH):
        # A fixed scramble, so that both servers sort the same unsorted numbers.
        server.call("RPUSH", "long", *(str(n * 7919 % 1_000_003) for n in range(start, start + PUSH_BATCH)))


def measure_latency(options, server):
    load(options, server, "--requests", MEASURED_KEYS, "--sequential", 0, "--pipeline", 64, "SET key:__key__ v")
    fill_list(server)
    return [{"server": server.name, "while": "nothing else", **gets(options, server, 2)},
            beside(options, server, "a script of 2 s on one key", 3, "EVAL", SLOW_SCRIPT, "1", "slow"),
            beside(options, server, "SORT of a million", 3, "SORT", "long", "LIMIT", "0", "1")]
