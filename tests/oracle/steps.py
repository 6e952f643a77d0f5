"""A step: one command on one of three connections (0: main, 1: second client, 2: subscriber or blocked client), or an action of the rig:
'scan' (iterate to the end), 'block'/'collect' (a call that waits), 'unblock', 'drain' (read pushed messages), 'transfer' (DUMP and RESTORE).
Steps are plain data, so that a failing run can be cut down and replayed."""
from collections import namedtuple

Step = namedtuple('Step', 'kind conn args compare inner')
MAIN, SECOND, WAITING = 0, 1, 2


def step(conn, *args, kind='cmd', compare='exact', inner=None):
    return Step(kind, conn, [a if isinstance(a, bytes) else str(a).encode() for a in args], compare, inner)
