/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's package is compiled for glibc, the plugin is linked with musl, which begins a process without asking the processor
   for all its features: that takes glibc longer than the whole call takes the engine. What both libraries have is the same for
   the engine; here is what its objects ask for and musl lacks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

/* Called by objects that were compiled with _FORTIFY_SOURCE (Linux Standard Base, "Interfaces for libc"). */
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __snprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, ...);
int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list values);
void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
/* strtol of C23, which reads 0b101 in base 0 and 2 too; the engine's date and number parsers are its own. */
long __isoc23_strtol(const char *text, char **end, int base);

int __fprintf_chk(FILE *file, int flag, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int length = vfprintf(file, format, values);
    va_end(values);
    return length;
}

int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list values) {
    if (size > room) abort();
    return vsnprintf(text, size, format, values);
}

int __snprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int length = __vsnprintf_chk(text, size, flag, room, format, values);
    va_end(values);
    return length;
}

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room) {
    if (size > room) abort();
    return memcpy(to, from, size);
}

long __isoc23_strtol(const char *text, char **end, int base) { return strtol(text, end, base); }
