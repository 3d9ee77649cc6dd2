// Addresses that start a program: what is run for them, and what is refused.
import { describe, expect, it } from '@jest/globals';
import { parseClientAddress } from '../../src/rpc/client-address.js';

const bridge = ['imagectl', 'bridge'];

describe('an address that starts a program', () => {
  it.each([
    ['exec:/usr/bin/service --option', 'descriptor', ['/bin/sh', '-c', 'exec /usr/bin/service --option']],
    ['exec:"/with blank/service"', 'descriptor', ['/bin/sh', '-c', 'exec "/with blank/service"']],
    ['bridge:varlink bridge', 'stdio', ['/bin/sh', '-c', 'exec varlink bridge']],
    ['ssh:host', 'stdio', ['ssh', '-T', '--', 'host', 'imagectl bridge']],
    ['ssh:me@host.example.org', 'stdio', ['ssh', '-T', '--', 'me@host.example.org', 'imagectl bridge']],
    ['ssh://host', 'stdio', ['ssh', '-T', '--', 'host', 'imagectl bridge']],
    ['ssh://me@host:2222/', 'stdio', ['ssh', '-T', '-p', '2222', '--', 'me@host', 'imagectl bridge']],
    [
      'ssh://[::1]:22/run/a',
      'stdio',
      ['ssh', '-T', '-p', '22', '--', '::1', 'imagectl bridge --connect unix:/run/a'],
    ],
    ['ssh:[fe80::1%eth0]', 'stdio', ['ssh', '-T', '--', 'fe80::1%eth0', 'imagectl bridge']],
    ['ssh:me@[::1]:/run/a', 'stdio', ['ssh', '-T', '--', 'me@::1', 'imagectl bridge --connect unix:/run/a']],
    [
      'ssh:host:/run/a b;rm -rf $HOME',
      'stdio',
      ['ssh', '-T', '--', 'host', "imagectl bridge --connect 'unix:/run/a b;rm -rf $HOME'"],
    ],
    ["ssh:host:/it's", 'stdio', ['ssh', '-T', '--', 'host', "imagectl bridge --connect 'unix:/it'\\''s'"]],
    ['ssh-exec:host:sudo -n varlink bridge', 'stdio', ['ssh', '-T', '--', 'host', 'sudo -n varlink bridge']],
  ])('is taken apart: %s', (text, passing, command) => {
    expect(parseClientAddress(text, { bridge })).toEqual({ kind: 'program', passing, command });
  });

  it('tells ssh what it is to be told besides the host', () => {
    expect(parseClientAddress('ssh://host:1', { bridge, sshOptions: ['-i', '/key'] })).toMatchObject({
      command: ['ssh', '-T', '-i', '/key', '-p', '1', '--', 'host', 'imagectl bridge'],
    });
  });

  it('runs the bridge of libvarlink on other hosts unless told otherwise', () => {
    expect(parseClientAddress('ssh:host')).toMatchObject({
      command: expect.arrayContaining(['varlink bridge']),
    });
  });

  it.each([
    ['exec:', 'the command is empty'],
    ['exec:  ', 'the command is empty'],
    ['bridge:a\0b', 'the command has a NUL in it'],
    ['ssh:', 'expected [USER@]HOST behind ssh:'],
    ['ssh:-oProxyCommand=touch x', 'expected [USER@]HOST behind ssh:'],
    ['ssh:-oProxyCommand=x@host', 'expected [USER@]HOST behind ssh:'],
    ['ssh:me@-v', 'expected [USER@]HOST behind ssh:'],
    ['ssh:$(touch x)', 'expected [USER@]HOST behind ssh:'],
    ['ssh:host name', 'expected [USER@]HOST behind ssh:'],
    ['ssh:a@b@c', 'expected [USER@]HOST behind ssh:'],
    ['ssh:[::1', 'expected [USER@]HOST behind ssh:'],
    ['ssh:host:', 'nothing behind the host'],
    ['ssh:host:run/a', 'the path on the other host must be absolute'],
    ['ssh:host:22', 'the path on the other host must be absolute'],
    ['ssh:host:/a\0b', 'there is a NUL in it'],
    ['ssh-exec:host', 'the command is empty'],
    ['ssh-exec:-v:ls', 'expected [USER@]HOST behind ssh-exec:'],
    ['http://x', 'expected unix:PATH, unix:@NAME, tcp:HOST:PORT or tls:HOST:PORT'],
    ['ssh://-oProxyCommand=x', 'expected ssh://[USER@]HOST[:PORT][/PATH]'],
    ['ssh://me@-v/run/a', 'expected ssh://[USER@]HOST[:PORT][/PATH]'],
    ['ssh://host:70000', 'expected ssh://[USER@]HOST[:PORT][/PATH]'],
    ['ssh://host:22 -v', 'expected ssh://[USER@]HOST[:PORT][/PATH]'],
    ['ssh://$(id)@host', 'expected ssh://[USER@]HOST[:PORT][/PATH]'],
  ])('is refused: %j', (text, problem) => {
    expect(() => parseClientAddress(text)).toThrow(`address ${text}: ${problem}`);
  });

  it('is one of those of every socket otherwise', () => {
    expect(parseClientAddress('unix:/run/a;mode=0666')).toMatchObject({ kind: 'unix', path: '/run/a' });
    expect(parseClientAddress('tcp:[::1]:80')).toEqual({ kind: 'tcp', host: '::1', port: 80 });
  });
});
