"""A power failure for a killed process: its files are cut back to the bytes that were synced (tests/crash/disk.c).

What this does not do: names stay as they are, and no unsynced byte survives. The unit tests' disk in memory covers those
(src/io/faulty_file_system.h).
"""
import os
import struct

RECORD = struct.Struct('<QQ')


class Disk:
    def __init__(self, library, ledger):
        self.library, self.ledger = os.path.abspath(library), ledger

    def environment(self):
        # Comparing servers, as the rigs do, needs one collation.
        return {**os.environ, 'LC_ALL': 'C', 'LD_PRELOAD': self.library, 'CRASH_DISK_LEDGER': self.ledger}

    def synced_bytes(self):
        """By inode."""
        with open(self.ledger, 'rb') as file:
            return {inode: size for inode, size in RECORD.iter_unpack(file.read()) if inode}

    def fail(self, directory):
        """Cuts every file of the server's; returns how many bytes that took."""
        synced, cut = self.synced_bytes(), 0
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
        return cut
