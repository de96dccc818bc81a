// SPDX-License-Identifier: Apache-2.0
/*
 * bench-calls COUNT WIDTH PREFIX CONF PROGRAM: runs PROGRAM COUNT times as a container runtime runs a CNI plugin for ADD, WIDTH at a
 * time, container IDs PREFIX-0, PREFIX-1, …; CONF is the file fed on stdin. Prints "FAILED WALL_NS MAXRSS_KB" and then the
 * duration of every call in nanoseconds, one a line.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int count, next_call, failed;
static const char *prefix, *conf, *program;
static int64_t *took;
static long max_rss;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* One whole call: start, input, output, end. True when the program succeeded. */
static int call(int i, long *rss) {
    char container[256], drain[4096];
    int out[2], status;
    struct rusage usage;
    snprintf(container, sizeof container, "CNI_CONTAINERID=%s-%d", prefix, i);
    char *env[] = {"CNI_COMMAND=ADD", container, "CNI_NETNS=/run/netns/none", "CNI_IFNAME=net1", "CNI_PATH=/opt/cni/bin",
                   "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=p;K8S_POD_NAMESPACE=default", NULL};
    char *argv[] = {(char *)program, NULL};
    if (pipe2(out, O_CLOEXEC) < 0) return 0;
    pid_t pid = vfork();
    if (pid == 0) {
        int in = open(conf, O_RDONLY);
        if (in < 0 || dup2(in, 0) < 0 || dup2(out[1], 1) < 0) _exit(127);
        execve(program, argv, env);
        _exit(127);
    }
    close(out[1]);
    while (read(out[0], drain, sizeof drain) > 0) continue;
    close(out[0]);
    if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) return 0;
    *rss = usage.ru_maxrss;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void *lane(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        int i = next_call++;
        pthread_mutex_unlock(&lock);
        if (i >= count) return NULL;
        long rss = 0;
        int64_t start = now_ns();
        int ok = call(i, &rss);
        took[i] = now_ns() - start;
        pthread_mutex_lock(&lock);
        failed += !ok;
        if (rss > max_rss) max_rss = rss;
        pthread_mutex_unlock(&lock);
    }
}

int main(int argc, char **argv) {
    if (argc != 6) return fprintf(stderr, "usage: bench-calls COUNT WIDTH PREFIX CONF PROGRAM\n"), 2;
    count = atoi(argv[1]);
    int width = atoi(argv[2]);
    prefix = argv[3], conf = argv[4], program = argv[5];
    took = calloc((size_t)count, sizeof *took);
    pthread_t *threads = calloc((size_t)width, sizeof *threads);
    if (count < 1 || width < 1 || !took || !threads) return 2;
    int64_t start = now_ns();
    for (int i = 0; i < width; i++)
        if (pthread_create(&threads[i], NULL, lane, NULL) != 0) return 2;
    for (int i = 0; i < width; i++) pthread_join(threads[i], NULL);
    printf("%d %lld %ld\n", failed, (long long)(now_ns() - start), max_rss);
    for (int i = 0; i < count; i++) printf("%lld\n", (long long)took[i]);
    return 0;
}
