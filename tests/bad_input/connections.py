"""Clients that behave badly: slow, half-closed, silent, too many, and a server without file descriptors."""
import os
import resource
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support import resp  # noqa: E402
from support.servers import Server  # noqa: E402

MIB = 1 << 20


def until(condition, seconds=10.0, what='condition'):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f'{what}: not within {seconds} s'
        time.sleep(0.02)


def info(connection, section, field):
    text = connection.call('INFO', section)
    text = text if isinstance(text, bytes) else text.value
    for line in text.splitlines():
        if line.startswith(field.encode() + b':'):
            return line.split(b':', 1)[1]
    raise AssertionError(f'INFO {section} has no {field}')


def raw(server):
    return socket.create_connection(('127.0.0.1', server.port), timeout=10)


def slow_loris(server):
    """A hundred clients that send a byte now and then delay nobody."""
    request = resp.encode([b'SET', b'loris', b'x' * 50])
    clients = [raw(server) for _ in range(100)]
    other, worst = server.connect(), 0.0
    for byte in request:
        for client in clients:
            client.sendall(bytes([byte]))
        began = time.monotonic()
        assert other.call('PING') == resp.Tagged('+', b'PONG')
        worst = max(worst, time.monotonic() - began)
    for client in clients:
        assert client.recv(100) == b'+OK\r\n'
        client.close()
    assert worst < 2, f'a PING took {worst:.2f} s'


def announced_but_not_sent(server):
    """Sizes that are announced cost nothing until the bytes come."""
    before = server.rss_bytes()
    clients = []
    for announcement in (b'*1000000\r\n', b'*1000000\r\n$3\r\nSET\r\n', b'*2\r\n$4\r\nECHO\r\n$536870912\r\n', b'*2\r\n$4\r\nECHO\r\n$100000000\r\nabc'):
        for _ in range(50):
            client = raw(server)
            client.sendall(announcement)
            clients.append(client)
    time.sleep(0.5)
    assert server.responsive()
    grown = (server.rss_bytes() - before) / MIB
    for client in clients:
        client.close()
    assert grown < 64, f'200 announcements cost {grown:.0f} MiB'


def half_closed(server):
    """Commands sent before the client shut its side down are answered, then the server closes too."""
    client = raw(server)
    client.sendall(b'SET half 1\r\nGET half\r\n')
    client.shutdown(socket.SHUT_WR)
    answer = b''
    while got := client.recv(4096):
        answer += got
    assert answer == b'+OK\r\n$1\r\n1\r\n', repr(answer)


def half_closed_while_blocked(server):
    """A blocked client that goes away takes nothing from the list."""
    admin = server.connect()
    for leave in ('shutdown', 'close', 'reset'):
        client = raw(server)
        client.sendall(b'BLPOP bad:blocked 0\r\n')
        until(lambda: info(admin, 'clients', 'blocked_clients') != b'0', what='blocked')
        if leave == 'shutdown':
            client.shutdown(socket.SHUT_WR)
        elif leave == 'reset':
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            client.close()
        else:
            client.close()
        until(lambda: info(admin, 'clients', 'blocked_clients') == b'0', what=f'unblocked after {leave}')
        client.close()
        assert admin.call('RPUSH', 'bad:blocked', 'v') == 1
        assert admin.call('LPOP', 'bad:blocked') == b'v', f'element lost to a client gone by {leave}'


