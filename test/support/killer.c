// SPDX-License-Identifier: Apache-2.0
/*
 * Ends the process with SIGKILL at a chosen step of its work on files, preloaded into it (LD_PRELOAD). Steps are the calls
 * that change a file, a directory, or what of them is on the disk, on paths that start with NV_KILL_PATH.
 *   NV_KILL_AT          the process ends before this step, counted from 1; 0: it goes on to its end
 *   NV_KILL_COUNT_FILE  holds the number of steps begun so far, 8 bytes in the machine's order
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t *count;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void step_path(const char *path) {
    const char *prefix = getenv("NV_KILL_PATH");
    const char *at = getenv("NV_KILL_AT");
    if (!count || !prefix || strncmp(path, prefix, strlen(prefix)) != 0) return;
    if (++*count == strtoull(at ? at : "0", NULL, 10)) kill(getpid(), SIGKILL);
}

static void step_fd(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    step_path(path);
}

static int made(const char *path, int flags, mode_t mode, int (*open_it)(const char *, int, ...)) {
    if (flags & (O_CREAT | O_TRUNC)) step_path(path);
    return open_it(path, flags, mode);
}

#define OPEN(name)                                      \
    int name(const char *path, int flags, ...) {        \
        va_list rest;                                   \
        va_start(rest, flags);                          \
        mode_t mode = va_arg(rest, mode_t);             \
        va_end(rest);                                   \
        return made(path, flags, mode, NEXT(name));     \
    }
OPEN(open)
OPEN(open64)

#define WRITE_AT(name)                                                    \
    ssize_t name(int fd, const void *data, size_t size, off_t at) {       \
        step_fd(fd);                                                      \
        return NEXT(name)(fd, data, size, at);                            \
    }
WRITE_AT(pwrite)
WRITE_AT(pwrite64)

ssize_t write(int fd, const void *data, size_t size) {
    step_fd(fd);
    return NEXT(write)(fd, data, size);
}

#define TRUNCATE(name)                 \
    int name(int fd, off_t size) {     \
        step_fd(fd);                   \
        return NEXT(name)(fd, size);   \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name)                \
    int name(int fd) {            \
        step_fd(fd);              \
        return NEXT(name)(fd);    \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TWO_PATHS(name)                               \
    int name(const char *from, const char *to) {      \
        step_path(to);                                \
        return NEXT(name)(from, to);                  \
    }
TWO_PATHS(rename)
TWO_PATHS(link)

#define ONE_PATH(name)                \
    int name(const char *path) {      \
        step_path(path);              \
        return NEXT(name)(path);      \
    }
ONE_PATH(unlink)
ONE_PATH(remove)

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("NV_KILL_COUNT_FILE");
    if (!file) return;
    int fd = NEXT(open)(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || NEXT(ftruncate)(fd, 8) < 0) abort();
    void *at = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) abort();
    count = at;
    *count = 0;
}
