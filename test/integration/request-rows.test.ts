/** What a driver, kubelet or tenant can get wrong in the request itself, in both write modes. */
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { region, texts, World, type WorldMount } from '../support/world.js';

const objects = '- { objectName: s, objectType: secretsmanager }';
const namespaceKey = 'csi.storage.k8s.io/pod.namespace';
const accountKey = 'csi.storage.k8s.io/serviceAccount.name';
const tokensKey = 'csi.storage.k8s.io/serviceAccount.tokens';
const podIdentity = { parameters: { usePodIdentity: 'true' } };

type Row = readonly [title: string, mount: Partial<WorldMount>, code: keyof typeof status, message: RegExp];

const tokenOf = (audience: string, token: string) => JSON.stringify({ [audience]: { token } });

const refused: readonly Row[] = [
  ['attributes: nothing', { rawAttributes: '' }, 'INVALID_ARGUMENT', /attributes/],
  ['attributes: a list', { rawAttributes: '[]' }, 'INVALID_ARGUMENT', /attributes/],
  ['attributes: null', { rawAttributes: 'null' }, 'INVALID_ARGUMENT', /attributes/],
  ['attributes: cut off', { rawAttributes: '{"objects": "x' }, 'INVALID_ARGUMENT', /attributes/],
  ['attributes: a number', { rawAttributes: '{"objects": 3}' }, 'INVALID_ARGUMENT', /attributes/],
  ['namespace: missing', { attributes: { [namespaceKey]: '' } }, 'INVALID_ARGUMENT', /pod\.namespace is missing/],
  ['namespace: a way out', { attributes: { [namespaceKey]: '../kube-system' } }, 'INVALID_ARGUMENT', /pod\.namespace/],
  ['service account: missing', { attributes: { [accountKey]: '' } }, 'INVALID_ARGUMENT', /serviceAccount\.name is/],
  [
    'service account: a way out',
    { attributes: { [accountKey]: 'a/../b' } },
    'INVALID_ARGUMENT',
    /serviceAccount\.name/,
  ],
  ['permission: nothing', { permission: '' }, 'INVALID_ARGUMENT', /permission/],
  ['permission: text', { permission: '"420"' }, 'INVALID_ARGUMENT', /permission/],
  ['permission: negative', { permission: '-1' }, 'INVALID_ARGUMENT', /permission/],
  ['target: nothing', { targetPath: '' }, 'INVALID_ARGUMENT', /target path must be absolute/],
  ['target: relative', { targetPath: 'var/lib' }, 'INVALID_ARGUMENT', /target path must be absolute/],
  ['target: a NUL', { targetPath: '/tmp/\0x' }, 'INVALID_ARGUMENT', /target path/],
  ['tokens: none', { attributes: { [tokensKey]: '' } }, 'UNAUTHENTICATED', /"sts\.amazonaws\.com".*tokenRequests/],
  ['tokens: no JSON', { tokens: '{"sts' }, 'INVALID_ARGUMENT', /serviceAccount\.tokens/],
  ['tokens: an empty one', { tokens: tokenOf('sts.amazonaws.com', '') }, 'INVALID_ARGUMENT', /serviceAccount\.tokens/],
  [
    'tokens: another audience for IRSA',
    { tokens: tokenOf('pods.eks.amazonaws.com', 'canary') },
    'UNAUTHENTICATED',
    /"sts\.amazonaws\.com" \(found only "pods\.eks\.amazonaws\.com"\).*tokenRequests/,
  ],
  [
    'tokens: another audience for Pod Identity',
    { tokens: tokenOf('sts.amazonaws.com', 'canary'), ...podIdentity },
    'UNAUTHENTICATED',
    /"pods\.eks\.amazonaws\.com" \(found only "sts\.amazonaws\.com"\).*tokenRequests/,
  ],
  [
    'tokens: a header smuggled into one',
    { tokens: tokenOf('pods.eks.amazonaws.com', 'a\r\nX-Evil: b'), ...podIdentity },
    'INVALID_ARGUMENT',
    /"pods\.eks\.amazonaws\.com" holds characters/,
  ],
  ['service account: unknown', { serviceAccount: 'ghost' }, 'NOT_FOUND', /"ns\/ghost" of pod "ghost-pod"/],
  ['service account: no role', { serviceAccount: 'bare' }, 'FAILED_PRECONDITION', /"ns\/bare".*role-arn.*annotate/],
  ['service account: an odd role', { serviceAccount: 'odd' }, 'FAILED_PRECONDITION', /"ns\/odd" is "a role"/],
  ['service account: no association', { serviceAccount: 'bare', ...podIdentity }, 'UNAUTHENTICATED', /association/],
  ['service account: not trusted', { serviceAccount: 'stranger' }, 'PERMISSION_DENIED', /role\/strict.*trust policy/],
];

/** What looks odd and must mount all the same. */
const accepted: readonly (readonly [title: string, mount: Partial<WorldMount>])[] = [
  ['secrets: nothing', { rawSecrets: '' }],
  ['secrets: an empty object', { rawSecrets: '{}' }],
  ['no pod name', { attributes: { 'csi.storage.k8s.io/pod.name': '' } }],
  ['no pod uid', { attributes: { 'csi.storage.k8s.io/pod.uid': '' } }],
  [
    'a pod name of any length and script',
    { attributes: { 'csi.storage.k8s.io/pod.name': 'pöd / \n name '.repeat(40) } },
  ],
  ['an attribute called __proto__', { attributes: JSON.parse('{"__proto__": "x"}') as Record<string, string> }],
  ['permission with bits beyond the mode', { permission: '4095' }],
  ['a deadline that never comes', { deadlineMs: Infinity }],
];

for (const driverWrites of [false, true]) {
  describe(`requests, written by the ${driverWrites ? 'driver' : 'provider'}`, () => {
    let world: World;
    before(async () => {
      world = await World.start({
        store: (canaries) => ({
          secrets: { [region]: { s: canaries.value('s') } },
          roles: { app: {}, strict: { trust: ['other/account'] } },
          serviceAccounts: {
            'ns/app': { role: 'app' },
            'ns/bare': {},
            'ns/odd': { annotations: { 'eks.amazonaws.com/role-arn': 'a role' } },
            'ns/stranger': { role: 'strict' },
          },
          podIdentityAssociations: { 'ns/app': 'app' },
        }),
        flags: ['--qps=1000', '--burst=2000', `--driver-writes-secrets=${driverWrites ? 'T' : 'F'}`],
      });
    });
    after(() => world.stop());

    for (const [title, mount, code, message] of refused) {
      it(`are refused for ${title}`, async () => {
        const error = await world.failure({ objects, ...mount });
        assert.equal(status[error.code], code, error.details);
        assert.match(error.details, message);
      });
    }

    for (const [title, mount] of accepted) {
      it(`are accepted with ${title}`, async () => {
        const answer = await world.mount({ objects, ...mount });
        assert.deepEqual(Object.keys(answer.versions), ['s']);
        assert.deepEqual(Object.keys(texts(answer.tree)), driverWrites ? [] : ['s']);
        assert.deepEqual(
          answer.files.map(({ path }) => path),
          driverWrites ? ['s'] : [],
        );
      });
    }

    it(driverWrites ? 'never look at the target' : 'need the target to be there', async () => {
      const targetPath = '/nonexistent/volume/mount';
      if (driverWrites) {
        assert.equal((await world.mount({ objects, targetPath })).files.length, 1);
      } else {
        const error = await world.failure({ objects, targetPath });
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.match(error.details, /target path "\/nonexistent\/volume\/mount" does not exist/);
      }
    });
  });
}
