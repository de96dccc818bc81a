/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to the daemon. What goes out comes as octets: a string with one character for each byte. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "host.h"

static int sock = -1;

/* The bytes of octets, that is of characters below 256, which are one or two bytes of UTF-8. js_free them. */
static uint8_t *octets(JSContext *ctx, size_t *size, JSValueConst value) {
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, value);
    uint8_t *bytes = text ? js_malloc(ctx, length + 1) : NULL;
    *size = 0;
    for (size_t i = 0; bytes && i < length; i++) {
        uint8_t first = (uint8_t)text[i];
        bytes[(*size)++] = first < 0x80 ? first : (uint8_t)(first << 6 | (text[++i] & 0x3f));
    }
    JS_FreeCString(ctx, text);
    return bytes;
}

/* 0 or errno. */
static int connect_to(const struct sockaddr *to, socklen_t size, double deadline) {
    bool local = to->sa_family == AF_UNIX;
    sock = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | (local ? 0 : SOCK_NONBLOCK), 0);
    if (sock < 0) return errno;
    for (;;) {
        /* While a Unix listener's queue is full connect() can only wait, not be polled; SO_SNDTIMEO bounds that. */
        double left = deadline - clock_ms(CLOCK_MONOTONIC);
        if (left < 1) left = 1;
        struct timeval wait = {.tv_sec = (time_t)(left / 1e3), .tv_usec = (suseconds_t)((long)left % 1000 * 1000)};
        if (local && setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) < 0) return errno;
        if (connect(sock, to, size) == 0) return 0;
        if (errno != EINTR || !local) break;
    }
    if (errno == EAGAIN) return ETIMEDOUT;
    if (local || (errno != EINPROGRESS && errno != EINTR)) return errno;
    int rc = wait_for(sock, POLLOUT, deadline), error = ETIMEDOUT;
    socklen_t length = sizeof error;
    if (rc < 0 || (rc > 0 && getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &length) < 0)) return errno;
    return error;
}

HOST(host_connect) {
    NUMBER(deadline, argv[1]);
    size_t size;
    uint8_t *address = octets(ctx, &size, argv[0]);
    if (!address) return JS_EXCEPTION;
    if (sock >= 0) close(sock);
    int error = connect_to((const struct sockaddr *)address, (socklen_t)size, deadline);
    js_free(ctx, address);
    return JS_NewInt32(ctx, error);
}

/* As wait_for, with 1 for sent. */
static int send_all(const uint8_t *data, size_t size, double deadline) {
    while (size > 0) {
        ssize_t n = send(sock, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            int rc = wait_for(sock, POLLOUT, deadline);
            if (rc <= 0) return rc;
        } else if (n < 0 && errno != EINTR) return -1;
        if (n > 0) data += n, size -= (size_t)n;
    }
    return 1;
}

HOST(host_send) {
    NUMBER(deadline, argv[1]);
    size_t size;
    uint8_t *data = octets(ctx, &size, argv[0]);
    if (!data) return JS_EXCEPTION;
    int rc = send_all(data, size, deadline), error = errno;
    js_free(ctx, data);
    return rc < 0 ? JS_ThrowInternalError(ctx, "write: %s", reason(error)) : JS_NewBool(ctx, rc);
}

HOST(host_receive) {
    static uint8_t buffer[32768];
    NUMBER(deadline, argv[0]);
    for (;;) {
        int rc = wait_for(sock, POLLIN, deadline);
        if (rc == 0) return JS_NULL;
        ssize_t n = rc < 0 ? -1 : recv(sock, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n >= 0) return JS_NewArrayBufferCopy(ctx, buffer, (size_t)n);
        if (rc < 0 || (errno != EINTR && errno != EAGAIN)) return JS_ThrowInternalError(ctx, "read: %s", reason(errno));
    }
}
