/* A preloaded library that remembers, for each file, how many of its bytes were synced, so that tests/crash can cut a killed
 * server's files back to what a power failure would have left.
 *
 *   CRASH_DISK_LEDGER   a file of kSlots records {inode, synced bytes}, both 64 bits; slot = inode modulo kSlots, then on;
 *                       behind them kWrites records {inode, offset, bytes} of writes within a file that were to be on the disk when
 *                       they returned, and have not returned
 *
 * A sync that works records the size that the file had when the call began; truncation takes the record down with it.
 * The ledger is shared memory over a file: it survives the death of the process, which is the point.
 * Threads: any. A slot is claimed by compare-and-swap and its size only ever raised by a sync, so two syncs of one file
 * leave the larger. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kSlots = 4096, kWrites = 64 };
struct Record {
  _Atomic uint64_t inode;
  _Atomic uint64_t synced;
};
struct Write {
  _Atomic uint64_t inode;
  _Atomic uint64_t offset;
  _Atomic uint64_t bytes;
};
static struct Record* ledger;
static struct Write* writes;
enum { kLedgerBytes = kSlots * sizeof(struct Record) + kWrites * sizeof(struct Write) };

__attribute__((constructor)) static void Open(void) {
  const char* path = getenv("CRASH_DISK_LEDGER");
  int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return;
  if (ftruncate(fd, kLedgerBytes) == 0) {
    void* at = mmap(NULL, kLedgerBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) ledger = at;
    if (ledger) writes = (struct Write*)(ledger + kSlots);
  }
  close(fd);
}

static struct Record* Find(uint64_t inode) {
  for (uint64_t i = 0; ledger && i < kSlots; ++i) {
    struct Record* record = &ledger[(inode + i) % kSlots];
    uint64_t expected = 0;
    if (atomic_load(&record->inode) == inode || atomic_compare_exchange_strong(&record->inode, &expected, inode) ||
        expected == inode) {
      return record;
    }
  }
  return NULL;
}

static int Sync(int fd, const char* name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct stat before;
  int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  int result = real(fd);
  struct Record* record = known && result == 0 ? Find(before.st_ino) : NULL;
  if (record) {
    uint64_t old = atomic_load(&record->synced);
    while (old < (uint64_t)before.st_size && !atomic_compare_exchange_weak(&record->synced, &old, before.st_size)) {
    }
  }
  return result;
}

int fsync(int fd) { return Sync(fd, "fsync"); }
int fdatasync(int fd) { return Sync(fd, "fdatasync"); }

ssize_t pwritev2(int fd, const struct iovec* pieces, int count, off_t offset, int flags) {
  ssize_t (*real)(int, const struct iovec*, int, off_t, int) =
      (ssize_t(*)(int, const struct iovec*, int, off_t, int))dlsym(RTLD_NEXT, "pwritev2");
  struct stat info;
  struct Write* mine = NULL;
  if (writes && (flags & RWF_DSYNC) && fstat(fd, &info) == 0) {
    for (int i = 0; i < kWrites && !mine; ++i) {
      uint64_t expected = 0;
      /* One that was killed on its way here has claimed the slot and not said where: it has written nothing. */
      if (atomic_compare_exchange_strong(&writes[i].inode, &expected, info.st_ino)) mine = &writes[i];
    }
  }
  if (mine) {
    uint64_t bytes = 0;
    for (int i = 0; i < count; ++i) bytes += pieces[i].iov_len;
    atomic_store(&mine->offset, (uint64_t)offset);
    atomic_store(&mine->bytes, bytes);
  }
  ssize_t result = real(fd, pieces, count, offset, flags);
  if (mine) {
    atomic_store(&mine->bytes, 0);
    atomic_store(&mine->inode, 0);
  }
  return result;
}

/* Bytes beyond the cut are new ones when they come again. */
static void Cut(int fd, int64_t size) {
  struct stat info;
  struct Record* record = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? Find(info.st_ino) : NULL;
  if (record && atomic_load(&record->synced) > (uint64_t)size) atomic_store(&record->synced, (uint64_t)size);
}

int ftruncate64(int fd, int64_t size) {
  int (*real)(int, int64_t) = (int (*)(int, int64_t))dlsym(RTLD_NEXT, "ftruncate64");
  int result = real(fd, size);
  if (result == 0) Cut(fd, size);
  return result;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
