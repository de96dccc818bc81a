// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import type { PoolRef } from "../../lib/pool/pool.ts";
import { decodeShare, encodeShare } from "../../lib/pool/share-text.ts";

const pool: PoolRef = { type: "ippool", name: "p" };

/** Texts as the Go daemon writes them and what they mean, in our own words for it. */
const texts: [name: string, text: string, again?: string][] = [
  [
    "a point-to-point prefix without gateway",
    '{"subnet":"10.4.0.2/31","startIP":"10.4.0.2","endIP":"10.4.0.3","gateway":"","exclusions":[],"routes":[],"defaultGateway":false}',
  ],
  [
    "IPv6 with routes",
    '{"subnet":"fd52:2eb5:46:1::/64","startIP":"fd52:2eb5:46:1::1","endIP":"fd52:2eb5:46:1:ffff:ffff:ffff:ffff",' +
      '"gateway":"fd52:2eb5:46:1::1","exclusions":[],"routes":[{"dst":"fd00::/8"}],"defaultGateway":true}',
  ],
  [
    "exclusions beyond the range and touching",
    '{"subnet":"10.1.5.0/24","startIP":"10.1.5.41","endIP":"10.1.5.50","gateway":"10.1.5.1","exclusions":[' +
      '{"startIP":"10.1.5.1","endIP":"10.1.5.25"},{"startIP":"10.1.5.42","endIP":"10.1.5.43"},{"startIP":"10.1.5.40","endIP":"10.1.5.41"}],' +
      '"routes":[{"dst":"5.5.0.0/24"},{"dst":"5.5.0.0/24"}],"defaultGateway":false}',
    '{"subnet":"10.1.5.0/24","startIP":"10.1.5.41","endIP":"10.1.5.50","gateway":"10.1.5.1",' +
      '"exclusions":[{"startIP":"10.1.5.41","endIP":"10.1.5.43"}],' +
      '"routes":[{"dst":"5.5.0.0/24"},{"dst":"5.5.0.0/24"}],"defaultGateway":false}',
  ],
  [
    "an old one, with host bits and without lists",
    '{"subnet":"10.1.5.7/24","startIP":"10.1.5.1","endIP":"10.1.5.9","gateway":"10.1.5.1","exclusions":null}',
    '{"subnet":"10.1.5.0/24","startIP":"10.1.5.1","endIP":"10.1.5.9","gateway":"10.1.5.1","exclusions":[],"routes":[],"defaultGateway":false}',
  ],
];

for (const [name, text, again = text] of texts) {
  test(`read and written again: ${name}`, (t) => {
    const share = decodeShare(pool, text);
    t.same(share.pool, pool);
    t.equal(encodeShare(share), again);
    t.same(decodeShare(pool, again), share);
    t.end();
  });
}

const broken: [text: string, says: RegExp][] = [
  ["", /ippool\/p cannot be read: it is not a JSON object/],
  ["[]", /not a JSON object/],
  ["{}", /subnet missing/],
  ['{"subnet":"10.0.0.0"}', /subnet "10.0.0.0"/],
  ['{"subnet":"10.0.0.0/24","startIP":"10.0.0.9","endIP":"10.0.0.1"}', /startIP and endIP/],
  ['{"subnet":"10.0.0.0/24","startIP":"fd00::1","endIP":"fd00::2"}', /startIP and endIP/],
  ['{"subnet":"10.0.0.0/24","startIP":"10.0.0.1","endIP":"10.0.0.2","gateway":"x"}', /gateway "x"/],
  ['{"subnet":"10.0.0.0/24","startIP":"10.0.0.1","endIP":"10.0.0.2","gateway":7}', /gateway 7/],
  [
    '{"subnet":"10.0.0.0/24","startIP":"10.0.0.1","endIP":"10.0.0.2","gateway":"fd00::1"}',
    /gateway "fd00::1"/,
  ],
  ['{"subnet":"10.0.0.0/24","startIP":"10.0.0.1","endIP":"10.0.0.2","exclusions":[{}]}', /exclusions/],
  ['{"subnet":"10.0.0.0/24","startIP":"10.0.0.1","endIP":"10.0.0.2","routes":[{"dst":"x"}]}', /routes/],
];

for (const [text, says] of broken) {
  test(`not a share: ${text}`, (t) => {
    t.throws(() => decodeShare(pool, text), { message: says });
    t.end();
  });
}
