/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode SCRIPT.js OUT.c: a script as QuickJS bytecode in a C array. Linked with the same library as lib/cni/host.c, so
   compiler and engine cannot disagree. */
#include <stdio.h>
#include <stdlib.h>
#include "quickjs.h"

#define SCRIPT_LIMIT (4 << 20)

int main(int argc, char **argv) {
    static char source[SCRIPT_LIMIT + 1];
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL, *out = in ? fopen(argv[2], "wb") : NULL;
    if (!out) return fprintf(stderr, "usage: bytecode SCRIPT.js OUT.c\n"), 2;
    size_t size = fread(source, 1, sizeof source, in);
    if (ferror(in) || size > SCRIPT_LIMIT) return fprintf(stderr, "%s: cannot be read, or over 4 MiB\n", argv[1]), 1;
    source[size] = 0;
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = rt ? JS_NewContext(rt) : NULL;
    if (!ctx) return fprintf(stderr, "out of memory\n"), 1;
#ifdef JS_STRIP_DEBUG
    JS_SetStripInfo(rt, JS_STRIP_DEBUG | JS_STRIP_SOURCE);
#endif
    JSValue script = JS_Eval(ctx, source, size, "nv-ipam", JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(script)) return fprintf(stderr, "%s\n", JS_ToCString(ctx, JS_GetException(ctx))), 1;
    int flags = JS_WRITE_OBJ_BYTECODE;
#ifdef JS_WRITE_OBJ_STRIP_DEBUG
    flags |= JS_WRITE_OBJ_STRIP_DEBUG | JS_WRITE_OBJ_STRIP_SOURCE; /* quickjs-ng's way to leave sources out */
#endif
    uint8_t *code = JS_WriteObject(ctx, &size, script, flags);
    if (!code) return fprintf(stderr, "out of memory\n"), 1;
    fprintf(out, "#include <stdint.h>\nconst uint32_t plugin_size = %zu;\nconst uint8_t plugin[] = {", size);
    for (size_t i = 0; i < size; i++) fprintf(out, "%s%u,", i % 32 ? "" : "\n", code[i]);
    fprintf(out, "\n};\n");
    return fclose(out) ? 1 : 0;
}
