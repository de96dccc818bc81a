// SPDX-License-Identifier: Apache-2.0
// What is in the image: these files, and a list of parts that names all of them.
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { run } from "../support/executables.ts";
import { expectedFiles } from "./expected-files.ts";
import { makeDirectory, makeImage, openLayout, readJson, repository } from "./image.ts";
import { type PartsList, readPartsList } from "./parts-list.ts";

const arch = process.arch === "arm64" ? "arm64" : "amd64";

/** "MODE OWNER PATH" of everything in a layer. */
function listLayer(layer: string): string[] {
  const text = execFileSync("tar", ["-tvzf", layer, "--numeric-owner"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, TZ: "UTC", LC_ALL: "C" },
  });
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [mode, owner, , date, time, ...path] = line.split(/\s+/);
      if (`${date} ${time}` !== "2001-09-09 01:46") throw new Error(`another date: ${line}`);
      return `${mode} ${owner} /${path.join(" ")}`;
    });
}

/** Every file is in the list with its hash, and the list has no other. */
function checkFiles(t: Test, root: string, list: PartsList): void {
  const found = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hashes = found.map((file) => {
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    return `${sha256}  .${file.slice(root.length)}`;
  });
  const own = "./usr/share/doc/nv-ipam/sbom.spdx.json";
  const listed = list.files.map(
    ({ fileName, checksums }) =>
      `${checksums.find(({ algorithm }) => algorithm === "SHA256")!.checksumValue}  ${fileName}`,
  );
  t.same(listed.sort(), hashes.filter((line) => !line.endsWith(own)).sort());
}

/** Every element that is related to another is there, and every part and file is inside of something. */
function checkRelationships(t: Test, list: PartsList): void {
  const ids = [
    list.SPDXID,
    ...list.packages.map(({ SPDXID }) => SPDXID),
    ...list.files.map(({ SPDXID }) => SPDXID),
  ];
  t.equal(new Set(ids).size, ids.length, "every identifier is there once");
  for (const id of ids) t.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/);
  const ends = list.relationships.flatMap(({ spdxElementId, relatedSpdxElement }) => [
    spdxElementId,
    relatedSpdxElement,
  ]);
  t.same(new Set(ends), new Set(ids), "all are related, and to none that is not there");
  const generated = list.relationships
    .filter(({ relationshipType }) => relationshipType === "GENERATED_FROM")
    .map(({ spdxElementId }) => spdxElementId);
  const written = list.files
    .filter(({ SPDXID }) => !generated.includes(SPDXID))
    .map(({ fileName }) => fileName);
  t.same(
    written.sort(),
    ["./etc/group", "./etc/nsswitch.conf", "./etc/passwd", "./usr/share/doc/nv-ipam/licences.txt"],
    "all else comes from a part",
  );
}

function checkParts(t: Test, list: PartsList): void {
  const versions = Object.fromEntries(list.packages.map(({ name, versionInfo }) => [name, versionInfo]));
  const { dependencies } = readJson<{ dependencies: Record<string, string> }>(
    join(repository, "package.json"),
  );
  const { node, openssl, v8, sqlite } = process.versions;
  t.match(versions, { node, openssl, v8, sqlite }, "Node and its parts");
  for (const name of ["commander", "yaml"]) t.equal(versions[name], dependencies[name], name);
  t.notOk("typescript" in versions || "tap" in versions, "what builds and tests is not inside");
  t.match(versions.quickjs, /^\d{4}\.\d\d\.\d\d/);
  t.match(versions.musl, /^1\.\d+/);
  t.match(versions.libc6, /^2\.\d+/);
  t.match(versions["ca-certificates"], /^20\d{6}/);
  for (const { name, licenseDeclared } of list.packages)
    if (licenseDeclared === "NOASSERTION") t.match(name, /^(nv-ipam-|tz$)/, `${name} has a licence`);
}

/** The commands of docs/image.md that check an archive say that all is well, and not when a file is another one. */
async function checkCommands(t: Test, dir: string): Promise<void> {
  const text = readFileSync(join(repository, "docs/image.md"), "utf8");
  const [, commands] = /```shell\nname=.*\n([^`]*`[^`]*`[^`]*)```/.exec(text)!;
  const check = () =>
    run("bash", ["-ec", commands!], { env: { ...process.env, name: `${dir}/i`, TMPDIR: dir } });
  t.match(await check(), { status: 0, stdout: "every file is as listed\n" });
  const list = readFileSync(`${dir}/i.spdx.json`, "utf8");
  const hash = readPartsList(`${dir}/i.spdx.json`).files[0]!.checksums[1]!.checksumValue;
  writeFileSync(`${dir}/i.spdx.json`, list.replace(hash, hash.replace(/./g, "0")));
  t.match(await check(), { status: 1, stdout: /group: FAILED/ });
}

test("what is in the image", async (t) => {
  const dir = makeDirectory(t);
  await makeImage([`--output=${dir}/i.tar`, `--root=${dir}/root`], { SOURCE_DATE_EPOCH: "1000000000" });
  const layout = openLayout(`${dir}/i.tar`, `${dir}/layout`);
  const { manifests } = JSON.parse(layout.readText("index.json"));
  const layer = layout.blob(readJson<{ layers: [{ digest: string }] }>(layout.blob(manifests[0])).layers[0]);
  t.same(listLayer(layer), expectedFiles(arch), "the list of files");

  const list = readPartsList(`${dir}/i.spdx.json`);
  t.equal(list.creationInfo.created, "2001-09-09T01:46:40Z");
  checkFiles(t, `${dir}/root`, list);
  checkRelationships(t, list);
  checkParts(t, list);

  const doc = `${dir}/root/usr/share/doc/nv-ipam`;
  const licences = readFileSync(`${doc}/licences.txt`, "utf8");
  t.equal(licences, readFileSync(`${dir}/i.licences.txt`, "utf8"), "the same beside the archive");
  t.equal(readFileSync(`${doc}/sbom.spdx.json`, "utf8"), readFileSync(`${dir}/i.spdx.json`, "utf8"));
  for (const { name, versionInfo } of list.packages.slice(1))
    t.match(licences, `  ${name} ${versionInfo}`, name);
  t.match(
    licences,
    /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2.1/,
    "what Debian only names is there in full",
  );

  const bundle = readFileSync(`${dir}/root/etc/ssl/certs/ca-certificates.crt`, "utf8");
  const certificates = bundle.split(/(?<=-----END CERTIFICATE-----\n)/);
  t.ok(certificates.length > 100, `${certificates.length} authorities`);
  t.ok(
    certificates.every((text) => new X509Certificate(text).ca),
    "each is one",
  );
  await checkCommands(t, dir);
});
