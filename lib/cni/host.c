/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the bytecode of cmd/nv-ipam.ts; system calls, nothing is parsed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "host.h"
/* A call needs under 1 MB. The most wasteful 1 MiB of JSON must fit, or end as a CNI error. */
#define MEMORY_LIMIT (64u << 20)
#define STACK_LIMIT (512u << 10)
#define INPUT_LIMIT (1 << 20)
#define LOG_LIMIT (100l << 20)
#define OLD_LOGS 5

extern const uint8_t plugin[];
extern const uint32_t plugin_size;

static double script_end = 0; /* 0: no limit yet */

double clock_ms(clockid_t id) {
    struct timespec ts;
    clock_gettime(id, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

int wait_for(int fd, short events, double deadline) {
    for (;;) {
        struct pollfd pfd = {.fd = fd, .events = events};
        double left = deadline - clock_ms(CLOCK_MONOTONIC);
        int rc = poll(&pfd, 1, left < 0 ? 0 : left > 1e9 ? 1000000000 : (int)left + 1);
        if (rc > 0 || (rc == 0 && clock_ms(CLOCK_MONOTONIC) >= deadline)) return rc;
        if (rc < 0 && errno != EINTR) return rc;
    }
}

/* Waits where fd is somebody's non-blocking pipe; only for stdout and stderr. */
static bool write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EAGAIN && fd <= 2 && wait_for(fd, POLLOUT, script_end > 0 ? script_end : 1e15) > 0) continue;
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) data += n, size -= (size_t)n;
    }
    return true;
}

/* The whole of fd as a string; null when it is longer than limit. Waits where stdin is somebody's non-blocking pipe. */
static JSValue read_all(JSContext *ctx, int fd, size_t limit, const char *what) {
    static char data[INPUT_LIMIT + 1]; /* its pages are taken when they are written */
    size_t size = 0;
    ssize_t n = 1;
    if (limit > INPUT_LIMIT) return JS_ThrowInternalError(ctx, "no more than %d bytes can be read", INPUT_LIMIT);
    while (n != 0 && size <= limit) {
        n = read(fd, data + size, limit + 1 - size);
        bool is_late = n < 0 && errno == EAGAIN && fd == STDIN_FILENO && wait_for(fd, POLLIN, 1e15) > 0;
        if (n < 0 && errno != EINTR && !is_late) break;
        if (n > 0) size += (size_t)n;
    }
    JSValue text = n < 0          ? JS_ThrowInternalError(ctx, "%s: %s", what, reason(errno))
                   : size > limit ? JS_NULL
                                  : JS_NewStringLen(ctx, data, size);
    return text;
}

static HOST(host_env) {
    TEXT(name, size, argv[0]);
    const char *value = getenv(name);
    JS_FreeCString(ctx, name);
    return JS_NewString(ctx, value ? value : "");
}

static HOST(host_read_stdin) {
    NUMBER(limit, argv[0]);
    return read_all(ctx, 0, (size_t)limit, "error reading from stdin");
}

static HOST(host_read_file) {
    NUMBER(limit, argv[1]);
    TEXT(path, size, argv[0]);
    JSValue text = JS_UNDEFINED;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold the call up */
    if (fd >= 0) text = read_all(ctx, fd, (size_t)limit, path);
    else if (errno != ENOENT) text = JS_ThrowInternalError(ctx, "open %s: %s", path, reason(errno));
    if (fd >= 0) close(fd);
    JS_FreeCString(ctx, path);
    return text;
}

static int open_log(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644);
}

/* Renames PATH to PATH.1, PATH.1 to PATH.2 and so on. Only the holder of the lock of the file that PATH names may do so;
   everybody else goes on appending to the file it has open, which loses nothing. */
static int rotate_log(const char *path, int fd) {
    struct stat own, now;
    char from[4096], to[4096];
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &own) < 0) return fd;
    bool current = lstat(path, &now) == 0 && own.st_ino == now.st_ino && own.st_dev == now.st_dev;
    for (int i = OLD_LOGS - 1; i >= 0 && current; i--) {
        snprintf(from, sizeof from, i > 0 ? "%s.%d" : "%s", path, i);
        snprintf(to, sizeof to, "%s.%d", path, i + 1);
        rename(from, to);
    }
    int fresh = open_log(path);
    if (fresh < 0) return fd;
    close(fd);
    return fresh;
}

static HOST(host_append_log) { /* undefined, or why the text could not be written */
    struct stat st;
    TEXT(text, size, argv[1]);
    const char *path = JS_ToCString(ctx, argv[0]);
    JSValue result = path ? JS_UNDEFINED : JS_EXCEPTION;
    int fd = path ? open_log(path) : -1;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size + (off_t)size > LOG_LIMIT) fd = rotate_log(path, fd);
    if (path && (fd < 0 || !write_all(fd, text, size))) result = JS_NewString(ctx, reason(errno));
    if (fd >= 0) close(fd);
    JS_FreeCString(ctx, path);
    JS_FreeCString(ctx, text);
    return result;
}

