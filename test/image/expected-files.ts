// SPDX-License-Identifier: Apache-2.0
const LOADERS = {
  amd64: { gnu: "x86_64-linux-gnu", dir: "/lib64", file: "ld-linux-x86-64.so.2" },
  arm64: { gnu: "aarch64-linux-gnu", dir: "/lib", file: "ld-linux-aarch64.so.1" },
};

const LIBRARIES = ["atomic.so.1", "c.so.6", "dl.so.2", "gcc_s.so.1", "m.so.6", "pthread.so.0", "stdc++.so.6"];

/** "MODE OWNER PATH" of everything in the image, in the order of the archive. */
export function expectedFiles(arch: keyof typeof LOADERS): string[] {
  const { gnu, dir, file } = LOADERS[arch];
  const loader = `-rwxr-xr-x 0/0 ${dir}/${file}`;
  const libraries = LIBRARIES.map((name) => `-rwxr-xr-x 0/0 /lib/${gnu}/lib${name}`);
  return [
    "drwxr-xr-x 0/0 /etc/",
    "-rw-r--r-- 0/0 /etc/group",
    "-rw-r--r-- 0/0 /etc/nsswitch.conf",
    "-rw-r--r-- 0/0 /etc/passwd",
    "drwxr-xr-x 0/0 /etc/ssl/",
    "drwxr-xr-x 0/0 /etc/ssl/certs/",
    "-rw-r--r-- 0/0 /etc/ssl/certs/ca-certificates.crt",
    "lrwxrwxrwx 0/0 /ipam-controller -> ipam-node",
    "-rwxr-xr-x 0/0 /ipam-node",
    "drwxr-xr-x 0/0 /lib/",
    `drwxr-xr-x 0/0 /lib/${gnu}/`,
    ...libraries,
    ...(dir === "/lib" ? [loader] : [`drwxr-xr-x 0/0 ${dir}/`, loader]),
    "-rwxr-xr-x 0/0 /nv-ipam",
    "drwxrwxrwt 0/0 /tmp/",
    ...["", "share/", "share/doc/", "share/doc/nv-ipam/"].map((path) => `drwxr-xr-x 0/0 /usr/${path}`),
    "-rw-r--r-- 0/0 /usr/share/doc/nv-ipam/licences.txt",
    "-rw-r--r-- 0/0 /usr/share/doc/nv-ipam/sbom.spdx.json",
    "drwxr-xr-x 0/0 /var/",
    "drwxr-xr-x 0/0 /var/log/",
  ];
}
