import { describe, expect, it } from 'vitest';
import { announcementsIn, kindOfTrailObject } from '../../aws/announcement.ts';

const record = (eventName: unknown, s3: unknown) => ({ eventSource: 'aws:s3', eventName, s3 });
const s3 = (key: string) => ({ bucket: { name: 'trail' }, object: { key } });
const notification = (...records: readonly object[]) => JSON.stringify({ Records: records });

describe('an S3 notification', () => {
  it('names its objects, their keys decoded as S3 encodes them', () => {
    expect(announcementsIn(notification(record('ObjectCreated:Put', s3('a+b%2Bc/%C3%A9.json.gz'))))).toEqual([
      { kind: 'created', object: { bucket: 'trail', key: 'a b+c/é.json.gz' } },
    ]);
    expect(announcementsIn(notification(record('ObjectCreated:Put', s3('100%'))))?.[0]).toMatchObject({
      object: { key: '100%' },
    });
  });

  it('is read behind SNS too', () => {
    const Message = notification(record('ObjectCreated:CompleteMultipartUpload', s3('a')));
    expect(announcementsIn(JSON.stringify({ Type: 'Notification', Message }))?.[0]?.kind).toBe('created');
  });

  it('takes no object for announced that was removed, and loses none for a neighbour that cannot be read', () => {
    const mixed = notification(
      record('ObjectRemoved:Delete', s3('gone')),
      record('ObjectCreated:Put', { bucket: {} }),
      record(7, s3('what')),
      record('ObjectCreated:Put', s3('there')),
    );
    expect(announcementsIn(mixed)?.map(({ kind }) => kind)).toEqual(['other', 'unreadable', 'unreadable', 'created']);
  });

  it('is no other text', () => {
    for (const text of ['', '{', 'null', '[]', '{"Records":[]}', '{"Event":"s3:TestEvent"}', '{"Records":[{"a":1}]}'])
      expect(announcementsIn(text)).toBeUndefined();
  });
});

describe('an object beside the logs', () => {
  it.each([
    ['AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/a.json.gz', 'cloudtrail-digest'],
    ['prefix/AWSLogs/o-abc123/111122223333/CloudTrail-Insight/eu-west-1/a.json.gz', 'cloudtrail-insight'],
    ['AWSLogs/111122223333/CloudTrail/eu-west-1/2026/a.json.gz', undefined],
    // Whoever names a prefix like one must not hide the logs under it.
    ['CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/eu-west-1/a.json.gz', undefined],
    ['AWSLogs/111122223333/vpcflowlogs/AWSLogs/111122223333/CloudTrail/eu-west-1/a.json.gz', undefined],
    ['AWSLogs/CloudTrail-Digest/a.json.gz', undefined],
    ['AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/03/01/a.log.gz', 'other-service-log'],
    ['shared/AWSLogs/o-abc123/111122223333/Config/eu-west-1/2026/3/1/ConfigHistory/a.json.gz', 'other-service-log'],
    // What AWS may yet add to CloudTrail is looked at.
    ['AWSLogs/111122223333/CloudTrail-Something/eu-west-1/a.json.gz', undefined],
    ['AWSLogs/111122223333/a.json.gz', undefined],
  ])('%s is %s', (key, kind) => {
    expect(kindOfTrailObject(key)).toBe(kind);
  });
});
