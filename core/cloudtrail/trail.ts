import { orAbsent, text } from '../fields.ts';
import * as z from '../zod.ts';
import {
  blocksField,
  deniedResourceOf,
  flagField,
  gravest,
  isForeign,
  parametersWithheld,
  textField,
  textsField,
  type Weight,
  weight,
} from './parameters.ts';
import { actionOf, parametersOf, stringParameter } from './predicates.ts';
import type { CloudTrailEvent } from './schema.ts';

/** The trail or event data store that the call names, by its name or ARN, without the ARN's front. */
export function trailOf(event: CloudTrailEvent): string | undefined {
  const named =
    stringParameter(event, 'name') ??
    stringParameter(event, 'trailName') ??
    stringParameter(event, 'eventDataStore') ??
    deniedResourceOf(event);
  return named?.split('/').at(-1);
}

/** What one selector records of the management events, and what it leaves out besides. */
interface Coverage {
  readonly reads: boolean;
  readonly writes: boolean;
  readonly narrowed?: Weight | undefined;
}

const eventSelector = orAbsent(
  z.object({
    includeManagementEvents: flagField,
    readWriteType: textField,
    excludeManagementEventSources: textsField,
  }),
);

const fieldSelector = z.catch(
  z.object({
    field: textField,
    equals: textsField,
    startsWith: textsField,
    endsWith: textsField,
    notEquals: textsField,
    notStartsWith: textsField,
    notEndsWith: textsField,
  }),
  {
    field: undefined,
    equals: undefined,
    startsWith: undefined,
    endsWith: undefined,
    notEquals: undefined,
    notStartsWith: undefined,
    notEndsWith: undefined,
  },
);

type FieldSelector = z.infer<typeof fieldSelector>;

const advancedSelector = z.catch(z.object({ fieldSelectors: z.catch(blocksField(fieldSelector), []) }), {
  fieldSelectors: [],
});

const selectors = z.object({
  eventSelectors: orAbsent(blocksField(eventSelector)),
  advancedEventSelectors: orAbsent(blocksField(advancedSelector)),
});

/** AWS's own suggestion for saving cost: services that log great numbers of events of little use. */
const NOISY_SOURCES = new Set(['kms.amazonaws.com', 'rdsdata.amazonaws.com']);

/** What a call that sets what a trail records takes away; `undefined` where all management events are recorded. */
export function weighSelectors(event: CloudTrailEvent): Weight | undefined {
  switch (actionOf(event)) {
    case 'cloudtrail:PutInsightSelectors':
      return weighInsights(event);
    case 'cloudtrail:PutEventConfiguration':
      return {
        severity: 'low',
        severityReason: 'size and added context of events were set; large ones may be cut now',
      };
    default:
      return weighEventSelectors(event);
  }
}

function weighInsights(event: CloudTrailEvent): Weight | undefined {
  const { insightSelectors } = parametersOf(event.requestParameters);
  if (Array.isArray(insightSelectors) && insightSelectors.length > 0) return undefined;
  return { severity: 'low', severityReason: 'unusual numbers of calls are no longer pointed out' };
}

/** An event is recorded if any one selector wants it, so a further selector for data events takes nothing away. */
function weighEventSelectors(event: CloudTrailEvent): Weight | undefined {
  const { eventSelectors, advancedEventSelectors } = selectors.parse({
    ...parametersOf(event.responseElements),
    ...parametersOf(event.requestParameters),
  });
  if (!eventSelectors && !advancedEventSelectors) {
    return { severity: 'high', severityReason: 'the record does not say what the trail records now' };
  }
  const coverages = [...(eventSelectors ?? []).map(classicCoverage), ...(advancedEventSelectors ?? []).map(coverageOf)];
  const managing = coverages.filter((coverage) => coverage !== undefined);
  return gravest([
    weight(!managing.some(({ writes }) => writes), 'critical', 'changes to the account are no longer recorded'),
    weight(!managing.some(({ reads }) => reads), 'high', 'reading calls are no longer recorded'),
    leastNarrowed(managing.filter(({ writes }) => writes)),
    leastNarrowed(managing.filter(({ reads }) => reads)),
  ]);
}

function leastNarrowed(coverages: readonly Coverage[]): Weight | undefined {
  if (coverages.some(({ narrowed }) => !narrowed)) return undefined;
  return ['medium', 'high', 'critical']
    .map((severity) => coverages.find(({ narrowed }) => narrowed?.severity === severity)?.narrowed)
    .find((narrowed) => narrowed !== undefined);
}