def never_reads(server):
    """A client that asks for much and reads nothing is cut off at its output limit; memory stays bounded."""
    admin = server.connect()
    assert admin.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 16mb 0 0') == resp.Tagged('+', b'OK')
    admin.call('SET', 'bad:large', b'x' * MIB)
    before = server.rss_bytes()
    client = raw(server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.settimeout(5)
    try:
        for _ in range(4):
            client.sendall(b'GET bad:large\r\n' * 100)
            time.sleep(0.1)
    except OSError:
        pass
    admin.call('CLIENT', 'SETNAME', 'admin')

    def gone():
        listed = admin.call('CLIENT', 'LIST')
        return (listed if isinstance(listed, bytes) else listed.value).count(b'id=') == 1
    until(gone, what='the client that never reads is closed')
    grown = (server.rss_bytes() - before) / MIB
    client.close()
    admin.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0')
    admin.call('DEL', 'bad:large')
    assert grown < 200, f'{grown:.0f} MiB more'


def subscriber_never_reads(server):
    admin = server.connect()
    admin.call('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 8mb 0 0')
    client = raw(server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.sendall(b'SUBSCRIBE bad:channel\r\n')
    until(lambda: admin.call('PUBSUB', 'NUMSUB', 'bad:channel')[1] == 1, what='subscribed')
    for _ in range(40):
        admin.call('PUBLISH', 'bad:channel', b'x' * MIB)
    until(lambda: admin.call('PUBSUB', 'NUMSUB', 'bad:channel')[1] == 0, what='subscriber closed')
    admin.call('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 32mb 8mb 60')
    client.close()


def query_buffer_limit(server):
    admin = server.connect()
    assert admin.call('CONFIG', 'SET', 'client-query-buffer-limit', '2mb') == resp.Tagged('+', b'OK')
    client = raw(server)
    closed = False
    try:
        client.sendall(b'*2\r\n$4\r\nECHO\r\n$8000000\r\n' + b'x' * 7000000)
        closed = client.recv(100) == b''
    except OSError:
        closed = True
    client.close()
    admin.call('CONFIG', 'SET', 'client-query-buffer-limit', '1gb')
    assert closed, 'still open beyond client-query-buffer-limit'


def many_arguments(server):
    """A million arguments are a valid request; what they took is given back."""
    connection = server.connect(timeout=60)
    assert connection.call(*(['DEL'] + ['k'] * 1000000)) == 0
    assert connection.call('PING') == resp.Tagged('+', b'PONG')


def large_value(server):
    connection = server.connect(timeout=60)
    before = server.rss_bytes()
    value = os.urandom(1024) * (64 * 1024)
    assert connection.call('SET', 'bad:huge', value) == resp.Tagged('+', b'OK')
    for _ in range(3):
        assert connection.call('GET', 'bad:huge') == value
    peak = (server.rss_bytes() - before) / MIB
    connection.call('DEL', 'bad:huge')
    assert peak < 64 * 4.5, f'a value of 64 MiB took {peak:.0f} MiB'


def idle_timeout(binary):
    """`timeout 1` closes silent clients, also those in the middle of a request, but no subscriber and no blocked one."""
    with Server(binary, {'timeout': '1'}) as server:
        silent, partial, subscriber, blocked = (raw(server) for _ in range(4))
        partial.sendall(b'*2\r\n$4\r\nEC')
        subscriber.sendall(b'SUBSCRIBE c\r\n')
        blocked.sendall(b'BLPOP nothing 0\r\n')
        subscriber.recv(1000)
        for client in (silent, partial):
            assert client.recv(100) == b'', 'not closed'
        time.sleep(1.5)
        for client in (subscriber, blocked):
            assert not select.select([client], [], [], 0)[0], 'a waiting client was closed'


def idle_ten_thousand(binary):
    need = 10200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < need:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * need) if hard > 0 else 2 * need, hard))
    with Server(binary, {'maxclients': '11000'}) as server:
        before = server.rss_bytes()
        clients = []
        try:
            for _ in range(10000):
                clients.append(raw(server))
            admin = server.connect()
            until(lambda: int(info(admin, 'clients', 'connected_clients')) >= 10001, 30, 'all connected')
            per_client = (server.rss_bytes() - before) / 10000
            began = time.monotonic()
            for client in clients[::100]:
                client.sendall(b'PING\r\n')
                assert client.recv(100) == b'+PONG\r\n'
            took = time.monotonic() - began
            print(f'  10,000 idle connections: {per_client:.0f} bytes each, 100 PINGs in {took * 1000:.0f} ms')
            assert per_client < 24 * 1024, f'{per_client:.0f} bytes per idle connection'
            assert took < 5, f'100 PINGs among them took {took:.1f} s'
        finally:
            for client in clients:
                client.close()
        until(lambda: int(info(admin, 'clients', 'connected_clients')) == 1, 30, 'all gone')


def maxclients(binary):
    with Server(binary, {'maxclients': '20'}) as server:
        # The connection that asks is one of the twenty, and alone: those of the server's start may take a moment to go.
        clients = [server.connect()]
        until(lambda: int(info(clients[0], 'clients', 'connected_clients')) == 1, what='quiet')
        clients += [server.connect() for _ in range(19)]
        for client in clients:
            assert client.call('PING') == resp.Tagged('+', b'PONG')
        refused = raw(server)
        answer = refused.recv(1000)
        assert answer == b'-ERR max number of clients reached\r\n' and refused.recv(100) == b'', repr(answer)
        assert int(info(clients[0], 'stats', 'rejected_connections')) >= 1
        clients.pop().close()
        until(server.responsive, what='a place that became free is given away')



def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat') as stat:
        fields = stat.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def no_descriptors(binary):
    """accept() fails with EMFILE: the server neither spins nor dies, serves who is there, and recovers."""
    with Server(binary, {'maxclients': '500'}) as server:
        first = server.connect()
        pid = server.process.pid
        used = len(os.listdir(f'/proc/{pid}/fd'))
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 4, hard))
        clients = [raw(server) for _ in range(20)]
        time.sleep(0.3)
        began = cpu_seconds(pid)
        time.sleep(1)
        spent = cpu_seconds(pid) - began
        assert first.call('SET', 'still', 'here') == resp.Tagged('+', b'OK')
        for client in clients:
            client.close()
        until(server.responsive, 15, 'recovers when descriptors are free again')
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
        assert spent < 0.6, f'{spent:.2f} s of CPU in one second without descriptors'


def low_limit_at_start(binary):
    """Started where few descriptors are allowed: it starts with fewer clients, or says why not."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    with Server(binary, {'maxclients': '10000'}, preexec=limit) as server:
        allowed = int(server.connect().call('CONFIG', 'GET', 'maxclients')[1])
        assert 1 <= allowed < 128, f'maxclients {allowed} with 128 descriptors'
