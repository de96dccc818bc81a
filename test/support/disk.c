// SPDX-License-Identifier: Apache-2.0
/*
 * A disk that is slow and can lose power, preloaded into a daemon (LD_PRELOAD). It looks only at files whose path starts
 * with NV_DISK_PATH.
 *   NV_DISK_SYNC_MS     fsync and fdatasync take this many milliseconds longer
 *   NV_DISK_COUNT_FILE  holds the number of syncs so far, 8 bytes in the machine's order
 *   NV_DISK_POWER_FIFO  opening this FIFO for writing is the power cut: every write since the file's last sync is
 *                       undone, newest first, and the process ends at once
 *   NV_DISK_LIES        syncs say yes and keep nothing: shows that the test would notice
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct undo {
    struct undo *older;
    dev_t dev;
    ino_t ino;
    int fd;      /* a descriptor of our own on the file */
    off_t size;  /* the file's size before */
    off_t at;
    size_t length;
    char before[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct undo *newest;
static volatile uint64_t *count;

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

/* Remembers what a write or truncation of `length` bytes at `at` is about to replace. Called with the lock held. */
static void remember(const char *path, const struct stat *st, off_t at, size_t length) {
    size_t kept = at >= st->st_size ? 0 : (size_t)(st->st_size - at) < length ? (size_t)(st->st_size - at) : length;
    struct undo *u = malloc(sizeof *u + kept);
    if (!u) abort();
    *u = (struct undo){.older = newest, .dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .at = at, .length = kept};
    /* A descriptor of our own must not be closed while SQLite holds POSIX locks on the file: it stays open. */
    for (struct undo *o = newest; o && u->fd == 0; o = o->older)
        if (o->dev == u->dev && o->ino == u->ino) u->fd = o->fd;
    if (u->fd == 0) u->fd = open(path, O_RDWR | O_CLOEXEC);
    if (u->fd < 0 || pread(u->fd, u->before, kept, at) != (ssize_t)kept) abort();
    newest = u;
}

static ssize_t logged_write(int fd, const void *data, size_t size, off_t at, ssize_t (*write_at)(int, const void *, size_t, off_t)) {
    char path[PATH_MAX];
    struct stat st;
    if (!watched(fd, path, &st)) return write_at(fd, data, size, at);
    pthread_mutex_lock(&lock);
    remember(path, &st, at, size);
    ssize_t n = write_at(fd, data, size, at);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return logged_write(fd, data, size, at, NEXT(pwrite)); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return logged_write(fd, data, size, at, NEXT(pwrite64)); }

static int logged_truncate(int fd, off_t size, int (*truncate_to)(int, off_t)) {
    char path[PATH_MAX];
    struct stat st;
    if (!watched(fd, path, &st)) return truncate_to(fd, size);
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
    int rc = sync_now(fd);
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

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("NV_DISK_COUNT_FILE");
    char *fifo = getenv("NV_DISK_POWER_FIFO");
    if (file) {
        int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || NEXT(ftruncate)(fd, 8) < 0) abort();
        void *at = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED) abort();
        count = at;
    }
    pthread_t thread;
    if (fifo && pthread_create(&thread, NULL, wait_for_power_cut, fifo) != 0) abort();
}
