// What imagectl takes from its surroundings: the only file of the client that reads the process.

/** What a run of imagectl is given. */
export interface Surroundings {
  /** The words behind the program's name. */
  readonly args: readonly string[];
  /** Where the service listens unless `--url` says otherwise. */
  readonly address: string;
  readonly pid: number;
}

/** The command line and the environment of this process. */
export function readSurroundings(): Surroundings {
  const { IMAGED_ADDRESS: address } = process.env;
  return {
    args: process.argv.slice(2),
    address:
      address === undefined || address === '' ? defaultAddress(process.getuid?.(), process.env) : address,
    pid: process.pid,
  };
}

/** Root's service, or the user's own. */
export function defaultAddress(
  uid: number | undefined,
  environment: { readonly XDG_RUNTIME_DIR?: string | undefined },
): string {
  if (uid === 0) return 'unix:/run/imaged/io.podman';
  return `unix:${environment.XDG_RUNTIME_DIR || `/run/user/${uid}`}/imaged/io.podman`;
}
