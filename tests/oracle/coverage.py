"""Which commands of the oracle's COMMAND LIST the generator sends, and why the others are left out."""
from collections import Counter

from from_docs import LEFT_OUT
from generator import Generator

NOT_SENT = {
    'shutdown': 'ends the server (SHUTDOWN with wrong arguments is sent)', 'sync': 'turns the connection into a replica', 'script|kill': 'sent when none runs only',
    'replconf': 'part of the replication stream', 'pfselftest': 'runs for a minute; the unit tests check the registers', 'save': 'writes files: tests of persistence',
    'bgsave': 'writes files: tests of persistence', 'bgrewriteaof': 'writes files: tests of persistence', 'script|debug': 'refused inside a pipeline, which all of ours is',
    'monitor': 'shows addresses and times; has its own tests', 'quit': 'closes the connection', 'client|reply': 'would take replies away from the rig, except ON',
}


def report(connection, missing, extra_rows, count=120000):
    """Prints one line for each command; returns how many have neither been sent nor a reason."""
    names = {name.decode() for name in connection.call('COMMAND', 'LIST')}
    sent = Counter()
    for seed in range(1, 5):
        for step in Generator(seed, 1800000000, (), missing, extra_rows).steps(count // 4):
            for args in [step.args] + ([step.args[3:]] if step.args and step.args[0].upper() in (b'EVAL', b'EVAL_RO') else []):
                words = [arg.decode('latin1').lower() for arg in args[:2]]
                sent[words[0] if words else ''] += step.kind not in ('drain', 'collect', 'unblock')
                sent['|'.join(words)] += 1
    silent = 0
    for name in sorted(names):
        reason = NOT_SENT.get(name) or ('not there yet' if name.encode() in missing else None)
        if sent[name] == 0 and not reason:
            silent += 1
        print(f'{name:28} {sent[name]:7}  {"" if sent[name] else reason or "NEITHER SENT NOR EXPLAINED"}'.rstrip())
    print(f'{len(names) - silent} passed, {silent} failed')
    return silent


assert LEFT_OUT
