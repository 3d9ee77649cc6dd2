import { describe, expect, it } from '@jest/globals';
import { InvalidEventQueryError, parseEventQuery } from '../../../src/runtime/events/event-query.js';
import type { Event } from '../../../src/runtime/events/event.js';

const pull: Event = {
  type: 'image',
  status: 'pull',
  id: 'abcdef',
  name: 'localhost/a:1',
  image: '',
  time: '2020-09-13T12:26:40Z',
  at: 1_600_000_000_000_000_000n,
};
const untag: Event = { ...pull, status: 'untag' };
const commit: Event = {
  ...pull,
  type: 'container',
  status: 'commit',
  id: 'fedcba',
  name: 'cc',
  image: 'localhost/a:1',
  attributes: { color: 'a=b', empty: '' },
};
const volume: Event = { ...pull, type: 'volume', status: 'create', id: '', name: 'data' };
const build: Event = { ...pull, status: 'build' };
const network: Event = { ...pull, type: 'network', status: 'create' };
const all = [pull, untag, commit, volume, build, network];

function matching(filter: readonly string[], times: { since?: string; until?: string } = {}): Event[] {
  const { matches } = parseEventQuery({ filter, since: '', until: '', ...times });
  return all.filter((event) => matches(event));
}

describe('a query of events', () => {
  it('wants all that clients of the original can read', () => {
    expect(matching([])).toEqual([pull, untag, commit, volume]);
    expect(matching(['image=abc'])).toEqual([pull, untag]);
  });

  it('wants newer ones if it names what they are', () => {
    expect(matching(['event=build'])).toEqual([build]);
    expect(matching(['type=network'])).toEqual([network]);
  });

  it.each([
    ['container=cc', [commit]],
    ['container=fed', [commit]],
    ['container=abc', []],
    ['IMAGE=localhost/a:1', [pull, untag]],
    ['volume=data', [volume]],
    ['pod=abc', []],
    ['status=commit', [commit]],
    ['type=container', [commit]],
    ['label=color', [commit]],
    ['label=color=a=b', [commit]],
    ['label=color=a', []],
    ['label=empty=', [commit]],
    ['label=toString', []],
  ])('understands %s', (filter, expected) => {
    expect(matching([filter])).toEqual(expected);
  });

  it('takes filters of one key for alternatives, and wants one of each key', () => {
    expect(matching(['event=pull', 'event=untag'])).toEqual([pull, untag]);
    expect(matching(['event=pull', 'event=commit', 'type=image'])).toEqual([pull]);
    expect(matching(['event=pull', 'status=untag'])).toEqual([]);
  });

  it('wants what lies between its times, without them', () => {
    expect(matching([], { since: '2020-09-13T12:26:39.999999999Z' })).toHaveLength(4);
    expect(matching([], { since: '2020-09-13T12:26:40Z' })).toEqual([]);
    expect(matching([], { until: '2020-09-13T12:26:40Z' })).toEqual([]);
    expect(matching([], { until: '2020-09-13T14:26:40.000000001+02:00' })).toHaveLength(4);
  });

  it.each([
    [{ filter: ['pull'] }, 'pull is an invalid filter'],
    [{ filter: ['color=red'] }, 'color is an invalid filter'],
    [{ since: 'soon' }, 'unable to convert since time of soon: unable to interpret time value'],
    [{ until: 'late' }, 'unable to convert until time of late: unable to interpret time value'],
  ])('is refused when it is %j', (wrong, reason) => {
    const parse = () => parseEventQuery({ filter: [], since: '', until: '', ...wrong });
    expect(parse).toThrow(new InvalidEventQueryError(`unable to generate event options: ${reason}`));
  });
});
