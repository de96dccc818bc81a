// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { formatAddress, parseAddress } from "../../lib/ip/address.ts";

test("reads and writes addresses as Go's net package does", (t) => {
  t.equal(formatAddress(parseAddress("FD00::A")!), "fd00::a");
  t.end();
});
