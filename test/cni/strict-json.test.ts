// SPDX-License-Identifier: Apache-2.0
// On Node JSON.parse is strict by itself: only the executable shows the difference.
import { test } from "tap";
import { callExecutable, errorOf } from "./executable.ts";

test("what the engine takes for JSON and nobody else does", async (t) => {
  const settings = '"ipam":{"logFile":"/dev/null","confDir":"/not/there"}';
  const call = (value: string) =>
    callExecutable({
      command: "GC",
      ipam: {},
      stdin: `{"name":"net","cniVersion":"1.1.0",${settings},"x":${value}}`,
    });
  const loose = [
    "1.",
    "[-0.]",
    "-01",
    "[-00.5]",
    '"\\x41"',
    '"\\\\\\v"',
    String.raw`"\'"`,
    '"\\u{41}"',
    '"a\\\nb"',
    '"1." , "y": 1.',
  ];
  for (const value of loose)
    t.match(errorOf(await call(value)), { code: 6, msg: /^error unmarshall / }, value);
  const strict = [
    "1.5",
    "-0",
    "-0.5",
    "[1e-01]",
    '"1."',
    '"pod-01"',
    '"\\\\x41"',
    String.raw`"\" 1.\\"`,
    String.raw`"\u0031. \/\b\f\n\r\t"`,
  ];
  for (const value of strict) t.same((await call(value)).status, 0, value);
});
