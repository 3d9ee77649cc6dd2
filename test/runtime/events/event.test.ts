import { describe, expect, it } from '@jest/globals';
import { localTime } from '../../../src/runtime/time.js';
import { eventOf, parseEvent, printEvent } from '../../../src/runtime/events/event.js';

const at = 1_795_310_676_226_271_778n;
const time = localTime(at);

describe('an event', () => {
  it('is the line that Podman writes for an image', () => {
    const event = eventOf({ status: 'pull', id: 'abc', name: 'localhost/a:1' }, at);
    expect(printEvent(event)).toBe(
      `{"ID":"abc","Name":"localhost/a:1","Status":"pull","Time":"${time}","Type":"image"}\n`,
    );
  });

  it('leaves out what it does not have', () => {
    const event = eventOf({ status: 'loadfromarchive', id: '', name: '' }, at);
    expect(printEvent(event)).toBe(`{"Status":"loadfromarchive","Time":"${time}","Type":"image"}\n`);
  });

  it('is the line that Podman writes for a container', () => {
    const commit = {
      type: 'container',
      status: 'commit',
      id: 'abc',
      name: 'cc',
      image: 'localhost/a:1',
    } as const;
    expect(printEvent(eventOf({ ...commit, labels: { x: 'y' } }, at))).toBe(
      `{"ID":"abc","Image":"localhost/a:1","Name":"cc","Status":"commit","Time":"${time}","Type":"container","Attributes":{"x":"y"}}\n`,
    );
  });

  it('is read from what newer writers have, too', () => {
    expect(
      parseEvent(
        `{"Name":"cc","network":"n","Status":"connect","Time":"${time}","Type":"network","Attributes":null}`,
      ),
    ).toEqual({ type: 'network', status: 'connect', id: '', name: 'cc', image: '', time, at });
  });

  it.each([
    ['an empty line', ''],
    ['text', 'hello'],
    ['half a line', '{"ID":"abc","Sta'],
    ['a list', '[1]'],
    ['null', 'null'],
    ['an object without a type', `{"Status":"pull","Time":"${time}"}`],
    ['a type that is no text', `{"Status":"pull","Time":"${time}","Type":{}}`],
    ['a time that is none', '{"Status":"pull","Time":"yesterday","Type":"image"}'],
  ])('is not seen in %s', (_, line) => {
    expect(parseEvent(line)).toBeUndefined();
  });
});
