// Answers that are not what was asked for, as errors.
import type { ControlAnswer } from './control.js';
import { RegistryError, codeOfStatus } from './errors.js';
import { answerFailure } from './failure-text.js';
import { parseRetryAfter } from './retry.js';

/** The error of an answer, in the registry's own words. */
export function refusal(op: string, answer: ControlAnswer, host: string): RegistryError {
  const { text, registryCode } = answerFailure(answer);
  const retryAfter = parseRetryAfter(answer.header('retry-after')[0], Date.now());
  const { status } = answer;
  return new RegistryError(codeOfStatus(status), text, { op, host, status, registryCode, retryAfter });
}

/** The same error with what was tried in front of its words. */
export function wrapped(error: RegistryError, what: string, repository: string): RegistryError {
  const { op, host, status, registryCode, retryAfter, reason, cause } = error;
  return new RegistryError(error.code, `${what}: ${error.message}`, {
    op,
    host,
    repository,
    status,
    registryCode,
    retryAfter,
    reason,
    cause,
  });
}
