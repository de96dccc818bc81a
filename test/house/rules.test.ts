// SPDX-License-Identifier: Apache-2.0
// The rules can fail: each kind of offence is seen.
import { test } from "tap";
import {
  findCircles,
  findForbiddenImports,
  findUntidyFiles,
  findWayOut,
  listImports,
} from "../../scripts/house.ts";

const licence = "// SPDX-License-Identifier: Apache-2.0\n";

test("imports of every form are seen", (t) => {
  const text = [
    'import a from "one";',
    'import { b,\n  c } from "./two.ts";',
    'import type { D } from "../three.ts";',
    'export { e } from "node:fs";',
    'export * from "../../four.ts";',
    'import "five";',
    'const f = await import("six");',
    'const text = "import g from seven";',
  ].join("\n");
  t.same(listImports({ path: "lib/node/x.ts", text }), [
    { target: "one", typeOnly: false },
    { target: "lib/node/two.ts", typeOnly: false },
    { target: "lib/three.ts", typeOnly: true },
    { target: "node:fs", typeOnly: false },
    { target: "four.ts", typeOnly: false },
    { target: "five", typeOnly: false },
    { target: "six", typeOnly: false },
  ]);
  t.end();
});

const offences: [path: string, specifier: string][] = [
  ["lib/ip/address.ts", "../pool/pool.ts"],
  ["lib/ip/address.ts", "node:net"],
  ["lib/ip/address.ts", "ip-address"],
  ["lib/pool/block.ts", "../node/call.ts"],
  ["lib/pool/block.ts", "yaml"],
  ["lib/log/log.ts", "../node/call.ts"],
  ["lib/rpc/server.ts", "../pool/pool.ts"],
  ["lib/rpc/server.ts", "../node/call.ts"],
  ["lib/cni/plugin.ts", "node:fs"],
  ["lib/cni/plugin.ts", "../pool/share.ts"],
  ["lib/cni/plugin.ts", "../node/call.ts"],
  ["lib/node/service.ts", "@grpc/grpc-js"],
  ["lib/node/service.ts", "../rpc/server.ts"],
  ["lib/node/service.ts", "node:sqlite"],
  ["lib/node/service.ts", "../kube/watch.ts"],
  ["lib/node/service.ts", "../../cmd/flags.ts"],
  ["lib/node/store.ts", "yaml"],
  ["lib/node/service.ts", "commander"],
  ["lib/debug/pools.ts", "../kube/watch.ts"],
  ["cmd/ipam-node.ts", "@kubernetes/client-node"],
  ["cmd/ipam-node.ts", "../test/support/daemon.ts"],
];

for (const [path, specifier] of offences) {
  test(`${path} must not import ${specifier}`, (t) => {
    t.not(findForbiddenImports([{ path, text: `import "${specifier}";` }]).length, 0);
    t.end();
  });
}

test("what is allowed passes", (t) => {
  const text =
    'import "../rpc/messages.ts";\nimport "../pool/share.ts";\nimport "node:http";\nimport "../log/log.ts";';
  t.same(findForbiddenImports([{ path: "lib/node/service.ts", text }]), []);
  t.same(findForbiddenImports([{ path: "lib/node/store.ts", text: 'import "node:sqlite";' }]), []);
  t.end();
});

test("circles are named once, types make one too, two ways to one file make none", (t) => {
  const files = (imports: Record<string, string>) =>
    Object.entries(imports).map(([name, text]) => ({ path: `lib/x/${name}.ts`, text }));
  const circle = files({
    a: 'import "./b.ts";\nimport "node:fs";',
    b: 'import "./c.ts";',
    c: 'import type { B } from "./b.ts";',
    d: 'import "./b.ts";',
  });
  t.same(findCircles(circle), ["lib/x/b.ts → lib/x/c.ts → lib/x/b.ts"]);
  t.same(findCircles(files({ a: 'import "./a.ts";' })), ["lib/x/a.ts → lib/x/a.ts"]);
  const diamond = files({
    a: 'import "./b.ts";\nimport "./c.ts";',
    b: 'import "./d.ts";',
    c: 'import "./d.ts";',
  });
  t.same(findCircles(diamond), []);
  t.end();
});

test("a way out of the plugin is named, a type is none", (t) => {
  const sources = [
    { path: "cmd/nv-ipam.ts", text: 'import "../lib/cni/a.ts";\nimport type { X } from "node:net";' },
    { path: "lib/cni/a.ts", text: 'import "./b.ts";\nimport "../../cmd/nv-ipam.ts";' },
    { path: "lib/cni/b.ts", text: 'import "node:fs";' },
  ];
  t.equal(findWayOut(sources, "cmd/nv-ipam.ts"), "cmd/nv-ipam.ts → lib/cni/a.ts → lib/cni/b.ts → node:fs");
  t.equal(
    findWayOut(sources.slice(0, 1).concat({ path: "lib/cni/a.ts", text: "" }), "cmd/nv-ipam.ts"),
    undefined,
  );
  t.end();
});

test("untidy files are named", (t) => {
  const found = (path: string, text: string) => findUntidyFiles([{ path, text }]).length;
  t.equal(found("lib/node/a.ts", `${licence}${"x\n".repeat(300)}`), 1);
  t.equal(found("lib/node/a.ts", `${licence}${"x\n".repeat(299)}`), 0);
  t.equal(found("lib/node/a.ts", "x\n"), 1);
  t.equal(found("scripts/a", `#!/bin/sh\n# ${licence.slice(3)}`), 0);
  t.equal(found("lib/node/utils.ts", licence), 1);
  t.equal(found("lib/node/index.ts", licence), 1);
  t.end();
});
