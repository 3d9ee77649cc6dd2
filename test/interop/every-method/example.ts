// One call that shows what a method does, and what it must come to.
import type { Stage } from './stage.js';
import type { Call, Parameters, RawExchange } from './way.js';

/** What is known beforehand, or on the stage only. */
export type Made = Parameters | ((stage: Stage) => Parameters | Promise<Parameters>);

export interface Example {
  /** What is special about this call. */
  readonly title: string;
  /** Absent: the one with everything in it. */
  readonly stage?: 'bare' | 'broken' | 'misconfigured';
  /** In the names of the wire. Asked for before each call, so that it can make what a call uses up. */
  readonly parameters?: Made;
  /** What the last reply has, or, with `error`, the error. Jest's matchers may stand for values. */
  readonly gives: Made;
  /** The full name, or that of an error of the method's own interface. Absent: it succeeds. */
  readonly error?: string;
  /** Absent: without `more`, and where the method streams also with it. */
  readonly modes?: readonly Call['mode'][];
  readonly raw?: RawExchange;
  /** How many ways can make the call; all four when absent. */
  readonly ways?: 2;
  /** What differs from call to call. */
  readonly volatile?: RegExp;
  /** What the call has done besides replying. */
  readonly effect?: {
    readonly of: (stage: Stage, last: Parameters) => unknown;
    readonly is: unknown;
  };
}

export interface MethodExamples {
  /** At least one. */
  readonly succeeds: readonly Example[];
  /** At least one, or why the method cannot fail. */
  readonly fails: readonly Example[] | string;
}
