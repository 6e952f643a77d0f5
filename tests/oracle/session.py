"""Takes two servers through the same steps and stops at the first unexplained difference.

Batches go to the server under test first and to the oracle afterwards: so a random choice (SPOP) of the first can be checked and imitated
on the second without breaking the pipeline.
"""
import select
import socket
import time

import dataset
from compare import COMPARATORS, exec_differences, witness_command
from steps import WAITING
from transfer import broken, for_older
from support.resp import Closed, Tagged, is_error, is_null, show, show_command

BATCH = 48
DEFAULTS = [('hash-max-listpack-entries', '128'), ('hash-max-listpack-value', '64'), ('zset-max-listpack-entries', '128'),
            ('zset-max-listpack-value', '64'), ('set-max-intset-entries', '512'), ('list-max-listpack-size', '-2'),
            ('list-compress-depth', '0'), ('notify-keyspace-events', ''), ('hll-sparse-max-bytes', '3000'), ('maxmemory', '0')]


class Difference(Exception):
    """One reply, push message or part of the dataset that differs. `keys` are the ones to look for in the history."""

    def __init__(self, text, signature, keys):
        super().__init__(text)
        self.text, self.signature, self.keys = text, signature, keys


class Side:
    """One server with the connections that the steps are numbered by, and one of the rig's own."""

    def __init__(self, server):
        self.server = server
        self.connections = []
        self.admin = None

    def reset(self):
        self.close()
        self.admin = self.server.connect()
        self.admin.pipeline([[b'FLUSHALL'], [b'SCRIPT', b'FLUSH'], [b'FUNCTION', b'FLUSH'], [b'ACL', b'DELUSER', b'u:1', b'u:2', b'u:3', b'nobody'],
                             [b'ACL', b'LOG', b'RESET']] + [[b'CONFIG', b'SET', n.encode(), v.encode()] for n, v in DEFAULTS])
        self.connections = [self.server.connect() for _ in range(3)]
        self.waiting_id = self.connections[WAITING].call('CLIENT', 'ID')
        self.pushed = []

    def close(self):
        for connection in self.connections + ([self.admin] if self.admin else []):
            connection.close()
        self.connections, self.admin = [], None

    def await_blocked(self):
        """Until the waiting connection is blocked or has its reply."""
        waiting = self.connections[WAITING]
        for _ in range(2000):
            if waiting.has_bytes() or select.select([waiting], [], [], 0)[0]:
                return
            if b'blocked_clients:0' not in self.admin.call('INFO', 'clients'):
                return
            time.sleep(0.001)

    def drain(self, expected=None):
        """Messages pushed to the subscriber. The oracle's count is known first; a server that delivers from another thread may
        deliver after the publisher had its reply, so that many are awaited, and then whatever else comes before a PING's answer."""
        waiting = self.connections[WAITING]
        got = []
        try:
            waiting.socket.settimeout(5)
            while expected is not None and len(got) < expected:
                got.append(waiting.read())
        except (socket.timeout, TimeoutError):
            pass
        waiting.socket.settimeout(30)
        waiting.send('PING', 'end-of-drain')
        while True:
            reply = waiting.read()
            if b'end-of-drain' in (reply if isinstance(reply, list) else [reply]) or (
                    is_error(reply) and b'end-of-drain' in reply.value):
                return got
            got.append(reply)


