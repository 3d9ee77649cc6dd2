import { availableParallelism } from 'node:os';

// No global that jest fakes is among them: modules would keep the real one.
const languageGlobals = (
  'Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Error Int32Array JSON Map Math Number ' +
  'Object Promise RangeError Reflect RegExp Set SharedArrayBuffer String Symbol TypeError Uint32Array Uint8Array WeakMap'
).split(' ');

// Tests run the TypeScript sources through swc; daemons and workers run from dist, so build first.
const project = (name, testMatch) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testMatch,
  transform: { '^.+\\.[jt]s$': '<rootDir>/test/setup/transform.mjs' },
  // smol-toml and eventemitter3 and their like ship ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(smol-toml|eventemitter3|koffi|fzstd|fast-check|pure-rand)/)'],
  // It has the manifest of client/ again.
  modulePathIgnorePatterns: ['<rootDir>/dist/imagectl'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Parameters of each module rather than globals: test/setup/transform.mjs says why.
  sandboxInjectedGlobals: languageGlobals,
});

export default {
  // Most of them wait for other processes: with one for each processor of a small machine, processors wait, too.
  maxWorkers: Math.max(3, availableParallelism() - 1),
  // Tests wait for real processes, on machines that may be busy.
  testTimeout: 30_000,
  projects: [
    project('unit', [
      '<rootDir>/test/{build,idl,codegen,rpc,oci,sys,store,archive,registry,signature,runtime,service,daemon,client,hostile,protocol,proof}/**/*.test.ts',
    ]),
    project('interop', ['<rootDir>/test/interop/**/*.test.ts']),
  ],
};
