/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the system as Go spells them, which users match and search for: Linux' usual texts in lower case. musl has texts of
   its own for some. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "host.h"

static const struct { int error; const char *text; } different[] = {
    {EIO, "input/output error"},
    {ENOMEM, "cannot allocate memory"},
    {EBUSY, "device or resource busy"},
    {EXDEV, "invalid cross-device link"},
    {EMFILE, "too many open files"},
    {ENOTTY, "inappropriate ioctl for device"},
    {ESPIPE, "illegal seek"},
    {ENAMETOOLONG, "file name too long"},
    {ELOOP, "too many levels of symbolic links"},
    {ENONET, "machine is not on the network"},
    {EILSEQ, "invalid or incomplete multibyte or wide character"},
    {EOVERFLOW, "value too large for defined data type"},
    {ENOTSOCK, "socket operation on non-socket"},
    {EMSGSIZE, "message too long"},
    {EOPNOTSUPP, "operation not supported"},
    {EADDRINUSE, "address already in use"},
    {EADDRNOTAVAIL, "cannot assign requested address"},
    {ENETUNREACH, "network is unreachable"},
    {ENETRESET, "network dropped connection on reset"},
    {ECONNABORTED, "software caused connection abort"},
    {EISCONN, "transport endpoint is already connected"},
    {ENOTCONN, "transport endpoint is not connected"},
    {ESHUTDOWN, "cannot send after transport endpoint shutdown"},
    {ETIMEDOUT, "connection timed out"},
    {EHOSTUNREACH, "no route to host"},
    {EINPROGRESS, "operation now in progress"},
    {EUCLEAN, "structure needs cleaning"},
    {EDQUOT, "disk quota exceeded"},
};

const char *reason(int error) {
    static char text[96];
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        if (different[i].error == error) return different[i].text;
    const char *known = strerror(error);
    if (strcmp(known, strerror(0)) == 0) snprintf(text, sizeof text, "errno %d", error);
    else snprintf(text, sizeof text, "%s", known);
    text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}
