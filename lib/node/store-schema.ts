// SPDX-License-Identifier: Apache-2.0

/** Marks the file as this program's: "nvip" in the database header. */
export const APPLICATION_ID = 0x6e766970;

export type Migration = {
  /** The schema's version once `sql` has run. */
  readonly schema: number;
  /** The oldest version whose program still reads and writes this schema rightly: unchanged by what only adds. */
  readonly oldestReader: number;
  readonly sql: string;
};

const FIRST = `
CREATE TABLE meta (
  -- Version of the schema that the file has.
  schema INTEGER NOT NULL,
  -- Programs that know this version or a newer one may open the file.
  oldest_reader INTEGER NOT NULL
) STRICT;
INSERT INTO meta (schema, oldest_reader) VALUES (0, 0);

CREATE TABLE pools (
  id INTEGER PRIMARY KEY,
  -- Of which kind the pool is; with the name it is the pool's identity.
  type TEXT NOT NULL CHECK (type IN ('ippool', 'cidrpool')),
  -- metadata.name of the IPPool or CIDRPool.
  name TEXT NOT NULL,
  -- The address given last by round robin, 4 or 16 bytes in network order; NULL: none yet.
  last_address BLOB CHECK (length(last_address) IN (4, 16)),
  -- The last good share of this node as JSON; NULL: this node has none (any more).
  share TEXT,
  UNIQUE (type, name)
) STRICT;

CREATE TABLE reservations (
  pool INTEGER NOT NULL REFERENCES pools (id),
  -- 4 or 16 bytes in network order, which compare as the numbers do.
  address BLOB NOT NULL CHECK (length(address) IN (4, 16)),
  -- CNI_CONTAINERID and CNI_IFNAME of the call that reserved it.
  container_id TEXT NOT NULL,
  interface_name TEXT NOT NULL,
  -- The pod as the runtime named it; '' where it did not.
  pod_name TEXT NOT NULL,
  pod_namespace TEXT NOT NULL,
  pod_uid TEXT NOT NULL,
  -- Device of the interface, a PCI address; '' when there is none.
  device_id TEXT NOT NULL,
  -- Name of the CNI network, what CNI GC releases by; '' when the caller did not say.
  network_name TEXT NOT NULL,
  -- 1: the caller named the address (static, gateway, index); 0: chosen by round robin; NULL: not known (imported).
  requested INTEGER CHECK (requested IN (0, 1)),
  -- When it was reserved, milliseconds since the epoch.
  created_at_ms INTEGER NOT NULL,
  -- Only in what was imported from a Go daemon's store, verbatim, for an export: its create_time ...
  go_create_time TEXT,
  -- ... and its pool_config_snapshot.
  go_pool_config_snapshot TEXT,
  PRIMARY KEY (pool, address),
  UNIQUE (pool, container_id, interface_name)
) STRICT, WITHOUT ROWID;
`;

const SEQUENCE = `
-- Grows with each reservation: which of two is the older one, also where the clock was wrong or was set back in between.
-- NULL: made by a program that did not count, so nobody can tell.
ALTER TABLE reservations ADD COLUMN sequence INTEGER;
`;

const GO_POOLS = `
-- Only in what was imported from a Go daemon's store, verbatim, for an export: its last_pool_config.
ALTER TABLE pools ADD COLUMN go_last_pool_config TEXT;
`;

const NODE = `
-- The node whose daemon had the store last, and whose the shares are. NULL: not known, as before there was this column.
ALTER TABLE meta ADD COLUMN node_name TEXT;
`;

/** Every schema there has been, oldest first; a released one is never edited. */
export const MIGRATIONS: readonly Migration[] = [
  { schema: 1, oldestReader: 1, sql: FIRST },
  { schema: 2, oldestReader: 1, sql: SEQUENCE },
  { schema: 3, oldestReader: 1, sql: GO_POOLS },
  { schema: 4, oldestReader: 1, sql: NODE },
];
