// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate with its key: files and their PEM text. */
export type KeyPair = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
};

export type Authority = KeyPair & {
  /** A server certificate for these names and addresses ("DNS:a", "IP:127.0.0.1"), written to the directory. */
  issueServer(dir: string, names: readonly string[]): KeyPair;
  /** A client certificate: the user's name and groups, as Kubernetes reads them from CN and O. */
  issueClient(dir: string, user: string, groups?: readonly string[]): KeyPair;
};

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

function request(dir: string, name: string, args: readonly string[]): KeyPair {
  mkdirSync(dir, { recursive: true });
  const [certFile, keyFile] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)];
  execFileSync("openssl", ["req", "-x509", ...KEY, "-out", certFile, "-keyout", keyFile, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}

/** Makes a certificate authority in the directory (ca.crt, ca.key). Needs openssl 3. */
export function makeAuthority(dir: string): Authority {
  const ca = request(dir, "ca", [
    ...["-subj", "/CN=test-ca"],
    ...["-addext", "keyUsage=critical,keyCertSign,digitalSignature"],
  ]);
  const issue = (place: string, name: string, subject: string, extensions: readonly string[]): KeyPair =>
    request(place, name, [
      ...["-CA", ca.certFile, "-CAkey", ca.keyFile, "-subj", subject],
      ...["basicConstraints=critical,CA:FALSE", ...extensions].flatMap((extension) => ["-addext", extension]),
    ]);
  return {
    ...ca,
    issueServer: (place, names) =>
      issue(place, "tls", "/CN=test-server", [
        "extendedKeyUsage=serverAuth",
        `subjectAltName=${names.join(",")}`,
      ]),
    issueClient: (place, user, groups = []) =>
      issue(
        place,
        user.replaceAll(/[^\w.-]/g, "_"),
        `${groups.map((group) => `/O=${group}`).join("")}/CN=${user}`,
        ["extendedKeyUsage=clientAuth"],
      ),
  };
}