function classicCoverage(selector: z.infer<typeof eventSelector>): Coverage | undefined {
  if (!selector || selector.includeManagementEvents === false) return undefined;
  const { readWriteType = 'All', excludeManagementEventSources: excluded = [] } = selector;
  return {
    reads: readWriteType !== 'WriteOnly',
    writes: readWriteType !== 'ReadOnly',
    narrowed: excluded.length > 0 ? weighExclusion('eventSource', excluded) : undefined,
  };
}

function coverageOf({ fieldSelectors }: z.infer<typeof advancedSelector>): Coverage | undefined {
  if (!fieldSelectors.some(({ field, equals }) => field === 'eventCategory' && equals?.includes('Management'))) {
    return undefined;
  }
  const readOnly = fieldSelectors.find(({ field }) => field === 'readOnly')?.equals?.[0]?.toLowerCase();
  const filters = fieldSelectors.filter(({ field }) => field !== 'eventCategory' && field !== 'readOnly');
  return {
    reads: readOnly !== 'false',
    writes: readOnly !== 'true',
    narrowed: gravest(filters.map(weighFilter)),
  };
}

function weighFilter({ field = 'an unknown field', ...operators }: FieldSelector): Weight {
  const { equals, startsWith, endsWith, notEquals, notStartsWith, notEndsWith } = operators;
  const wanted = [equals, startsWith, endsWith].flatMap((values) => values ?? []);
  if (wanted.length > 0) {
    return { severity: 'critical', severityReason: `records only events whose ${field} is ${wanted.join(', ')}` };
  }
  if (notStartsWith?.length || notEndsWith?.length) {
    const affixes = [notStartsWith, notEndsWith].flatMap((values) => values ?? []);
    return {
      severity: 'critical',
      severityReason: `leaves out every ${field} that begins or ends with ${affixes.join(', ')}`,
    };
  }
  return weighExclusion(field, notEquals ?? []);
}

function weighExclusion(field: string, values: readonly string[]): Weight {
  const noisy = field === 'eventSource' && values.length > 0 && values.every((value) => NOISY_SOURCES.has(value));
  return noisy
    ? { severity: 'medium', severityReason: `leaves out ${values.join(', ')}, as people do to save cost` }
    : {
        severity: 'high',
        severityReason: `leaves out events whose ${field} is ${values.join(', ') || 'not readable'}`,
      };
}

const trailUpdate = z.object({
  s3BucketName: textField,
  s3KeyPrefix: textField,
  snsTopicName: text,
  cloudWatchLogsLogGroupArn: text,
  cloudWatchLogsRoleArn: text,
  kmsKeyId: text,
  isMultiRegionTrail: flagField,
  includeGlobalServiceEvents: flagField,
  isOrganizationTrail: flagField,
  enableLogFileValidation: flagField,
});

/** What a call sets of a trail; an empty text takes the setting away. */
export type TrailUpdate = z.infer<typeof trailUpdate>;

/** The settings that `UpdateTrail` or `CreateTrail` names. CloudTrail's answer is the whole trail, changed or not, so it is not read. */
export function trailUpdateOf(event: CloudTrailEvent): TrailUpdate {
  return trailUpdate.parse(parametersOf(event.requestParameters));
}

/** What the new settings of a trail take away, or where they send its records. */
export function weighTrailUpdate(event: CloudTrailEvent): Weight | undefined {
  if (parametersWithheld(event)) {
    return { severity: 'high', severityReason: 'the record does not say what was changed' };
  }
  const update = trailUpdateOf(event);
  const {
    cloudWatchLogsLogGroupArn: logGroup,
    cloudWatchLogsRoleArn: role,
    kmsKeyId: key,
    snsTopicName: topic,
  } = update;
  return gravest([
    weight(logGroup === '' || role === '', 'critical', 'delivery to CloudWatch Logs was cut'),
    weight(isForeign(logGroup, event), 'critical', 'the log group belongs to another account'),
    weight(isForeign(key, event), 'critical', 'the key belongs to another account, which can make the logs unreadable'),
    weight(isForeign(topic, event), 'high', 'the SNS topic belongs to another account'),
    weight(update.isMultiRegionTrail === false, 'high', 'other regions are no longer recorded'),
    weight(
      update.includeGlobalServiceEvents === false,
      'high',
      'IAM, STS and other global services are no longer recorded',
    ),
    weight(update.isOrganizationTrail === false, 'high', 'member accounts are no longer recorded'),
    weight(topic === '', 'high', 'nobody is told of new log files any more'),
    weight(
      Boolean(logGroup || update.s3BucketName || update.s3KeyPrefix || topic || key),
      'high',
      'it names where the records go or with which key; whether that is new, one event cannot tell',
    ),
    weight(
      update.enableLogFileValidation === false,
      'medium',
      'changed log files can no longer be told from genuine ones',
    ),
    weight(key === '', 'medium', 'log files are no longer encrypted with a key of yours'),
  ]);
}
