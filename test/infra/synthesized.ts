import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createApp } from '../../infra/app.ts';
import { writeArtifacts } from '../../infra/artifacts.ts';
import { readSite } from '../../infra/site.ts';
import { type Bundle, functionNames } from '../../scripts/build.ts';

export const TODAY = '2026-11-21';

const folder = mkdtempSync(join(tmpdir(), 'auditwire-infra-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;

/** A new directory that goes when the tests are over. */
export function newFolder(): string {
  const path = join(folder, String(made++));
  mkdirSync(path);
  return path;
}

/** A file with settings, and its policy beside it. */
export function settingsFile(yaml: string, policy = 'version: 1\n'): string {
  const path = newFolder();
  writeFileSync(join(path, 'policy.yaml'), policy);
  writeFileSync(join(path, 'settings.yaml'), yaml);
  return join(path, 'settings.yaml');
}

/** The least that can be deployed. */
export const LEAST = `version: 1
name: auditwire
account: "111122223333"
region: eu-central-1
clusters: [prod-1]
subscribers: [{ name: soc, email: soc@example.com }]
operators: [oncall@example.com]
`;

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is read by whoever knows what it looks for
  readonly Properties: any;
}

/** A stack's template, in which references read `<Logical.Attribute>`. */
export interface Template {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly text: string;
  of(type: string): [string, Resource['Properties']][];
}

const bundles: Bundle[] = functionNames().map((name) => ({
  name,
  file: '',
  code: `// ${name}`,
  bytes: 0,
  modules: {},
}));

/** The templates of a site by stack name; what Lambda would get is not built for it. Throws whatever cdk-nag finds. */
export function synthesized(file: string): Map<string, Template> {
  const site = readSite(file, TODAY);
  const artifacts = writeArtifacts(newFolder(), bundles, site.policy);
  const { stacks } = createApp(site, artifacts, newFolder()).synth();
  return new Map(stacks.map(({ stackName, template }) => [stackName, templateOf(template)]));
}

function templateOf(template: object): Template {
  const text = JSON.stringify(template);
  const { Resources } = JSON.parse(text, (_, value) => flat(value));
  const resources: Record<string, Resource> = Object.fromEntries(
    Object.entries<Resource>(Resources).map(([id, resource]) => [named(id), resource]),
  );
  return {
    resources,
    text,
    of: (type) =>
      Object.entries(resources).flatMap(([id, { Type, Properties }]) =>
        Type === type ? [[id, Properties ?? {}]] : [],
      ),
  };
}

/** References and joined text as one text. */
function flat(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value) return `<${named(String(value.Ref))}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) {
    const [id, attribute] = value['Fn::GetAtt'];
    return `<${named(id)}.${attribute}>`;
  }
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts] = value['Fn::Join'];
    return parts.join(separator);
  }
  return value;
}

/** The CDK ends its names with eight hexadecimal digits. */
function named(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '');
}
