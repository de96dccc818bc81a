// SPDX-License-Identifier: Apache-2.0
import Registry from "prom-client/lib/registry.js";

/** Brings figures up to date before they are read; bounded in time, and never rejects. */
export type Collector = () => Promise<void> | void;

/** What a scrape is answered with. */
export type ScrapeSource = { readonly contentType: string; render(): Promise<string> };

/** All the figures of a process and what a scrape is answered with. */
export class Exposition implements ScrapeSource {
  /** Where a metric is registered. */
  readonly registry = new Registry();
  readonly #collectors: Collector[] = [];
  #rendering: Promise<string> | undefined;

  /** The text format, version 0.0.4, which every scraper reads. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Calls `collector` before each rendering. */
  beforeRender(collector: Collector): void {
    this.#collectors.push(collector);
  }

  /** Scrapes that come while one is being answered share its answer. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  async #render(): Promise<string> {
    await Promise.all(this.#collectors.map((collect) => collect()));
    return this.registry.metrics();
  }
}
