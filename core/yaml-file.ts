import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { cut, inert } from './inert.ts';
import { didYouMean } from './nearest.ts';
import * as z from './zod.ts';

/** What is wrong with one field of a file. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface YamlFile<S extends z.ZodMiniType> {
  /** For the messages. */
  readonly file: string;
  /** What the file is, in a word: `policy`. */
  readonly what: string;
  readonly schema: S;
  /** Faults that the schema does not see, looked for in whatever was written, so that no other fault hides them. */
  readonly faultsIn: (written: unknown) => readonly Fault[];
}

/** Of more values than these a message names none but the nearest. */
const MAX_NAMED = 20;

/**
 * What a file written in YAML says, or else every fault of it in the order of its lines: file, line, field, what is
 * wrong, and the nearest name where one is misspelt.
 */
export function parseYamlFile<S extends z.ZodMiniType>(
  yaml: string,
  { file, what, schema, faultsIn }: YamlFile<S>,
): { readonly value: z.infer<S> } | { readonly faults: readonly string[] } {
  const deployed = deployedContent(yaml);
  const known = deployed === undefined ? undefined : schema.safeParse(deployed);
  if (known?.success && faultsIn(deployed).length === 0) return { value: known.data };
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const told = (faults: readonly { readonly offset: number; readonly message: string }[]) => ({
    faults: [...faults]
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, message }) => `${file}:${lines.linePos(offset).line}: ${inert(message)}`),
  });
  if (document.errors.length > 0) {
    return told(
      document.errors.map(({ code, message, pos }) => ({ offset: pos[0], message: yamlFault(code, what) ?? message })),
    );
  }

  const written = contentOf(document);
  if ('fault' in written) return told([{ offset: 0, message: written.fault }]);
  const parsed = schema.safeParse(written.value);
  const faults = [
    ...(parsed.error?.issues.flatMap((issue) => faultsOf(issue, document, schema)) ?? []),
    ...faultsIn(written.value),
  ];
  if (parsed.success && faults.length === 0) return { value: parsed.data };
  return told(
    faults.map(({ path, message }) => ({
      offset: offsetOf(document, path),
      message: `${path.map(String).join('.') || `the ${what}`}: ${message}`,
    })),
  );
}

/**
 * What a file says that a deployment wrote: JSON, without a parser of YAML. Of what somebody else wrote, keys that are there
 * twice would not be seen.
 */
function deployedContent(yaml: string): unknown {
  try {
    const content: unknown = JSON.parse(yaml);
    return JSON.stringify(content) === yaml ? content : undefined;
  } catch {
    return undefined;
  }
}

/** The fields of a part of what was written; none of what has none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function yamlFault(code: string, what: string): string | undefined {
  if (code === 'DUPLICATE_KEY') return 'the key on this line was there before';
  return code === 'MULTIPLE_DOCS' ? `a second document begins here; a ${what} is one` : undefined;
}

/** What a document says; not every one can be told: aliases may lead nowhere, or to more than memory holds. */
function contentOf(document: Document): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: document.toJS() ?? {} };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function faultsOf(issue: z.core.$ZodIssue, document: Document, schema: z.core.$ZodType): Fault[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = namesAt(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `no such setting${didYouMean(key, known)}; there are ${known.join(', ')}`,
    }));
  }
  const node = nodeAt(document, path);
  const seen = isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : undefined;
  const message =
    issue.code === 'invalid_value' && issue.values.length <= MAX_NAMED
      ? `expected ${issue.values.join(', ')}`
      : issue.code === 'invalid_type'
        ? issue.message
            .replace(/^Invalid input: expected (?:object|record), .*/, 'expected names and values')
            .replace(/^Invalid input: expected array, .*/, 'expected a list')
        : issue.message;
  if (seen === undefined) return [{ path, message: node === undefined ? `${message}, but it is missing` : message }];
  const meant = issue.code === 'invalid_value' ? didYouMean(seen, issue.values.map(String)) : '';
  return [{ path, message: `${message}, seen "${cut(seen, 80)}"${meant}` }];
}

/** The names that an object of the schema may have at a path. */
function namesAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodMiniOptional || schema instanceof z.ZodMiniDefault)
    return namesAt(schema.def.innerType, path);
  if (schema instanceof z.ZodMiniUnion) return schema.def.options.flatMap((option) => namesAt(option, path));
  const [key, ...rest] = path;
  if (schema instanceof z.ZodMiniObject) {
    const below = key === undefined ? undefined : schema.shape[String(key)];
    return below ? namesAt(below, rest) : Object.keys(schema.shape);
  }
  if (schema instanceof z.ZodMiniArray) return namesAt(schema.def.element, rest);
  return schema instanceof z.ZodMiniRecord ? namesAt(schema.def.valueType, rest) : [];
}

/** The node that was written at a path; a list's only element may stand in the list's place. */
function nodeAt(document: Document, path: readonly PropertyKey[]): unknown {
  const node: unknown = document.getIn(path, true);
  const holder: unknown = document.getIn(path.slice(0, -1), true);
  return node === undefined && isScalar(holder) ? holder : node;
}

/** Where a field, or the nearest part of its path that was written, begins in the file. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const holder: unknown = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const node: unknown = isMap(holder)
      ? holder.items.find(({ key }) => isScalar(key) && key.value === last)?.key
      : isSeq(holder) && holder.items[Number(last)];
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
