// The client of org.varlink.certification: each call passes back what the one before returned.
import type { Transport } from '../../src/rpc/index.js';
import { OrgVarlinkCertificationClient } from './generated/org-varlink-certification.js';
import { writeTest11Parameters } from './generated/org-varlink-certification.write.js';

/** A test that the server has failed, or that this client has. */
export class CertificationFailure extends Error {
  override readonly name = 'CertificationFailure';
  readonly code = 'NOT_CERTIFIED';
  readonly test: string;
  constructor(test: string, cause: unknown) {
    const { message, parameters } = cause as { message: string; parameters?: object };
    const details = parameters === undefined ? '' : ` ${JSON.stringify(parameters)}`;
    super(`${test} failed: ${message}${details}`, { cause });
    this.test = test;
  }
}

/** How many replies Test10 gives. */
const moreReplies = 10;

/** Runs all tests, telling the name of each that has passed. Throws {@link CertificationFailure} for the first that fails. */
export async function certify(transport: Transport, passed: (test: string) => void): Promise<void> {
  const service = new OrgVarlinkCertificationClient(transport);
  const test = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    try {
      const reply = await call();
      passed(name);
      return reply;
    } catch (error) {
      throw new CertificationFailure(name, error);
    }
  };
  const { clientId } = await test('Start', () => service.start({}));
  const { bool } = await test('Test01', () => service.test01({ clientId }));
  const { int } = await test('Test02', () => service.test02({ clientId, bool }));
  const { float } = await test('Test03', () => service.test03({ clientId, int }));
  const { string } = await test('Test04', () => service.test04({ clientId, float }));
  const four = await test('Test05', () => service.test05({ clientId, string }));
  const { struct } = await test('Test06', () => service.test06({ ...four, clientId }));
  const { map } = await test('Test07', () => service.test07({ clientId, struct }));
  const { set } = await test('Test08', () => service.test08({ clientId, map }));
  const { mytype } = await test('Test09', () => service.test09({ clientId, set }));
  const lastMoreReplies = await test('Test10', async () => {
    const strings: string[] = [];
    for await (const reply of service.test10More({ clientId, mytype })) strings.push(reply.string);
    if (strings.length !== moreReplies)
      throw new RangeError(`expected ${moreReplies} replies, found ${strings.length}`);
    return strings;
  });
  await test('Test11', () =>
    transport.oneway(
      'org.varlink.certification.Test11',
      writeTest11Parameters({ clientId, lastMoreReplies }),
    ));
  await test('End', async () => {
    const { allOk } = await service.end({ clientId });
    if (!allOk) throw new RangeError('the server says that not all is well');
  });
}
