import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { LOG_SOURCE_IDS } from '../core/log-sources/log-source.ts';
import { RUNBOOK_HEADINGS } from './runbook.ts';

const USAGE = `usage: npm run new ${LOG_SOURCE_IDS.join('|')}/thing-and-act`;

const [id = ''] = process.argv.slice(2);
const [source, slug, ...rest] = id.split('/');

if (id === '--help' || id === '-h') {
  process.stdout.write(
    `Makes the folder of a detector: detectors/ID with a detector.ts, a runbook.md and a place for samples.\n\n${USAGE}\n\n` +
      '  npm run new k8s-audit/namespace-deleted\n\ndocs/writing-a-detector.md goes on from there.\n',
  );
  process.exit(0);
}
if (!LOG_SOURCE_IDS.includes(source as never) || !slug || rest.length > 0 || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug)) {
  process.stderr.write(`${USAGE}   (seen: "${id}")\n`);
  process.exit(2);
}

const folder = new URL(`../detectors/${id}/`, import.meta.url);
if (existsSync(folder)) {
  process.stderr.write(`detectors/${id} exists already\n`);
  process.exit(2);
}

const when =
  source === 'cloudtrail'
    ? "{ actions: ['eks:CreateAccessEntry'], outcomes: ['succeeded'] }"
    : "{ verbs: ['create'], resources: ['pods'], outcomes: ['succeeded'] }";

mkdirSync(new URL('samples/', folder), { recursive: true });
writeFileSync(
  new URL('detector.ts', folder),
  `import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/${source}/${source === 'cloudtrail' ? 'predicates' : 'identity'}.ts';

export default defineDetector({
  id: '${id}',
  title: 'What happened, in a few words',
  description: 'Why it matters, in a sentence or two.',
  severity: 'medium',
  mitre: ['TA0002:T1609'],
  source: '${source}',
  covers: [],
  when: ${when},

  detect(event) {
    return {
      title: \`\${actorName(event)} did what to which object\`,
      dedup: [actorName(event)],
      evidence: {},
    };
  },
});
`,
);
writeFileSync(
  new URL('runbook.md', folder),
  `# ${slug}\n\n${RUNBOOK_HEADINGS.map((heading) => `## ${heading}\n`).join('\n')}`,
);
process.stdout.write(
  `detectors/${id}: write detector.ts, runbook.md and samples/fires-*.json, samples/quiet-*.json; then npm run gen\n`,
);
