// SPDX-License-Identifier: Apache-2.0
/*
 * call-runner PLUGIN: runs the plugin as a container runtime does, as many at a time as it is asked for. Measured from
 * here, because a large process starts children slowly and hears late of their end.
 *   asked, a line on stdin:    ID TAB COMMAND TAB CONTAINER TAB IFNAME TAB CNI_ARGS TAB CONFIGURATION
 *   answered, a line on stdout: ID TAB STATUS TAB NANOSECONDS TAB WAITED TAB OUTPUT
 * STATUS: exit status, or minus the signal. WAITED: how many of the nanoseconds the process, or this one which measures,
 * was ready to run and had no processor. Line breaks of the output become spaces. Ends when its stdin does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ID, COMMAND, CONTAINER, IFNAME, ARGS, CONF, FIELDS };

static const char *plugin;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Of a schedstat of proc(5); 0 where the kernel does not count, or the thread is not there any more. */
static long long waited_ns(const char *path) {
    long long ran, waited = 0;
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    if (fscanf(file, "%lld %lld", &ran, &waited) != 2) waited = 0;
    fclose(file);
    return waited;
}

static char *variable(const char *name, const char *value) {
    char *text;
    if (asprintf(&text, "%s=%s", name, value) < 0) abort();
    return text;
}

/* The configuration fits into the pipe, so nobody has to write while the plugin runs. */
static pid_t start(char **field, int *from) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) abort();
    size_t length = strlen(field[CONF]);
    if (length > 60000 || write(in[1], field[CONF], length) != (ssize_t)length) abort();
    close(in[1]);
    char *env[] = {variable("CNI_COMMAND", field[COMMAND]), variable("CNI_CONTAINERID", field[CONTAINER]),
                   variable("CNI_IFNAME", field[IFNAME]), variable("CNI_ARGS", field[ARGS]),
                   "CNI_NETNS=/run/netns/nv-ipam-torture-none", "CNI_PATH=/opt/cni/bin", NULL};
    char *argv[] = {(char *)plugin, NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0) _exit(127);
        execve(plugin, argv, env);
        _exit(127);
    }
    if (pid < 0) abort();
    for (int i = 0; i < 4; i++) free(env[i]);
    close(in[0]);
    close(out[1]);
    *from = out[0];
    return pid;
}

static void *call(void *line) {
    char *field[FIELDS], *rest = line, text[65536];
    for (int i = 0; i < FIELDS; i++)
        if (!(field[i] = strsep(&rest, "\t\n"))) abort();
    int from, status;
    long long own = waited_ns("/proc/thread-self/schedstat");
    int64_t began = now_ns();
    pid_t pid = start(field, &from);
    size_t size = 0;
    for (ssize_t n; size < sizeof text && (n = read(from, text + size, sizeof text - size)) > 0;) size += (size_t)n;
    close(from);
    siginfo_t info;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0) abort();
    int64_t took = now_ns() - began;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/schedstat", pid); /* it has ended and is not reaped yet */
    long long waited = waited_ns(path) + waited_ns("/proc/thread-self/schedstat") - own;
    if (waitpid(pid, &status, 0) < 0) abort();
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n' || text[i] == '\t') text[i] = ' ';
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    pthread_mutex_lock(&output);
    printf("%s\t%d\t%lld\t%lld\t%.*s\n", field[ID], code, (long long)took, waited, (int)size, text);
    fflush(stdout);
    pthread_mutex_unlock(&output);
    free(line);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: call-runner PLUGIN\n"), 2;
    plugin = argv[1];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    for (;;) {
        char *line = NULL;
        size_t size = 0;
        pthread_t thread;
        if (getline(&line, &size, stdin) < 0) return 0;
        if (pthread_create(&thread, &attributes, call, line) != 0) abort();
    }
}
