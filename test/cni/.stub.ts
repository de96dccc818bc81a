import { startRpcServer } from "../../lib/rpc/server.ts";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
let n = 0;
const no = async () => { throw new RpcError(Code.Unimplemented, "no"); };
const s = await startRpcServer({ address: process.argv[2]!, health: { serving: () => true, onChange: () => () => undefined },
  handlers: { allocate: async () => ({ allocations: [{ pool: "p", ip: `10.0.${n >> 8 & 255}.${n++ & 255}/16`, gateway: "10.0.0.1", poolType: 1, routes: [] }] }),
    isAllocated: async () => ({}), deallocate: async () => ({}), checkPools: async () => ({ problems: [] }), collectGarbage: async () => ({ released: 0 }),
    listPools: no, listReservations: no, releaseReservations: no, checkStore: no } });
console.log(s.address);
