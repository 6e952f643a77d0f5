"""A power failure for a killed process: its files are cut back to the bytes that were synced (tests/crash/disk.c).

Of a batch that was on its way into room made ahead (src/persist/batch_mark.h) some pages are there, and room in the place of the
others. What this does not do: names stay as they are, and no other unsynced byte survives. The unit tests' disk in memory covers
those (src/io/faulty_file_system.h).
"""
import os
import random
import struct

RECORD = struct.Struct('<QQ')
RECORDS = 4096
WRITE = struct.Struct('<QQQ')
ROOM = b'#' + b' ' * 62 + b'\n'
PAGE_BYTES = 4096


def ends_in_room(path):
    with open(path, 'rb') as file:
        file.seek(max(0, os.path.getsize(path) - len(ROOM)))
        return file.read() == ROOM


class Disk:
    def __init__(self, library, ledger, seed=0):
        self.library, self.ledger = os.path.abspath(library), ledger
        self.dice = random.Random(seed)
        self.torn_writes = 0

    def environment(self):
        # Comparing servers, as the rigs do, needs one collation.
        return {**os.environ, 'LC_ALL': 'C', 'LD_PRELOAD': self.library, 'CRASH_DISK_LEDGER': self.ledger}

    def synced_bytes(self):
        """By inode."""
        with open(self.ledger, 'rb') as file:
            return {inode: size for inode, size in RECORD.iter_unpack(file.read(RECORD.size * RECORDS)) if inode}

    def take_writes(self):
        """Those that had not returned, as {inode: [(offset, bytes)]}; they are forgotten."""
        found = {}
        with open(self.ledger, 'r+b') as file:
            file.seek(RECORD.size * RECORDS)
            table = file.read()
            for inode, offset, size in WRITE.iter_unpack(table):
                if inode and size:
                    found.setdefault(inode, []).append((offset, size))
            file.seek(RECORD.size * RECORDS)
            file.write(bytes(len(table)))
        return found

    def tear(self, path, writes):
        """Marks and room are lines of len(ROOM) from where the room begins, so the place of a batch is that of a line."""
        with open(path, 'r+b') as file:
            for offset, size in writes:
                self.torn_writes += 1
                for page in range(offset // PAGE_BYTES, (offset + size - 1) // PAGE_BYTES + 1):
                    if self.dice.random() < 0.5:
                        continue
                    begin, end = max(offset, page * PAGE_BYTES), min(offset + size, (page + 1) * PAGE_BYTES)
                    phase = (begin - offset) % len(ROOM)
                    room = (ROOM * ((end - begin) // len(ROOM) + 2))[phase:phase + end - begin]
                    file.seek(begin)
                    file.write(room)

    def fail(self, directory):
        """Cuts every file of the server's; returns how many bytes that took."""
        synced, writes, cut = self.synced_bytes(), self.take_writes(), 0
        for folder, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(folder, name)
                # The rig's own.
                if name == 'log' or path == self.ledger:
                    continue
                info = os.stat(path)
                kept = min(synced.get(info.st_ino, 0), info.st_size)
                if kept < info.st_size:
                    os.truncate(path, kept)
                    cut += info.st_size - kept
                self.tear(path, [write for write in writes.get(info.st_ino, ()) if sum(write) <= kept])
        return cut
