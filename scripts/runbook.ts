/** The five headings of a runbook, in their order. */
export const RUNBOOK_HEADINGS = ['What fired', 'Triage', 'False positives', 'Respond', 'Blind spots'] as const;

/** How many commands an alert carries. */
const MAX_NEXT_STEPS = 6;

/** A runbook's second-level sections, by heading, in the order in which they stand. */
export function sectionsOf(runbook: string): Map<string, string> {
  const [, ...sections] = runbook.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end + 1)];
    }),
  );
}

/**
 * The first commands of a runbook's triage: `kubectl` and `aws` lines of its `sh` blocks, `\` continuations joined. One
 * with a placeholder like `<namespace>`, which no alert can fill, is for readers of the runbook only.
 */
export function nextStepsIn(runbook: string): string[] {
  const triage = sectionsOf(runbook).get('Triage') ?? '';
  const blocks = [...triage.matchAll(/^[ \t]*```sh\n([\s\S]*?)^[ \t]*```/gm)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => /^(?:kubectl|aws) /.test(line) && !/<[a-z]/.test(line))
    .slice(0, MAX_NEXT_STEPS);
}
