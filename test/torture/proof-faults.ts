// SPDX-License-Identifier: Apache-2.0
// Wrongs that the oracle must find, or it proves nothing when it finds none.
import { cutPower } from "./disk-faults.ts";
import type { Fault } from "./fault.ts";
import { copyStore, putBack } from "./store-faults.ts";

const READY_MS = 15_000;

export const proofFaults: readonly Fault[] = [
  {
    // The disk says that it has synced, keeps nothing, and loses power: acknowledged reservations are lost.
    name: "lying-disk",
    where: "pools-dir",
    needs: [],
    disk: "lying",
    isProof: true,
    async inject(world) {
      await world.storm.succeeds(200, READY_MS);
      await cutPower(world);
      await world.hold(800, 1000);
    },
  },
  {
    // Somebody puts an older copy of the store in its place while the daemon is down, which no daemon can notice.
    name: "older-store",
    where: "pools-dir",
    needs: [],
    isProof: true,
    async inject(world) {
      const { subject, storm } = world;
      await storm.pause();
      const older = copyStore(world, "older");
      storm.start();
      await storm.succeeds(400, READY_MS);
      await storm.pause();
      await subject.stop("SIGTERM");
      putBack(world, older);
      subject.start();
      await subject.becomes("ready", READY_MS);
    },
  },
];