class Session:
    def __init__(self, tusk, oracle, allowed):
        self.tusk, self.oracle = Side(tusk), Side(oracle)
        self.allowed = allowed
        self.history = []
        self.batch = []
        self.compared = 0
        self.explained = 0

    def reset(self):
        self.tusk.reset()
        self.oracle.reset()
        self.history, self.batch = [], []
        self.waiting = None

    def feed(self, step):
        """Takes one step; may only queue it. Raises Difference."""
        if step.kind in ('cmd', 'spop', 'xadd'):
            if self.batch and (self.batch[0].conn != step.conn or len(self.batch) >= BATCH):
                self.flush()
            self.batch.append(step)
            return
        self.flush()
        self.history.append(step)
        getattr(self, '_' + step.kind)(step)

    def flush(self):
        batch, self.batch = self.batch, []
        if not batch:
            return
        self.history.extend(batch)
        conn = batch[0].conn
        first = self.tusk.connections[conn].pipeline([step.args for step in batch])
        plan, commands = [], []
        for step, reply in zip(batch, first):
            asked = self._oracle_commands(step, reply)
            plan.append((len(commands), len(asked)))
            commands.extend(asked)
        second = self.oracle.connections[conn].pipeline(commands)
        for at, (step, reply) in enumerate(zip(batch, first)):
            start, count = plan[at]
            try:
                self._judge(step, reply, second[start:start + count])
            except Difference:
                del self.history[len(self.history) - len(batch) + at + 1:]
                raise

    @staticmethod
    def _oracle_commands(step, reply):
        if step.kind == 'spop':
            popped = _popped(step, reply)
            if popped:
                key = step.args[1]
                return [[b'SCARD', key], [b'SMISMEMBER', key, *popped], [b'SREM', key, *popped]]
        if step.kind == 'xadd' and isinstance(reply, bytes):
            at = step.args.index(b'*')
            return [[*step.args[:at], reply, *step.args[at + 1:]]]
        witness = witness_command(step.args) if step.compare in ('random', 'scan') else None
        return [step.args, witness] if witness else [step.args]

    def _judge(self, step, reply, others):
        if step.kind == 'spop' and len(others) == 3:
            wanted = 1 if len(step.args) == 2 else int(step.args[2])
            popped = _popped(step, reply)
            good = (isinstance(others[0], int) and len(popped) == min(wanted, others[0]) and len(set(popped)) == len(popped)
                    and others[1] == [1] * len(popped))
        else:
            good = COMPARATORS[step.compare](reply, others[0], step, others[1] if len(others) > 1 else None)
        if good:
            self.compared += 1
            return
        for args, first, second in (exec_differences(reply, others[0], step) or []) if step.compare == 'exec' else []:
            self._differ(f'{show_command(args)} => {show(first, 1 << 20)} | {show(second, 1 << 20)}', args)
        if step.compare == 'exec' and exec_differences(reply, others[0], step):
            return
        self._differ(f'{show_command(step.args)} => {show(reply, 1 << 20)} | {show(others[0], 1 << 20)}', step.args)

    def _differ(self, text, args):
        if self.allowed.reason(text):
            self.explained += 1
            return
        name = args[0].decode('latin1').upper()
        replies = text.rsplit(' => ', 1)[-1].split(' | ')
        shapes = replies if name.startswith('OBJECT') else map(_shape, replies)
        raise Difference(text, (name, *shapes), set(args))

    # Actions of the rig.

    def _subscribe(self, step):
        for side in (self.tusk, self.oracle):
            side.connections[WAITING].send(*step.args)

    def _drain(self, step):
        second = self.oracle.drain()
        first = self.tusk.drain(len(second))
        if first == second:
            self.compared += 1
            return
        at = next((n for n, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))
        a, b = (show(got[at]) if at < len(got) else 'nothing' for got in (first, second))
        previous = show(second[at - 1]) if at else 'none'
        keys = {part for got in (first, second) if at < len(got) and isinstance(items_of(got[at]), list)
                for part in items_of(got[at]) if isinstance(part, bytes)}
        keys |= {key.split(b'__:', 1)[-1] for key in keys}
        self._differ(f'MESSAGE {at} of {len(second)} (after {previous}) => {a} | {b}', [b'MESSAGE', *keys])

    def _block(self, step):
        self.waiting = step
        for side in (self.tusk, self.oracle):
            side.connections[WAITING].send(*step.args)
            side.await_blocked()

    def _unblock(self, step):
        reason = [step.args[0]] if step.args[0] else []
        first, second = (side.admin.call('CLIENT', 'UNBLOCK', side.waiting_id, *reason) for side in (self.tusk, self.oracle))
        if first != second:
            self._differ(f'CLIENT UNBLOCK => {show(first)} | {show(second)}', [b'CLIENT'])

    def _collect(self, step):
        call, self.waiting = self.waiting, None
        if call is None:  # The call was cut off by a reset, or by shrinking.
            return
        first, second = (side.connections[WAITING].read() for side in (self.tusk, self.oracle))
        if first == second:
            self.compared += 1
            return
        self._differ(f'blocked {show_command(call.args)} => {show(first)} | {show(second)}', [b'blocked', *call.args])

    def _scan(self, step):
        """A whole iteration on both, compared as sets."""
        at = 1 if step.args[0] == b'SCAN' else 2
        found = []
        for side in (self.tusk, self.oracle):
            cursor, seen = b'0', []
            for _ in range(100000):
                reply = side.connections[step.conn].call(*step.args[:at], cursor, *step.args[at:])
                if is_error(reply):
                    seen = reply
                    break
                cursor = reply[0]
                seen += reply[1]
                if cursor == b'0':
                    break
            if isinstance(seen, list):
                wide = step.args[0] in (b'HSCAN', b'ZSCAN')
                seen = sorted(set(zip(seen[::2], seen[1::2]) if wide else seen))
            found.append(seen)
        if found[0] == found[1]:
            self.compared += 1
            return
        self._differ(f'{show_command(step.args)} (whole iteration) => {show(found[0])} | {show(found[1])}', step.args)

    def _transfer(self, step):
        """RESTORE target ttl <payload of source> options, on both."""
        _, source, target, ttl, *options = step.args
        sides = [side.connections[step.conn] for side in (self.tusk, self.oracle)]
        payloads = [connection.call('DUMP', source) for connection in sides]
        if not all(isinstance(payload, bytes) for payload in payloads):
            if payloads[0] != payloads[1]:
                self._differ(f'DUMP {show(source)} => {show(payloads[0])} | {show(payloads[1])}', [b'DUMP', source])
            return
        if step.compare == 'own':
            # A payload that the oracle is too old for: it restores its own.
            given = [payloads[0], for_older(payloads[0]) or payloads[1]]
        else:
            given = [broken(payloads[1], len(self.history)) if step.compare == 'broken' else payloads[1]] * 2
        first, second = (connection.call('RESTORE', target, ttl, payload, *options) for connection, payload in zip(sides, given))
        if first == second:
            self.compared += 1
            return
        self._differ(f'{show_command(step.args)} (from {step.compare}) => {show(first)} | {show(second)}', step.args)

    def compare_datasets(self):
        self.flush()
        first, second = dataset.read_all(self.tusk.admin), dataset.read_all(self.oracle.admin)
        self.compared += len(second)
        for key, text in dataset.differences(first, second):
            self._differ(text, [text.split()[0].encode() + b' ' + text.split()[1].encode(), key])


def items_of(message):
    return message.value if isinstance(message, Tagged) else message


def _popped(step, reply):
    """The members that SPOP took, or nothing when there is nothing to imitate."""
    if is_error(reply) or is_null(reply):
        return []
    members = [reply] if isinstance(reply, bytes) else (reply.value if isinstance(reply, Tagged) else reply)
    usable = isinstance(members, list) and all(isinstance(m, bytes) for m in members)
    wanted_number = len(step.args) == 2 or (len(step.args) == 3 and step.args[2].lstrip(b'+').isdigit())
    return members if usable and wanted_number else []


def _shape(text):
    """A reply without its particulars, so that one cause is reported once."""
    if text.startswith('-'):
        return text[:40]
    return text[:1] if text[:1] in '[~%>+"(' else text[:12]


__all__ = ['Session', 'Difference', 'Closed']
