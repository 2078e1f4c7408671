/** A source of values before an endpoint that answers as a test wants, with a clock of its own. */
import type { FetchOrder } from '../../src/mount/ports.js';
import type { SecretSourceOptions } from '../../src/provider/source.js';
import { ok, startAwsEndpoint, type AwsEndpoint, type AwsRequest } from './aws-endpoint.js';
import { testContext } from './contexts.js';
import { fakeIdentity, items, secret, sourceAt } from './provider-fakes.js';

type Answer = (request: AwsRequest) => ReturnType<typeof ok> | 'reset';

export const second = 1000;
export const hour = 3_600_000;

/** What the first fetch of the secret `a` gives. */
export const a1 = 'a of AKID1 in us-west-2 v1';

export class KeptValuesScene {
  /** Milliseconds. */
  now = 0;
  /** Version that AWS holds of everything. */
  version = 1;
  describeAnswer: Answer = () => ok({ VersionIdsToStages: { [`v${this.version}`]: ['AWSCURRENT'] } });
  valueAnswer: Answer = ({ input, accessKeyId, region }) =>
    ok({
      VersionId: `v${this.version}`,
      SecretString: `${String(input['SecretId'])} of ${accessKeyId} in ${region} v${this.version}`,
    });
  parameterAnswer: Answer = (request) => this.parametersReply(request);
  readonly endpoint: AwsEndpoint;

  private constructor(endpoint: AwsEndpoint) {
    this.endpoint = endpoint;
  }

  static async start(): Promise<KeptValuesScene> {
    const endpoint = await startAwsEndpoint((request) => {
      if (request.action === 'DescribeSecret') return scene.describeAnswer(request);
      return request.action === 'GetParameters' ? scene.parameterAnswer(request) : scene.valueAnswer(request);
    });
    const scene = new KeptValuesScene(endpoint);
    return scene;
  }

  stop(): Promise<void> {
    return this.endpoint.stop();
  }

  parametersReply({ input, accessKeyId }: AwsRequest): ReturnType<typeof ok> {
    const names = input['Names'] as string[];
    return ok({
      Parameters: names.map((Name) => ({
        Name: Name.split(':')[0],
        Value: `${Name} of ${accessKeyId} ${this.version}`,
        Version: this.version,
      })),
    });
  }

  /** One source, and a way to mount volumes with it; `calls` gives the actions since it was last asked. */
  setUp(options: Partial<SecretSourceOptions> & { readonly ttlMs?: number; readonly staleMs?: number } = {}) {
    const { ttlMs = 60 * second, staleMs = 0, ...rest } = options;
    const cache = { ttlMs, staleMs, maxBytes: 4 * 1024 * 1024, nowMs: () => this.now, random: () => 0 };
    const { source } = sourceAt(this.endpoint, { cache, limits: { attempts: 1 }, ...rest });
    const identity = fakeIdentity();
    const mount = async (
      volume: string,
      order: Partial<FetchOrder> & { readonly keep?: boolean } = {},
      context = testContext(),
    ) => {
      const { keep = true, ...given } = order;
      const { objects, delivered, release } = await source.fetch(
        { items: items(secret('a')), identity, namespace: 'ns', revalidate: false, volume, ...given },
        context,
      );
      if (keep) delivered();
      release();
      return objects.map(({ value }) => value.revealText());
    };
    const calls = () => (this.endpoint.requests as AwsRequest[]).splice(0).map(({ action }) => action);
    return { mount, calls, source };
  }
}
