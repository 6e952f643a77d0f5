"""What must be true of a server's data after a crash, whatever was under way.

A law is a kind of write, the promise that its acknowledgements make, and the look at the data afterwards. Each worker counts
its writes of each kind from 1; the data say how many of them are there: at least those that had to be, at most those that were
sent. Laws that are about whole transactions say besides that all keys of one tell the same number.
"""
import json
import threading

ACCOUNTS = 20
JOBS = 50
SHARED = 5
MSET_KEYS = 5

TRANSFER = ("redis.call('DECRBY', KEYS[1], ARGV[1]); redis.call('INCRBY', KEYS[2], ARGV[1]); "
            "return redis.call('SET', KEYS[3], ARGV[2])")
TWICE = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('SET', KEYS[2], ARGV[1])"


class Track:
    """One number that only grows, and what was said about it."""

    def __init__(self):
        self.sent = 0
        self.acks = []  # (moment, number), in the order of the answers.
        self.lock = threading.Lock()

    def send(self):
        with self.lock:
            self.sent += 1
            return self.sent

    def ack(self, moment, number):
        self.acks.append((moment, number))

    def settle(self, found):
        self.sent, self.acks = found, []

    def required(self, until):
        return max((number for moment, number in list(self.acks) if moment <= until), default=0)

    def first_lost(self, found):
        """The moment of the oldest answer that did not hold; None when all did."""
        return min((moment for moment, number in list(self.acks) if number > found), default=None)


class Law:
    name = ''
    per_worker = True
    needs = None  # A command that not every server has.

    def __init__(self, workers):
        self.tracks = [Track() for _ in range(workers if self.per_worker else SHARED)]

    def commands(self, worker, number, dice):
        """One write, as commands that are sent together."""
        raise NotImplementedError

    def look(self, connection, index):
        """How many writes of a track are there; raises Torn when some are there in part or out of order."""
        raise NotImplementedError

    def act(self, connection, worker, dice, now):
        track = self.tracks[worker]
        number = track.send()
        check(connection.pipeline(encode(self.commands(worker, number, dice))))
        track.ack(now(), number)


class Torn(Exception):
    pass


class Refused(Exception):
    pass


def encode(commands):
    return [[word if isinstance(word, bytes) else str(word).encode() for word in command] for command in commands]


def check(replies):
    for reply in replies:
        if type(reply).__name__ == 'Tagged' and reply[0] == '-':
            raise Refused(reply[1].decode('latin1'))
        if isinstance(reply, list):
            check(reply)
    return replies


def number(reply):
    return int(reply) if isinstance(reply, (bytes, int)) else 0


def same(numbers, what):
    if len(set(numbers)) > 1:
        raise Torn(f'{what}: {numbers}')
    return numbers[0]


class Register(Law):
    name = 'SET'

    def commands(self, worker, number, dice):
        return [['SET', f'register:{worker}', str(number) + ' ' * dice.choice((0, 0, 100, 5000))]]

    def look(self, connection, index):
        return number(connection.call('GET', f'register:{index}'))


class Pipeline(Law):
    name = 'pipeline of SET'

    def commands(self, worker, number, dice):
        # The last one decides; the others are noise in the same batch.
        return [['SET', f'noise:{worker}:{i}', number] for i in range(dice.randrange(1, 30))] + [['SET', f'piped:{worker}', number]]

    def look(self, connection, index):
        return number(connection.call('GET', f'piped:{index}'))


class Push(Law):
    name = 'RPUSH, in order'

    def commands(self, worker, number, dice):
        return [['RPUSH', f'list:{worker}', number]]

    def look(self, connection, index):
        found = [int(item) for item in connection.call('LRANGE', f'list:{index}', 0, -1)]
        if found != list(range(1, len(found) + 1)):
            raise Torn(f'list:{index} has gaps or another order: {found[:3]} ... {found[-3:]}')
        return len(found)


class Mset(Law):
    name = 'MSET'

    def keys(self, worker):
        return [f'mset:{worker}:{i}' for i in range(MSET_KEYS)]

    def commands(self, worker, number, dice):
        return [['MSET', *(word for key in self.keys(worker) for word in (key, number))]]

    def look(self, connection, index):
        return same([number(reply) for reply in connection.call('MGET', *self.keys(index))], f'mset:{index}')


class Transaction(Law):
    name = 'MULTI'

    def commands(self, worker, number, dice):
        pushes = [['SET', f'filler:{worker}:{i}', 'x' * 200] for i in range(dice.choice((0, 0, 20)))]
        return [['MULTI'], ['SET', f'multi:a:{worker}', number], *pushes, ['HSET', f'multi:b:{worker}', 'f', number],
                ['SET', f'multi:{worker}:{number}', 1], ['DEL', f'multi:{worker}:{number - 1}'], ['EXEC']]

    def look(self, connection, index):
        first = number(connection.call('GET', f'multi:a:{index}'))
        there = [n for n in (first - 1, first, first + 1) if n > 0 and connection.call('EXISTS', f'multi:{index}:{n}')]
        if there != ([first] if first else []):
            raise Torn(f'multi:a:{index} is {first}, but the keys beside it are {there}')
        return same([first, number(connection.call('HGET', f'multi:b:{index}', 'f'))], f'multi:{index}')


class Script(Law):
    name = 'EVAL'

    def commands(self, worker, number, dice):
        return [['EVAL', TWICE, 2, f'script:a:{worker}', f'script:b:{worker}', number]]

    def look(self, connection, index):
        return same([number(connection.call('GET', f'script:{which}:{index}')) for which in 'ab'], f'script:{index}')


