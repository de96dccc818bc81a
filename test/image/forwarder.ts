// SPDX-License-Identifier: Apache-2.0
// forwarder.ts FROM TO: connections from one place to another, each "HOST PORT" or the path of a Unix socket, as long as its
// stdin is open: it never outlives the test.
import { connect, createServer, type ListenOptions } from "node:net";

const [from, to] = process.argv.slice(2);

function placeOf(text: string): ListenOptions & { path: string } {
  const [host, port] = text.split(" ");
  return (port === undefined ? { path: text } : { host, port: Number(port) }) as ListenOptions & {
    path: string;
  };
}

createServer((near) => {
  const far = connect(placeOf(to!));
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
  near.pipe(far).pipe(near);
}).listen(placeOf(from!), () => console.log("ready"));
process.stdin.resume().on("end", () => process.exit());
