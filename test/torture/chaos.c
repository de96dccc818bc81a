// SPDX-License-Identifier: Apache-2.0
/*
 * A machine that can be made to misbehave while it runs, preloaded into a daemon (LD_PRELOAD). NV_CHAOS_FILE is a file of
 * at least sizeof(struct control) bytes, shared with whoever writes into it; only files whose path starts with
 * NV_CHAOS_PATH have errors, and clocks other than the wall clock stay as they are.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    int64_t clock_offset_ms; /* added to the wall clock */
    uint32_t write_permille; /* how many of 1000 writes and truncations fail */
    uint32_t sync_permille;  /* of fsync and fdatasync; half of those that fail have synced all the same */
    uint32_t read_permille;
    uint32_t errnum;         /* with which error */
    uint64_t failed;         /* how many have failed so far */
};

static volatile struct control *control;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static uint32_t draw(void) {
    static __thread uint64_t state;
    if (state == 0) state = (uint64_t)(uintptr_t)&state ^ (uint64_t)getpid() << 32 ^ 0x9e3779b97f4a7c15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33);
}

static int watched(int fd) {
    char link[64], path[PATH_MAX];
    struct stat st;
    const char *prefix = getenv("NV_CHAOS_PATH");
    if (!prefix || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length >= (ssize_t)strlen(prefix) && strncmp(path, prefix, strlen(prefix)) == 0;
}

/* Whether this call is to fail; errno is set then. */
static int fails(int fd, uint32_t permille) {
    if (permille == 0 || draw() % 1000 >= permille || !watched(fd)) return 0;
    __atomic_fetch_add(&control->failed, 1, __ATOMIC_RELAXED);
    errno = (int)control->errnum;
    return 1;
}

#define RATE(kind) (control ? control->kind##_permille : 0)

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails(fd, RATE(write)) ? -1 : NEXT(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
    if (!fails(fd, RATE(write))) return NEXT(pwrite64)(fd, data, size, at);
    /* Some of a write that fails may have been written. */
    if (errno == EIO && draw() % 4 == 0) NEXT(pwrite64)(fd, data, size / 2, at);
    errno = (int)control->errnum;
    return -1;
}
ssize_t pread64(int fd, void *data, size_t size, off_t at) {
    return fails(fd, RATE(read)) ? -1 : NEXT(pread64)(fd, data, size, at);
}
int ftruncate64(int fd, off_t size) { return fails(fd, RATE(write)) ? -1 : NEXT(ftruncate64)(fd, size); }

static int sync_or_fail(int fd, int (*sync_now)(int)) {
    if (!fails(fd, RATE(sync))) return sync_now(fd);
    if (draw() % 2 == 0) sync_now(fd);
    errno = (int)control->errnum;
    return -1;
}
int fsync(int fd) { return sync_or_fail(fd, NEXT(fsync)); }
int fdatasync(int fd) { return sync_or_fail(fd, NEXT(fdatasync)); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static __typeof__(&clock_gettime) next;
    if (!next) next = NEXT(clock_gettime);
    int rc = next(clock, now);
    if (rc != 0 || !control || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return rc;
    int64_t ms = control->clock_offset_ms;
    now->tv_sec += ms / 1000;
    now->tv_nsec += ms % 1000 * 1000000;
    if (now->tv_nsec < 0) now->tv_sec--, now->tv_nsec += 1000000000;
    if (now->tv_nsec >= 1000000000) now->tv_sec++, now->tv_nsec -= 1000000000;
    return 0;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec ts;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) return -1;
    *now = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    return 0;
}
time_t time(time_t *at) {
    struct timespec ts;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) return -1;
    if (at) *at = ts.tv_sec;
    return ts.tv_sec;
}

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("NV_CHAOS_FILE");
    if (!file) return;
    int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) abort();
    close(fd);
    control = at;
}
