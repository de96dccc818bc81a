/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's memory. A process that lives for milliseconds asks for thousands of blocks and gives few back: an allocator
   made for long lives costs it a third of its instructions, and system calls. Here a block is cut off a chunk, or is one of its
   size that was freed; only the largest are the C library's. Chunks are never given back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "host.h"

/* A block begins behind a word with its size and is aligned to UNIT, as malloc's are: so sizes are a word short of whole units. */
enum { UNIT = 16, WORD = 8, SMALL = 64 * UNIT, MEDIUM = 1 << 16, CHUNK = 1 << 20, CLASSES = 128 };

typedef struct Free { struct Free *next; } Free;

static Free *freed[CLASSES];
static char *chunk_at, *chunk_end; /* chunk_at is a word short of whole units */

static size_t size_of(const void *block) { return block ? (size_t)((const uint64_t *)block)[-1] : 0; }

/* Above SMALL there are four sizes between a power of two and the next. */
static int steps_of(size_t whole) { return 61 - __builtin_clzl(whole); }

/* The size of the block that `wanted` bytes get. */
static size_t rounded(size_t wanted) {
    size_t whole = wanted + WORD;
    size_t step = whole <= SMALL || whole > MEDIUM ? UNIT : (size_t)1 << steps_of(whole);
    return (whole + step - 1) / step * step - WORD;
}

static Free **freed_of(size_t size) {
    size_t whole = size + WORD;
    return &freed[whole <= SMALL ? whole / UNIT - 1 : 64 + (size_t)(steps_of(whole) - steps_of(SMALL)) * 4 + (whole >> steps_of(whole)) % 4];
}

static void *cut(size_t size) {
    if ((size_t)(chunk_end - chunk_at) < WORD + size) {
        char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == MAP_FAILED) return NULL;
        chunk_at = chunk + WORD; /* the rest of the old one is lost, less than a medium block */
        chunk_end = chunk + CHUNK;
    }
    void *block = chunk_at + WORD;
    chunk_at += WORD + size;
    return block;
}

static void *take(size_t size) {
    if (WORD + size > MEDIUM) {
        char *large = malloc(UNIT + size);
        return large ? large + UNIT : NULL;
    }
    Free **list = freed_of(size), *block = *list;
    if (!block) return cut(size);
    *list = block->next;
    return block;
}

static void *allocate(JSMallocState *state, size_t wanted) {
    if (wanted > state->malloc_limit) return NULL; /* and the rounding cannot overflow */
    size_t size = rounded(wanted);
    if (state->malloc_size + size > state->malloc_limit) return NULL;
    void *block = take(size);
    if (!block) return NULL;
    ((uint64_t *)block)[-1] = size;
    state->malloc_count++;
    state->malloc_size += size;
    return block;
}

static void release(JSMallocState *state, void *block) {
    if (!block) return;
    size_t size = size_of(block);
    state->malloc_count--;
    state->malloc_size -= size;
    if (WORD + size > MEDIUM) {
        free((char *)block - UNIT);
        return;
    }
    Free **list = freed_of(size);
    ((Free *)block)->next = *list;
    *list = block;
}

static void *reallocate(JSMallocState *state, void *block, size_t wanted) {
    size_t size = size_of(block);
    if (block && wanted > 0 && wanted <= size) return block;
    void *moved = wanted > 0 ? allocate(state, wanted) : NULL;
    if (!moved && wanted > 0) return NULL;
    if (moved && block) memcpy(moved, block, size);
    release(state, block);
    return moved;
}

const JSMallocFunctions engine_memory = {allocate, release, reallocate, size_of};