static HOST(host_write_stderr) {
    TEXT(text, size, argv[0]);
    write_all(2, text, size);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

static HOST(host_same_file) {
    struct stat st[2];
    for (int i = 0; i < 2; i++) {
        TEXT(path, size, argv[i]);
        int rc = stat(path, &st[i]);
        JS_FreeCString(ctx, path);
        if (rc < 0) return JS_FALSE;
    }
    return JS_NewBool(ctx, st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino);
}

static HOST(host_clock) { return JS_NewFloat64(ctx, clock_ms(JS_ToBool(ctx, argv[0]) ? CLOCK_MONOTONIC : CLOCK_REALTIME)); }

static HOST(host_reason) {
    NUMBER(error, argv[0]);
    return JS_NewString(ctx, reason((int)error));
}

static HOST(host_limit_script) { return JS_ToFloat64(ctx, &script_end, argv[0]) ? JS_EXCEPTION : JS_UNDEFINED; }

static int is_over(JSRuntime *rt, void *opaque) {
    return script_end > 0 && clock_ms(CLOCK_MONOTONIC) > script_end;
}

static HOST(host_sleep_until) {
    NUMBER(deadline, argv[0]);
    wait_for(-1, 0, deadline);
    return JS_UNDEFINED;
}

/* (code, stdout): ends the process; with 1 when stdout cannot be written, so that the caller does not take it for done. */
static HOST(host_exit) {
    NUMBER(code, argv[0]);
    TEXT(text, size, argv[1]);
    _exit(write_all(1, text, size) ? (int)code : 1);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("env", 1, host_env),
    JS_CFUNC_DEF("readStdin", 1, host_read_stdin),
    JS_CFUNC_DEF("readFile", 2, host_read_file),
    JS_CFUNC_DEF("appendLog", 2, host_append_log),
    JS_CFUNC_DEF("writeStderr", 1, host_write_stderr),
    JS_CFUNC_DEF("sameFile", 2, host_same_file),
    JS_CFUNC_DEF("clockMs", 1, host_clock),
    JS_CFUNC_DEF("reason", 1, host_reason),
    JS_CFUNC_DEF("limitScript", 1, host_limit_script),
    JS_CFUNC_DEF("sleepUntil", 1, host_sleep_until),
    JS_CFUNC_DEF("connect", 2, host_connect),
    JS_CFUNC_DEF("send", 2, host_send),
    JS_CFUNC_DEF("receive", 1, host_receive),
    JS_CFUNC_DEF("exit", 2, host_exit),
};

static const char late[] = "{\n    \"cniVersion\": \"1.1.0\",\n    \"code\": 11,\n    \"msg\": \"grpc call failed: rpc error: code = DeadlineExceeded desc = context deadline exceeded\"\n}";
static const char broken[] = "{\n    \"cniVersion\": \"1.1.0\",\n    \"code\": 999,\n    \"msg\": \"internal error of the plugin, see its stderr\"\n}";

/* A closed stdout must not become the socket. Without /dev/null or a free descriptor: only where nothing needs to be filled. */
static void fill_standard_descriptors(void) {
    int last;
    do last = open("/dev/null", O_RDONLY | O_CLOEXEC); while (last >= 0 && last <= STDERR_FILENO);
    for (int fd = 0; last < 0 && fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) _exit(1);
}

int main(void) {
    umask(022); /* the log is for everybody to read, whatever the runtime's umask */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log beyond the limit of RLIMIT_FSIZE is one that cannot be written, no end of the call */
    fill_standard_descriptors();
    JSRuntime *rt = JS_NewRuntime2(&engine_memory, NULL);
    JSContext *ctx = rt ? JS_NewContextRaw(rt) : NULL;
    if (ctx) {
        JS_SetMemoryLimit(rt, MEMORY_LIMIT);
        JS_SetMaxStackSize(rt, STACK_LIMIT);
        JS_SetInterruptHandler(rt, is_over, NULL);
        JS_SetGCThreshold(rt, MEMORY_LIMIT); /* cycles are not worth a search in a process that ends at once */
        /* No Eval intrinsic: the executable has no JavaScript compiler. */
        JS_AddIntrinsicBaseObjects(ctx);
        JS_AddIntrinsicDate(ctx);
        JS_AddIntrinsicRegExp(ctx);
        JS_AddIntrinsicJSON(ctx);
        JS_AddIntrinsicTypedArrays(ctx);
        JSValue global = JS_GetGlobalObject(ctx), host = JS_NewObject(ctx);
        JS_SetPropertyFunctionList(ctx, host, functions, sizeof functions / sizeof *functions);
        JS_SetPropertyStr(ctx, global, "host", host);
        JSValue script = JS_ReadObject(ctx, plugin, plugin_size, JS_READ_OBJ_BYTECODE);
        if (!JS_IsException(script)) JS_EvalFunction(ctx, script);
        /* The script ends in exit(), so it was stopped: by its limits, or by a mistake in it. */
        JSValue thrown = JS_GetException(ctx);
        const char *error = JS_IsNull(thrown) ? NULL : JS_ToCString(ctx, thrown); /* no memory: nothing is thrown */
        dprintf(2, "nv-ipam: %s\n", error ? error : "out of memory");
    }
    bool over = is_over(rt, NULL);
    write_all(1, over ? late : broken, strlen(over ? late : broken));
    _exit(1);
}
