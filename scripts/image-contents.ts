// SPDX-License-Identifier: Apache-2.0
// What the image holds: the executables, what they load, the certificates of public authorities, the names of two users.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { listBundledFiles } from "./build-node.ts";
import type { Architecture } from "./build-plugin.ts";
import type { Component } from "./image-component.ts";
import { findPackages } from "./image-debian.ts";
import { describeEngine } from "./image-engine.ts";
import { findLibraries } from "./image-libraries.ts";
import { describeNode } from "./image-node-parts.ts";
import { describePackages } from "./image-npm.ts";
import type { Entry } from "./image-root.ts";
import { findNodeLicence, nativeArch } from "./node-binary.ts";

export type Contents = { readonly entries: readonly Entry[]; readonly components: readonly Component[] };

const ROOT = resolve(import.meta.dirname, "..");

// 65532 is the user that the controller's manifest names.
const PASSWD = `root:x:0:0:root:/:/sbin/nologin
nonroot:x:65532:65532:nonroot:/:/sbin/nologin
`;
const GROUP = `root:x:0:
nonroot:x:65532:
`;
// kubelet mounts /etc/hosts and /etc/resolv.conf.
const NSSWITCH = `hosts: files dns
`;

// The package's own certificates, not the machine's bundle: that one may hold authorities of whoever runs the machine.
const CERTIFICATES = "/usr/share/ca-certificates/mozilla";
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

function gatherCertificates(): { entry: Entry; component: Component } {
  const files = existsSync(CERTIFICATES)
    ? readdirSync(CERTIFICATES).filter((name) => name.endsWith(".crt"))
    : [];
  if (files.length === 0) throw new Error(`${CERTIFICATES} holds none: apt-get install ca-certificates`);
  const content = files
    .sort()
    .map((name) => `${readFileSync(join(CERTIFICATES, name), "utf8").trim()}\n`)
    .join("");
  const [component] = findPackages([{ source: join(CERTIFICATES, files[0]!), path: BUNDLE }]);
  return { entry: { kind: "file", path: BUNDLE, mode: 0o644, content }, component: component! };
}

function describeOurs(version: string): Component[] {
  const text = readFileSync(join(ROOT, "LICENSE"), "utf8");
  const ours = { version, licence: "Apache-2.0", texts: [{ title: "its licence", text }] };
  return [
    { ...ours, name: "nv-ipam", files: ["/nv-ipam"], purl: `pkg:generic/nv-ipam@${version}` },
    { ...ours, name: "ipam-node", files: ["/ipam-node"], purl: `pkg:generic/ipam-node@${version}` },
  ];
}

/** Everything but what is written about it. Throws an Error that names what this machine lacks, with the package to install. */
export async function gatherContents(
  { arch, version }: { readonly arch: Architecture; readonly version: string },
  log: (line: string) => void,
): Promise<Contents> {
  const dist = join(ROOT, "dist", arch === nativeArch ? "" : arch);
  const libraries = findLibraries(join(dist, "ipam-node"), arch);
  log(`${libraries.length} libraries of Debian's`);
  const certificates = gatherCertificates();
  const executable = (name: string): Entry => ({
    ...{ kind: "copy", path: `/${name}`, mode: 0o755, source: join(dist, name) },
  });
  return {
    entries: [
      executable("nv-ipam"),
      executable("ipam-node"),
      { kind: "link", path: "/ipam-controller", target: "ipam-node" },
      ...libraries.map(({ source, path }): Entry => ({ kind: "copy", path, mode: 0o755, source })),
      certificates.entry,
      { kind: "file", path: "/etc/passwd", mode: 0o644, content: PASSWD },
      { kind: "file", path: "/etc/group", mode: 0o644, content: GROUP },
      { kind: "file", path: "/etc/nsswitch.conf", mode: 0o644, content: NSSWITCH },
      { kind: "dir", path: "/tmp", mode: 0o1777 },
      // The daemon looks whether the directory of the plugin's log is there, when it installs the plugin itself.
      { kind: "dir", path: "/var/log", mode: 0o755 },
    ],
    components: [
      ...describeOurs(version),
      ...describeNode(findNodeLicence(log), "ipam-node"),
      ...describePackages(ROOT, await listBundledFiles(), "ipam-node"),
      ...describeEngine(arch, "nv-ipam"),
      ...findPackages(libraries),
      certificates.component,
    ],
  };
}
