import { conservation } from '../cli/render/summary.ts';
import type { Received } from './aws.ts';
import { type Outcome, sumOf } from './deployment.ts';
import type { Counts } from './lambda.ts';

/** Everything that came of a run, over all functions. */
export class Accounts {
  readonly mailbox: Received[] = [];
  readonly pager: Received[] = [];
  readonly quarantine: Outcome['quarantine'][number][] = [];
  #detection: Counts = {};
  #publication: Counts = {};
  #absorbed = 0;

  add({ ran, absorbed, mailbox, pager, quarantine }: Outcome): void {
    this.#absorbed += absorbed;
    this.mailbox.push(...mailbox);
    this.pager.push(...pager);
    this.quarantine.push(...quarantine);
    for (const name of ['eks-audit', 'cloudtrail', 'watch'])
      this.#detection = sumOf(this.#detection, ran.get(name) ?? {});
    this.#publication = sumOf(this.#publication, ran.get('publish-alerts') ?? {});
  }

  /** What became of every record and every finding, whichever function saw to it, and how many findings are lost, if any. */
  conservation(): string {
    const { records = 0, quiet = 0, found = 0, quarantined = 0, control = 0, skipped = 0 } = this.#detection;
    const { findings = 0, repeated = 0, muted = 0 } = this.#detection;
    const { alerted = 0, folded = 0 } = this.#publication;
    const told = { alerted, folded: folded + repeated, muted };
    const lost = findings - told.alerted - told.folded - told.muted - this.#absorbed;
    return (
      `${conservation({ records, quiet, found, quarantined, control, skipped, findings }, told)}` +
      ` + absorbed by SQS ${this.#absorbed}${lost === 0 ? '' : `: ${lost} unaccounted for`}`
    );
  }
}