class Transfer(Law):
    """Money moves between accounts of all workers; the sum stays nothing (see Sums)."""
    name = 'transfers'

    def commands(self, worker, number, dice):
        source, target = (f'account:{i}' for i in dice.sample(range(ACCOUNTS), 2))
        amount = dice.randrange(1, 100)
        if dice.random() < 0.5:
            return [['EVAL', TRANSFER, 3, source, target, f'transfer:{worker}', amount, number]]
        return [['MULTI'], ['DECRBY', source, amount], ['INCRBY', target, amount], ['SET', f'transfer:{worker}', number], ['EXEC']]

    def look(self, connection, index):
        accounts = [number(reply) for reply in connection.call('MGET', *(f'account:{i}' for i in range(ACCOUNTS)))]
        if sum(accounts) != 0:
            raise Torn(f'the accounts hold {sum(accounts)} together')
        return number(connection.call('GET', f'transfer:{index}'))


class Jobs(Law):
    """A queue's hand-over: jobs go round between two lists, none is lost, none is there twice."""
    name = 'LMOVE of jobs'

    def commands(self, worker, number, dice):
        if number == 1:
            return [['MULTI'], ['RPUSH', f'queue:a:{worker}', *range(JOBS)], ['INCR', f'moves:{worker}'], ['EXEC']]
        source, target = dice.sample('ab', 2)
        return [['MULTI'], ['LMOVE', f'queue:{source}:{worker}', f'queue:{target}:{worker}', 'LEFT', 'RIGHT'],
                ['INCR', f'moves:{worker}'], ['EXEC']]

    def look(self, connection, index):
        jobs = sorted(int(job) for which in 'ab' for job in connection.call('LRANGE', f'queue:{which}:{index}', 0, -1))
        moves = number(connection.call('GET', f'moves:{index}'))
        if jobs != (list(range(JOBS)) if moves else []):
            raise Torn(f'of {JOBS} jobs in queue {index} there are {len(jobs)}')
        return moves


class Shared(Law):
    """Counters of everybody. A number that anybody has read must not be taken back either."""
    name = 'shared INCR and GET'
    per_worker = False

    def act(self, connection, worker, dice, now):
        index = dice.randrange(SHARED)
        track = self.tracks[index]
        if dice.random() < 0.3:
            return track.ack(now(), number(check([connection.call('GET', f'shared:{index}')])[0]))
        track.send()
        track.ack(now(), check([connection.call('INCR', f'shared:{index}')])[0])

    def look(self, connection, index):
        return number(connection.call('GET', f'shared:{index}'))


class Journal(Law):
    """One list of everybody: each element stands where the answer said."""
    name = 'shared RPUSH, in order'

    def __init__(self, workers):
        super().__init__(workers)
        self.places = {}

    def act(self, connection, worker, dice, now):
        track = self.tracks[worker]
        number = track.send()
        place = check([connection.call('RPUSH', 'journal', f'{worker}:{number}')])[0]
        self.places[(worker, number)] = place
        track.ack(now(), number)

    def look(self, connection, index):
        mine = {}
        for place, item in enumerate(connection.call('LRANGE', 'journal', 0, -1), 1):
            worker, number = map(int, item.split(b':'))
            if worker == index:
                mine[number] = place
        if list(mine) != list(range(1, len(mine) + 1)):
            raise Torn(f'journal of worker {index} has gaps or another order')
        for number, place in mine.items():
            if self.places.get((index, number), place) != place:
                raise Torn(f'journal {index}:{number} was answered as place {self.places[(index, number)]}, is at {place}')
            self.places[(index, number)] = place
        for key in [key for key in self.places if key[0] == index and key[1] > len(mine)]:
            del self.places[key]
        return len(mine)


class Json(Law):
    """Two numbers and an array in one document, deep and shallow, which every write changes alike."""
    name = 'JSON.* in MULTI'
    needs = 'JSON.GET'

    def commands(self, worker, number, dice):
        key = f'document:{worker}'
        if number == 1:
            return [['JSON.SET', key, '$', '{"n":1,"filler":"' + 'x' * dice.choice((0, 2000)) + '","log":[1],"deep":[{"n":1}]}']]
        return [['MULTI'], ['JSON.NUMINCRBY', key, '$..n', 1], ['JSON.ARRAPPEND', key, '$.log', number], ['EXEC']]

    def look(self, connection, index):
        text = connection.call('JSON.GET', f'document:{index}')
        if not isinstance(text, bytes):
            return 0
        document = json.loads(text)
        if document['log'] != list(range(1, len(document['log']) + 1)):
            raise Torn(f'document:{index} has gaps or another order: {document["log"][-5:]}')
        return same([document['n'], document['deep'][0]['n'], len(document['log'])], f'document:{index}')


class Typed(Law):
    """A nested value that came as RESP3 types; some of it is nothing that JSON has."""
    name = 'SET of typed values'
    needs = 'JSON.GET'

    def act(self, connection, worker, dice, now):
        track = self.tracks[worker]
        number = track.send()
        key = b'typed:%d' % worker
        connection.send_raw(b'*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n%%3\r\n+n\r\n:%d\r\n+set\r\n~2\r\n:%d\r\n_\r\n+bytes\r\n$2\r\n\xff\xfe\r\n'
                            % (len(key), key, number, number))
        check([connection.read()])
        track.ack(now(), number)

    def look(self, connection, index):
        text = connection.call('GET', f'typed:{index}')
        if not isinstance(text, bytes):
            return 0
        value = json.loads(text)
        if value['bytes'] != 'data:;base64,//4=' or value['set'][1] is not None:
            raise Torn(f'typed:{index}: {value}')
        return same([value['n'], value['set'][0]], f'typed:{index}')


LAWS = (Register, Pipeline, Push, Mset, Transaction, Script, Transfer, Jobs, Shared, Journal, Json, Typed)
