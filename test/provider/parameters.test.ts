/** Parameters: batches, selectors, names and ARNs, and secrets behind parameter names. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ProviderError } from '../../src/errors.js';
import type { FetchItem, ObjectQuery } from '../../src/mount/types.js';
import { bareName, batchesOf, batchSize, requestName } from '../../src/provider/parameter-names.js';
import { awsError, ok, startAwsEndpoint, type AwsEndpoint, type Script } from '../support/aws-endpoint.js';
import { testContext } from '../support/contexts.js';
import { fakeIdentity, items, parameter, sourceAt } from '../support/provider-fakes.js';

/** Answers as AWS does: bare names for ARNs, in alphabetical order, `/p` and `p` alike; `bad...` is invalid. */
function parametersReply(options: { readonly selectors: boolean }): Script {
  return ({ input }) => {
    const names = input['Names'] as string[];
    const known = names.filter((name) => !name.includes('bad'));
    const parameters = known.map((text) => {
      const [bare = '', selector] = text.replace(/^arn:.*:parameter(?=\/[^/]+\/)|^arn:.*:parameter\//, '').split(':');
      return {
        Name: bare,
        Value: `value of ${text}`,
        Version: selector === undefined ? 7 : Number(selector) || 5,
        Type: 'SecureString',
        ...(options.selectors && selector !== undefined && { Selector: `:${selector}` }),
      };
    });
    parameters.sort((a, b) => (a.Name < b.Name ? -1 : 1));
    return ok({ Parameters: parameters, InvalidParameters: names.filter((name) => name.includes('bad')) });
  };
}

describe('parameters', () => {
  let endpoint: AwsEndpoint;
  let script: Script;
  before(async () => {
    endpoint = await startAwsEndpoint((request) => script(request));
  });
  after(() => endpoint.stop());
  beforeEach(() => {
    script = parametersReply({ selectors: false });
    (endpoint.requests as unknown[]).length = 0;
  });

  const fetch = (list: readonly FetchItem[]) => sourceAt(endpoint).fetch(list, fakeIdentity(), testContext());
  const texts = async (...queries: ObjectQuery[]) =>
    (await fetch(items(...queries))).map(({ value, version }) => `${value.revealText()}@${version}`);
  const failure = async (...queries: ObjectQuery[]): Promise<ProviderError> => {
    const error: unknown = await texts(...queries).catch((reason: unknown) => reason);
    assert.ok(error instanceof ProviderError, inspect(error));
    return error;
  };
  const names = () => endpoint.requests.map(({ input }) => input['Names'] as string[]);

  it('come decrypted, ten in a call, each for its object', async () => {
    const queries = Array.from({ length: 25 }, (_, i) => parameter(`p${24 - i}`));
    assert.deepEqual(
      await texts(...queries),
      queries.map(({ name }) => `value of ${name}@7`),
    );
    assert.deepEqual(
      names().map((list) => list.length),
      [10, 10, 5],
    );
    assert.ok(endpoint.requests.every(({ input }) => input['WithDecryption'] === true));
  });

  for (const selectors of [true, false]) {
    it(`under several selectors keep their values apart, selectors ${selectors ? '' : 'not '}answered`, async () => {
      script = parametersReply({ selectors });
      assert.deepEqual(
        await texts(
          parameter('p'),
          parameter('p', { version: '3' }),
          parameter('p', { versionLabel: 'prod' }),
          parameter('q', { version: '3' }),
          parameter('p', { version: '3' }),
        ),
        ['value of p@7', 'value of p:3@3', 'value of p:prod@5', 'value of q:3@3', 'value of p:3@3'],
      );
      assert.deepEqual(names(), [['p', 'q:3'], ['p:3'], ['p:prod']]);
    });
  }

  it('count as one parameter as /p and p, but not in a folder', async () => {
    assert.deepEqual(await texts(parameter('/p'), parameter('p'), parameter('/a/p')), [
      'value of /p@7',
      'value of /p@7',
      'value of /a/p@7',
    ]);
    assert.deepEqual(names(), [['/p', '/a/p']]);
  });

  it('are recognised when AWS answers an ARN by its name', async () => {
    const arn = 'arn:aws:ssm:us-west-2:111122223333:parameter';
    assert.deepEqual(
      await texts(parameter(`${arn}/a/b`, { version: '2' }), parameter(`${arn}/solo`), parameter('solo')),
      [`value of ${arn}/a/b:2@2`, `value of ${arn}/solo@7`, 'value of solo@7'],
    );
    assert.equal(names().length, 2);
  });

  it('that are invalid are all named, in request order, and fail the mount', async () => {
    const queries = Array.from({ length: 12 }, (_, i) => parameter(i % 5 === 1 ? `bad${i}` : `p${i}`));
    const error = await failure(...queries);
    assert.equal(error.code, 'object_not_found');
    assert.match(
      error.message,
      /^objects\[1\] "bad1", objects\[6\] "bad6", objects\[11\] "bad11": no such parameter in us-west-2: correct/,
    );
  });

  it('name the version or label that is missing', async () => {
    const error = await failure(parameter('bad', { versionLabel: 'prod' }));
    assert.match(error.message, /no such parameter in us-west-2, or it has no label "prod"/);
  });

  it('of a denied batch are all named, with the permission to allow', async () => {
    script = () =>
      awsError(
        400,
        'AccessDeniedException',
        'User: x is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-west-2:111122223333:parameter/b',
      );
    const error = await failure(parameter('a'), parameter('b'));
    assert.equal(error.code, 'access_denied');
    assert.match(
      error.message,
      /^objects\[0\] "a", objects\[1\] "b": access denied .* allow ssm:GetParameters on arn:aws:ssm:us-west-2:111122223333:parameter\/b \(/,
    );
  });

  it('that are neither found nor invalid fail the mount', async () => {
    script = () => ok({ Parameters: [{ Name: 'other', Value: 'canary', Version: 1 }], InvalidParameters: [] });
    const error = await failure(parameter('p'));
    assert.equal(error.code, 'aws_unavailable');
    assert.match(error.message, /^objects\[0\] "p": Parameter Store .*neither found nor invalid/);
    assert.doesNotMatch(inspect(error, { depth: 20 }), /canary/);
  });

  describe('that refer to a secret', () => {
    const name = '/aws/reference/secretsmanager/db';
    const reply = (sourceResult?: string): Script => {
      return () => ok({ Parameters: [{ Name: name, Value: 'v', Version: 0, SourceResult: sourceResult }] });
    };
    for (const key of ['VersionId', 'versionId', 'versionid']) {
      it(`have the secret's version, ${key} in the source's answer`, async () => {
        script = reply(JSON.stringify({ ARN: 'x', [key]: 'uuid-1' }));
        assert.deepEqual(await texts(parameter(name)), ['v@uuid-1']);
      });
    }
    for (const [title, text] of [
      ['no answer of the source', undefined],
      ['one that is not JSON', 'canary {'],
      ['one that is null', 'null'],
      ['one with a version of another kind', '{"VersionId": 5}'],
    ] as const) {
      it(`have their own version with ${title}`, async () => {
        script = reply(text);
        assert.deepEqual(await texts(parameter(name)), ['v@0']);
      });
    }
    it('may fill one answer with ten secrets, each in it twice', async () => {
      const value = '"'.repeat(64 * 1024);
      const SourceResult = JSON.stringify({ SecretString: value, VersionId: 'v' });
      const names = Array.from({ length: 10 }, (_, index) => `${name}-${index}`);
      script = () => ok({ Parameters: names.map((Name) => ({ Name, Value: value, Version: 0, SourceResult })) });
      const found = await texts(...names.map((each) => parameter(each)));
      assert.equal(found.length, 10);
      for (const text of found) assert.ok(text === `${value}@v`);
    });
    it('give no other parameter a version', async () => {
      script = () => ok({ Parameters: [{ Name: 'p', Value: 'v', Version: 4, SourceResult: '{"VersionId":"x"}' }] });
      assert.deepEqual(await texts(parameter('p')), ['v@4']);
    });
  });

  it('are spread so that no batch is too large or names one parameter twice', () => {
    const someName = fc.constantFrom(
      'p',
      '/p',
      'q',
      '/a/p',
      'arn:aws:ssm:r:1:parameter/p',
      'arn:aws:ssm:r:1:parameter/a/p',
    );
    const someQuery = fc
      .tuple(fc.oneof(someName, fc.stringMatching(/^[a-z]{1,4}$/)), fc.option(fc.nat(3), { nil: undefined }))
      .map(([name, version]) => parameter(name, version === undefined ? {} : { version: String(version) }));
    fc.assert(
      fc.property(fc.array(someQuery, { maxLength: 60 }), (queries) => {
        const batches = batchesOf(queries);
        assert.deepEqual(new Set(batches.flat()), new Set(queries));
        assert.equal(batches.flat().length, queries.length);
        for (const batch of batches) {
          assert.ok(batch.length <= batchSize);
          assert.equal(new Set(batch.map((query) => bareName(query.name))).size, batch.length);
          assert.equal(new Set(batch.map(requestName)).size, batch.length);
        }
      }),
    );
  });
});
