/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's memory. A process that lives for milliseconds asks for thousands of small blocks and gives few back: the C
   library's allocator, made for long lives, is a third of its instructions. Here a small block is cut off a chunk, or is one
   of its size that was freed; a large one is the C library's. Chunks are never given back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

/* A block begins behind a word with its size and is aligned to UNIT, as malloc's are: so sizes are a word short of whole units. */
enum { UNIT = 16, WORD = 8, LARGEST_SMALL = 64 * UNIT - WORD, CHUNK = 1 << 16 };

typedef struct Free { struct Free *next; } Free;

static Free *freed[LARGEST_SMALL / UNIT + 1];
static char *chunk_at, *chunk_end; /* chunk_at is a word short of whole units */

static size_t size_of(const void *block) { return block ? (size_t)((const uint64_t *)block)[-1] : 0; }

static void *cut_small(size_t size) {
    if ((size_t)(chunk_end - chunk_at) < WORD + size) {
        char *chunk = malloc(CHUNK); /* the rest of the old one is lost, less than a small block */
        if (!chunk) return NULL;
        chunk_at = chunk + WORD;
        chunk_end = chunk + CHUNK;
    }
    void *block = chunk_at + WORD;
    chunk_at += WORD + size;
    return block;
}

static void *take(size_t size) {
    if (size > LARGEST_SMALL) {
        char *large = malloc(UNIT + size);
        return large ? large + UNIT : NULL;
    }
    Free *block = freed[size / UNIT];
    if (!block) return cut_small(size);
    freed[size / UNIT] = block->next;
    return block;
}

static void *allocate(JSMallocState *state, size_t wanted) {
    if (wanted > state->malloc_limit) return NULL; /* and the rounding cannot overflow */
    size_t size = (wanted + WORD + UNIT - 1) / UNIT * UNIT - WORD;
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
    if (size > LARGEST_SMALL) {
        free((char *)block - UNIT);
        return;
    }
    ((Free *)block)->next = freed[size / UNIT];
    freed[size / UNIT] = block;
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
