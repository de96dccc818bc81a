// SPDX-License-Identifier: Apache-2.0
/*
 * A disk that is slow, can fail for a while and can lose power, preloaded into a daemon (LD_PRELOAD). It looks only at files whose path starts
 * with NV_DISK_PATH.
 *   NV_DISK_SYNC_MS     fsync and fdatasync take this many milliseconds longer
 *   NV_DISK_COUNT_FILE  holds the number of syncs so far, 8 bytes in the machine's order
 *   NV_DISK_POWER_FIFO  opening this FIFO for writing is the power cut: every write since the file's last sync is
 *                       undone, newest first, and the process ends at once
 *   NV_DISK_FAIL_FILE   holds three bytes, for reads, writes and syncs: while one is not 0, each of those fails with EIO
 *   NV_DISK_LIES        syncs say yes and keep nothing: shows that the test would notice
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct undo {
    struct undo *older;
    dev_t dev;
    ino_t ino;
    int fd;
    off_t size;  /* the file's size before */
    off_t at;
    size_t length;
    char before[];
};

/*
 * A descriptor of our own on each file that was written. It must not be closed while SQLite holds POSIX locks on the file,
 * so there is one for good; as long as it is open, no other file gets the number.
 */
static struct { dev_t dev; ino_t ino; int fd; } own[64];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct undo *newest;
static volatile uint64_t *count;

enum { READS, WRITES, SYNCS };
static volatile uint8_t *failing;

/* Whether an operation on a file that is watched fails now; errno is set then. */
static int fails(int kind) {
    if (!failing || !failing[kind]) return 0;
    errno = EIO;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int watched(int fd, char *path, struct stat *st) {
    char link[64];
    const char *prefix = getenv("NV_DISK_PATH");
    if (!prefix || fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) return 0;
    char *end = stpcpy(link, "/proc/self/fd/");
    char digits[16];
    int n = 0;
    do digits[n++] = (char)('0' + fd % 10);
    while (fd /= 10);
    while (n) *end++ = digits[--n];
    *end = 0;
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* Also when the process has as many descriptors as it may: this one is the test's, not the program's. */
static int open_beyond_limit(const char *path) {
    struct rlimit before;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 || errno != EMFILE || getrlimit(RLIMIT_NOFILE, &before) < 0) return fd;
    struct rlimit wide = {.rlim_cur = before.rlim_max, .rlim_max = before.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &wide) < 0) return -1;
    fd = open(path, O_RDWR | O_CLOEXEC);
    setrlimit(RLIMIT_NOFILE, &before);
    return fd;
}

static int own_descriptor(const char *path, const struct stat *st) {
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (own[i].fd > 0 && own[i].dev == st->st_dev && own[i].ino == st->st_ino) return own[i].fd;
        if (own[i].fd > 0) continue;
        own[i].dev = st->st_dev;
        own[i].ino = st->st_ino;
        own[i].fd = open_beyond_limit(path);
        if (own[i].fd > 0) return own[i].fd;
        break;
    }
    perror("disk.so: no descriptor for what a power cut undoes");
    abort();
}

/* Remembers what a write or truncation of `length` bytes at `at` is about to replace. Called with the lock held. */
static void remember(const char *path, const struct stat *st, off_t at, size_t length) {
    size_t kept = at >= st->st_size ? 0 : (size_t)(st->st_size - at) < length ? (size_t)(st->st_size - at) : length;
    struct undo *u = malloc(sizeof *u + kept);
    if (!u) abort();
    *u = (struct undo){.older = newest, .dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .at = at, .length = kept};
    u->fd = own_descriptor(path, st);
    if (pread(u->fd, u->before, kept, at) != (ssize_t)kept) abort();
    newest = u;
}

static ssize_t logged_write(int fd, const void *data, size_t size, off_t at, ssize_t (*write_at)(int, const void *, size_t, off_t)) {
    char path[PATH_MAX];
    struct stat st;
    if (!watched(fd, path, &st)) return write_at(fd, data, size, at);
    if (fails(WRITES)) return -1;
    pthread_mutex_lock(&lock);
    remember(path, &st, at, size);
    ssize_t n = write_at(fd, data, size, at);
    pthread_mutex_unlock(&lock);
    return n;
}

