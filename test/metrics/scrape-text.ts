// SPDX-License-Identifier: Apache-2.0
// A reader of Prometheus' text format (version 0.0.4) that takes nothing for granted: it throws where a scraper might
// guess or drop something.

export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
};

type Open = Omit<Family, "samples"> & { readonly samples: Sample[] };

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/** The families by name. Throws an Error that names the line. */
export function parseScrape(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, Open>();
  const series = new Set<string>();
  let current: Open | undefined;
  text.split("\n").forEach((line, i) => {
    const refuse = (what: string): never => {
      throw new Error(`line ${i + 1}: ${what}: ${line}`);
    };
    if (line === "") return;
    if (line.startsWith("#")) {
      const [, kind, name = "", rest = ""] =
        /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? refuse("no HELP or TYPE");
      if (kind === "HELP") {
        if (families.has(name)) refuse("the family was there before");
        current = { name, help: rest, type: "", samples: [] };
        families.set(name, current);
      } else if (current?.name !== name || current.type !== "" || SUFFIXES[rest] === undefined) {
        refuse("TYPE must follow its HELP, once, with a known type");
      } else {
        current = { ...current, type: rest };
        families.set(name, current);
      }
      return;
    }
    const sample = parseSample(line, refuse);
    const known = (SUFFIXES[current?.type ?? ""] ?? []).map((suffix) => `${current?.name}${suffix}`);
    if (!known.includes(sample.name)) refuse("the sample is not of the family above it");
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (series.has(key)) refuse("the series was there before");
    series.add(key);
    current?.samples.push(sample);
  });
  for (const family of families.values()) checkFamily(family);
  return families;
}

function parseSample(line: string, refuse: (what: string) => never): Sample {
  const name = NAME.exec(line)?.[0] ?? refuse("no metric name");
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    do {
      rest = rest.slice(1);
      const [all, label, value] = LABEL.exec(rest) ?? refuse("no label");
      if (label! in labels) refuse("a label twice");
      labels[label!] = value!.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
      rest = rest.slice(all.length);
    } while (rest.startsWith(","));
    if (!rest.startsWith("}")) refuse("labels do not end");
    rest = rest.slice(1);
  }
  const number = rest.slice(1);
  if (!rest.startsWith(" ") || !NUMBER.test(number)) refuse("no value");
  return { name, labels, value: number.endsWith("Inf") ? Number(`${number}inity`) : Number(number) };
}

function checkFamily({ name, help, type, samples }: Family): void {
  const refuse = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (help === "" || type === "") refuse("lacks HELP or TYPE");
  if ((type === "counter") !== name.endsWith("_total"))
    refuse("a counter, and nothing else, ends with _total");
  if (/_(ms|milliseconds|kb|mb|info_total)$|_(bucket|sum|count)$/.test(name))
    refuse("no name of the conventions");
  if (type === "counter" && samples.some(({ value }) => !(value >= 0 && value < Number.POSITIVE_INFINITY)))
    refuse("a counter is finite and not negative");
  if (type === "histogram") checkHistogram(name, samples, refuse);
}

function checkHistogram(name: string, samples: readonly Sample[], refuse: (what: string) => never): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) =>
      labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le),
    );
    if (bounds.some((bound, i) => Number.isNaN(bound) || (i > 0 && bound <= bounds[i - 1]!)))
      refuse("buckets have no rising bounds");
    if (buckets.some(({ value }, i) => i > 0 && value < buckets[i - 1]!.value))
      refuse("buckets do not add up");
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || buckets.at(-1)?.value !== count)
      refuse("the last bucket is not the count");
    if (!group.some((sample) => sample.name === `${name}_sum`)) refuse("lacks its sum");
  }
}

/** The value of the one series with this name and these labels, which may be a part of its labels; undefined: none. */
export function findValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  if (found.length > 1) throw new Error(`${name} has ${found.length} series with ${JSON.stringify(labels)}`);
  return found[0]?.value;
}
