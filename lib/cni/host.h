/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the host share. Deadlines are milliseconds on the monotonic clock. */
#ifndef NV_IPAM_HOST_H
#define NV_IPAM_HOST_H
#include <time.h>
#include "quickjs.h"

#define HOST(name) JSValue name(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
#define NUMBER(name, value) double name; if (JS_ToFloat64(ctx, &name, value)) return JS_EXCEPTION
#define TEXT(name, size, value) size_t size; const char *name = JS_ToCStringLen(ctx, &size, value); if (!name) return JS_EXCEPTION

extern const JSMallocFunctions engine_memory;

double clock_ms(clockid_t id);

/* The text of an errno as Go spells it: lower case. */
const char *reason(int error);

/* Waits for an event on fd (-1: for the time alone): 1 when it came, 0 when the deadline passed, -1 with errno. */
int wait_for(int fd, short events, double deadline);

/* The daemon's connection, one at a time. host_connect: (struct sockaddr as octets, deadline): 0 or errno. host_send:
   (octets, deadline): false when the deadline has passed. host_receive: (deadline): null when it has passed; empty at
   the end of the connection. */
HOST(host_connect);
HOST(host_send);
HOST(host_receive);

#endif
