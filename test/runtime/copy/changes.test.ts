// Changes as podman's import takes them.
import { describe, expect, it } from '@jest/globals';
import { InvalidChangeError, parseChanges } from '../../../src/runtime/copy/changes.js';

const nothing = { exposedPorts: [], env: [], volumes: [], labels: {}, onBuild: [] };

describe('changes', () => {
  it.each<[readonly string[], object]>([
    [[], {}],
    [['USER root'], { user: 'root' }],
    [['USER=root:wheel'], { user: 'root:wheel' }],
    [['EXPOSE 80', 'EXPOSE=53/UDP'], { exposedPorts: ['80/tcp', '53/udp'] }],
    [['ENV=a=b'], { env: ['a=b'] }],
    [
      ['ENV a=b c', 'ENV a', 'ENV "x"="y z"', 'ENV a=1', 'ENV a==', 'ENV q="'],
      { env: ['a=b c', 'a=', 'x=y z', 'a=1', 'a==', 'q='] },
    ],
    [['ENTRYPOINT ["/a", "b"]'], { entrypoint: ['/a', 'b'] }],
    [['ENTRYPOINT /a b'], { entrypoint: ['/bin/sh', '-c', '/a b'] }],
    [['ENTRYPOINT '], { entrypoint: [] }],
    [['CMD=["a"]'], { cmd: ['a'] }],
    [['CMD=/bin/sh'], { cmd: ['/bin/sh', '-c', '/bin/sh'] }],
    [['CMD '], { cmd: ['/bin/sh', '-c'] }],
    [['CMD null'], { cmd: [] }],
    [['CMD ["a",null]'], { cmd: ['a', ''] }],
    [['CMD ["a",1]'], { cmd: ['/bin/sh', '-c', '["a",1]'] }],
    [['CMD {}'], { cmd: ['/bin/sh', '-c', '{}'] }],
    [['VOLUME /a /b', 'VOLUME ["/c d"]'], { volumes: ['/a', '/b', '/c d'] }],
    [['WORKDIR /A', 'WORKDIR b'], { workingDir: '/A/b' }],
    [['WORKDIR /A', 'WORKDIR /B/'], { workingDir: '/A/B' }],
    [['WORKDIR /A/../..'], { workingDir: '/' }],
    [['STOPSIGNAL SIGTERM'], { stopSignal: '15' }],
    [['STOPSIGNAL -hup'], { stopSignal: '1' }],
    [['STOPSIGNAL 64'], { stopSignal: '64' }],
    [['STOPSIGNAL RTMIN+3'], { stopSignal: '37' }],
    [['STOPSIGNAL SIGRTMAX-1'], { stopSignal: '63' }],
    [['ONBUILD RUN x', 'OnBuild  RUN y'], { onBuild: ['RUN x', 'RUN y'] }],
  ])('%j', (changes, expected) => {
    expect(parseChanges(changes)).toEqual({ ...nothing, ...expected });
  });

  it('of labels may have any key', () => {
    const { labels } = parseChanges(['LABEL a=b c=d', 'LABEL __proto__=x', 'LABEL "k"="v"', 'LABEL e=']);
    expect(Object.entries(labels)).toEqual([
      ['a', 'b c=d'],
      ['__proto__', 'x'],
      ['k', 'v'],
      ['e', ''],
    ]);
  });

  it.each([
    ['USER', 'must be formatted as KEY VALUE'],
    ['USER ', 'must provide a value to USER'],
    ['EXPOSE 80/tcp/x', 'EXPOSE port must be formatted as PORT[/PROTO]'],
    ['EXPOSE x', 'EXPOSE port must be an integer: strconv.Atoi: parsing "x": invalid syntax'],
    [
      'EXPOSE 99999999999999999999',
      'EXPOSE port must be an integer: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ['EXPOSE 0', 'EXPOSE port must be a valid port number'],
    ['EXPOSE -1', 'EXPOSE port must be a valid port number'],
    ['EXPOSE 65536', 'EXPOSE port must be a valid port number'],
    ['EXPOSE 80/sctp', 'EXPOSE protocol must be TCP or UDP'],
    ['ENV =x', 'ENV must have at least one argument'],
    ['VOLUME null', 'must provide at least one argument to VOLUME'],
    ['VOLUME []', 'must provide at least one argument to VOLUME'],
    ['VOLUME /a  /b', 'VOLUME paths must not be empty'],
    ['WORKDIR ', 'must provide a non-empty WORKDIR'],
    ['LABEL a', 'LABEL must be formatted key=value'],
    ['LABEL ""=b', 'LABEL must have a non-empty key'],
    ['STOPSIGNAL foo', 'KILLSIGNAL must be given a valid signal: invalid signal: foo'],
    ['STOPSIGNAL 0', 'KILLSIGNAL must be given a valid signal: invalid signal: 0'],
    ['STOPSIGNAL 65', 'KILLSIGNAL must be given a valid signal: valid signals are 1 through 64'],
    ['STOPSIGNAL RTMIN-1', 'KILLSIGNAL must be given a valid signal: invalid signal: RTMIN-1'],
    ['ONBUILD ', 'ONBUILD must be given an argument'],
    ['CMD=/bin/sh -c x', 'invalid instruction CMD=/BIN/SH'],
    ['foo x', 'invalid instruction FOO'],
    ['user=a b', 'invalid instruction USER=A'],
    [' CMD x', 'invalid instruction '],
    ['', 'must be formatted as KEY VALUE'],
  ])('refuses %j: %s', (change, reason) => {
    expect(() => parseChanges(['USER ok', change])).toThrow(new InvalidChangeError(change, reason).message);
  });
});
