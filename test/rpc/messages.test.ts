// SPDX-License-Identifier: Apache-2.0
// The codec and the tables of lib/rpc/messages against protobufjs, which reads the .proto files.
import { resolve } from "node:path";
import protobuf, { type Field, type Type } from "protobufjs";
import { test } from "tap";
import * as messages from "../../lib/rpc/messages.ts";
import type { MessageType } from "../../lib/rpc/protobuf.ts";
import { type Random, randomFrom } from "./random.ts";

const proto = resolve(import.meta.dirname, "../../proto");
const root = protobuf.loadSync([
  resolve(proto, "nvidia/ipam/node/v1/node.proto"),
  resolve(proto, "grpc/health/v1/health.proto"),
]);

/** Messages that share one table because they share their fields. */
const ALIASES: Readonly<Record<string, string>> = {
  AllocateRequest: "ParametersRequest",
  IsAllocatedRequest: "ParametersRequest",
  DeallocateRequest: "ParametersRequest",
  IsAllocatedResponse: "EmptyResponse",
  DeallocateResponse: "EmptyResponse",
};

type Value = Record<string, unknown>;

function allTypes(): Type[] {
  const packages = ["nvidia.ipam.node.v1", "grpc.health.v1"].map((name) => root.lookup(name));
  return packages.flatMap((found) =>
    (found as protobuf.Namespace).nestedArray.filter((nested) => nested instanceof protobuf.Type),
  );
}

const tables = new Map<string, unknown>(Object.entries(messages));

function ourType(type: Type): MessageType<Value> {
  return tables.get(ALIASES[type.name] ?? type.name) as MessageType<Value>;
}

const NUMBERS = [0, 1, -1, 127, 128, 300, 2 ** 31 - 1, -(2 ** 31)];
const TEXTS = ["", "a", "p\u00e4\u00df", "\u65e5\u672c\u8a9e \u{1f389}", "\0", "x".repeat(300)];

function randomScalar(field: Field, random: Random): unknown {
  switch (field.type) {
    case "string":
      return random.pick(TEXTS);
    case "bool":
      return random.below(2) === 1;
    case "int64":
      return random.pick([...NUMBERS, 1763712643620, 2 ** 53 - 1, -(2 ** 53 - 1)]);
    case "int32":
      return random.pick(NUMBERS);
    default:
      return field.resolvedType instanceof protobuf.Type
        ? randomValue(field.resolvedType, random)
        : random.below(4);
  }
}

/** Every field of the message, absent now and then where it can be. */
function randomValue(type: Type, random: Random): Value {
  const value: Value = {};
  for (const field of type.fieldsArray) {
    field.resolve();
    const isOptional = field.resolvedType instanceof protobuf.Type || field.hasPresence;
    if (field.repeated) {
      value[field.name] = Array.from({ length: random.below(4) }, () => randomScalar(field, random));
    } else if (isOptional && field.type !== "string" && random.below(4) === 0) {
      value[field.name] = undefined;
    } else {
      value[field.name] = randomScalar(field, random);
    }
  }
  return value;
}

/** What protobufjs decoded, in the shape of ours: nothing is left out, absent messages are undefined. */
function asOurs(type: Type, decoded: Value): Value {
  const value: Value = {};
  for (const field of type.fieldsArray) {
    const isMessage = field.resolvedType instanceof protobuf.Type;
    const convert = (one: unknown): unknown =>
      isMessage
        ? asOurs(field.resolvedType as Type, one as Value)
        : field.type === "int64"
          ? Number(one)
          : one;
    const held = Object.hasOwn(decoded, field.name) ? decoded[field.name] : undefined;
    if (field.repeated) value[field.name] = ((held as unknown[]) ?? []).map(convert);
    else if (held !== undefined && held !== null) value[field.name] = convert(held);
    else value[field.name] = isMessage || field.hasPresence ? undefined : field.typeDefault;
    if (field.type === "int64" && !field.repeated) value[field.name] = Number(value[field.name]);
  }
  return value;
}

for (const type of allTypes()) {
  test(`${type.name} both ways`, (t) => {
    const random = randomFrom();
    t.comment(`seed ${random.seed}`);
    const ours = ourType(type);
    for (let round = 0; round < 100; round++) {
      const value = randomValue(type, random);
      const mine = ours.encode(value);
      t.same(asOurs(type, type.decode(mine) as unknown as Value), value, "they read what we write");
      const theirs = type.encode(type.fromObject(value)).finish();
      t.same(ours.decode(theirs), value, "we read what they write");
      t.equal(ours.encode(ours.decode(theirs)).length, mine.length, "and write the same again");
    }
    t.end();
  });

  test(`${type.name} has the fields of the .proto`, (t) => {
    const decoded = ourType(type).decode(new Uint8Array(0));
    t.same(
      Object.keys(decoded),
      type.fieldsArray.map((field) => field.name),
    );
    t.end();
  });
}

test("every table stands for a message of the .proto files", (t) => {
  const known = new Set(allTypes().map((type) => ALIASES[type.name] ?? type.name));
  for (const [name, value] of tables) {
    if (typeof value === "object" && value !== null && "decode" in value) t.ok(known.has(name), name);
  }
  t.end();
});

test("enum numbers and service names are those of the .proto files", (t) => {
  t.same(Object.values(messages.PoolTypeNumber), Object.values(root.lookupEnum("PoolType").values));
  const serving = root.lookupEnum("grpc.health.v1.HealthCheckResponse.ServingStatus");
  t.same(Object.values(messages.ServingStatus), Object.values(serving.values));
  t.ok(root.lookupService(messages.IPAM_SERVICE));
  t.ok(root.lookupService(messages.HEALTH_SERVICE));
  t.end();
});