static ssize_t read_or_fail(int fd, void *data, size_t size, off_t at, ssize_t (*read_at)(int, void *, size_t, off_t)) {
    char path[PATH_MAX];
    struct stat st;
    if (failing && failing[READS] && watched(fd, path, &st) && fails(READS)) return -1;
    return read_at(fd, data, size, at);
}

ssize_t pread(int fd, void *data, size_t size, off_t at) { return read_or_fail(fd, data, size, at, NEXT(pread)); }
ssize_t pread64(int fd, void *data, size_t size, off_t at) { return read_or_fail(fd, data, size, at, NEXT(pread64)); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return logged_write(fd, data, size, at, NEXT(pwrite)); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return logged_write(fd, data, size, at, NEXT(pwrite64)); }

static int logged_truncate(int fd, off_t size, int (*truncate_to)(int, off_t)) {
    char path[PATH_MAX];
    struct stat st;
    if (!watched(fd, path, &st)) return truncate_to(fd, size);
    if (fails(WRITES)) return -1;
    pthread_mutex_lock(&lock);
    if (size < st.st_size) remember(path, &st, size, (size_t)(st.st_size - size));
    else remember(path, &st, st.st_size, 0);
    int rc = truncate_to(fd, size);
    pthread_mutex_unlock(&lock);
    return rc;
}

int ftruncate(int fd, off_t size) { return logged_truncate(fd, size, NEXT(ftruncate)); }
int ftruncate64(int fd, off_t size) { return logged_truncate(fd, size, NEXT(ftruncate64)); }

static int logged_sync(int fd, int (*sync_now)(int)) {
    char path[PATH_MAX];
    struct stat st;
    if (!watched(fd, path, &st)) return sync_now(fd);
    const char *ms = getenv("NV_DISK_SYNC_MS");
    if (ms) {
        struct timespec pause = {.tv_sec = atoi(ms) / 1000, .tv_nsec = atoi(ms) % 1000 * 1000000L};
        nanosleep(&pause, NULL);
    }
    pthread_mutex_lock(&lock);
    if (count) ++*count;
    int rc = fails(SYNCS) ? -1 : sync_now(fd);
    if (rc == 0 && !getenv("NV_DISK_LIES")) {
        for (struct undo **p = &newest; *p;) {
            if ((*p)->dev == st.st_dev && (*p)->ino == st.st_ino) *p = (*p)->older; /* leaked: the test is short */
            else p = &(*p)->older;
        }
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

int fsync(int fd) { return logged_sync(fd, NEXT(fsync)); }
int fdatasync(int fd) { return logged_sync(fd, NEXT(fdatasync)); }

static void *wait_for_power_cut(void *fifo) {
    if (open(fifo, O_RDONLY | O_CLOEXEC) < 0) abort(); /* returns when the test opens the other end */
    pthread_mutex_lock(&lock);                         /* for good: nobody writes any more */
    for (struct undo *u = newest; u; u = u->older) {
        if (u->length && NEXT(pwrite64)(u->fd, u->before, u->length, u->at) != (ssize_t)u->length) abort();
        if (NEXT(ftruncate64)(u->fd, u->size) < 0) abort();
    }
    _exit(99);
}

static void *map(const char *file, off_t size) {
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || NEXT(ftruncate)(fd, size) < 0) abort();
    void *at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) abort();
    return at;
}

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("NV_DISK_COUNT_FILE");
    const char *fail = getenv("NV_DISK_FAIL_FILE");
    char *fifo = getenv("NV_DISK_POWER_FIFO");
    if (file) count = map(file, 8);
    if (fail) failing = map(fail, 3);
    pthread_t thread;
    if (fifo && pthread_create(&thread, NULL, wait_for_power_cut, fifo) != 0) abort();
}
