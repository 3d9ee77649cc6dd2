// How a client on Node 20 reaches abstract sockets, whose names Node fills up with NULs there: through a small program.
import type { ProgramAddress } from './client-address.js';

/** Copies both ways, each until its end. Perl is part of every Debian, and of most others. */
const script = `
use Socket;
$SIG{PIPE} = 'IGNORE';
socket(my $service, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\\n";
connect($service, pack_sockaddr_un("\\0" . shift)) or die "connect: $!\\n";
my $child = fork // die "fork: $!\\n";
my ($from, $to) = $child ? ($service, *STDOUT) : (*STDIN, $service);
while (sysread $from, my $bytes, 65536) {
  while (length $bytes) { substr $bytes, 0, (syswrite($to, $bytes) // exit), '' }
}
shutdown $to, 1;
waitpid $child, 0 if $child;
`;

/** The program that is at the other end of the connection in place of the service with this abstract name. */
export function abstractRelay(name: string): ProgramAddress {
  return { kind: 'program', passing: 'stdio', command: ['perl', '-e', script, name] };
}
