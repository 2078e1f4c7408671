/** Facts in the documentation that can be tried: hosts, TLS, messages, policies, classes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { load } from 'js-yaml';
import { generate } from 'selfsigned';
import * as budgets from '../src/budgets.js';
import { parseMountRequest } from '../src/mount/request/request.js';
import { parameterNames } from '../src/mount/request/parameters.js';
import { optionFlags } from '../src/options/options.js';
import { codeBlocks, filesIn, inlineCode, named, read } from './support/docs.js';

const pod = {
  'csi.storage.k8s.io/pod.name': 'web',
  'csi.storage.k8s.io/pod.namespace': 'shop',
  'csi.storage.k8s.io/serviceAccount.name': 'web',
};

function parse(parameters: Readonly<Record<string, string>>) {
  const call = {
    attributes: JSON.stringify({ ...parameters, ...pod }),
    secrets: 'null',
    targetPath: '/target',
    permission: '420',
    currentVersions: [],
  };
  return parseMountRequest(call, { driverWrites: false });
}

/** Texts of the source in one piece, as a reader of an event sees them. */
function sourceTexts(): string {
  const files = filesIn('src', '.ts').filter((file) => !/^src\/(cli|local|generated)/.test(file));
  return files
    .map(read)
    .join('\n')
    .replaceAll(/['`] \+\n\s+['`]/g, '');
}

describe('facts in the documentation', () => {
  it('private-clusters.md: hosts are those of the SDK', () => {
    const rows = named(/^\| ((?:none|FIPS|dual-stack|FIPS, dual-stack|FIPS in GovCloud|China) +\|.*)\|$/gm, [
      'docs/private-clusters.md',
    ]).map(({ text }) => text.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    assert.equal(rows.length, 6);
    for (const [settings = '', secretsManager = '', ssm = '', sts = ''] of rows) {
      const region = /GovCloud/.test(settings) ? 'us-gov-west-1' : settings === 'China' ? 'cn-north-1' : 'us-east-1';
      const endpoint = {
        Region: region,
        UseFIPS: settings.includes('FIPS'),
        UseDualStack: settings.includes('dual-stack'),
      };
      const hostOf = (Client: typeof SecretsManagerClient | typeof SSMClient): string =>
        new Client({ region }).config.endpointProvider(endpoint, {}).url.hostname;
      assert.equal(secretsManager, hostOf(SecretsManagerClient), settings);
      assert.equal(ssm, hostOf(SSMClient), settings);
      assert.match(sts, new RegExp(`^sts(-fips)?\\.${region}\\.`), settings);
    }
  });

  it('private-clusters.md: the TLS group that this version of Node negotiates', async function () {
    const major = process.versions.node.split('.')[0] ?? '';
    const rows = named(/^\| (Node \d+ +\| `TLSv1\.3 [\w-]+`)/gm, ['docs/private-clusters.md']).map(({ text }) =>
      text.split('|').map((cell) => cell.trim().replaceAll('`', '')),
    );
    const said = rows.find(([node]) => node === `Node ${major}`)?.[1];
    if (!['20', '24'].includes(major)) this.skip(); // The page speaks of the supported versions.
    assert.ok(said, `nothing is said of Node ${major}`);
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
    const server = https.createServer({ key, cert }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = tls.connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      ca: cert,
      servername: 'localhost',
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'secureConnect');
    const { name = '' } = socket.getEphemeralKeyInfo() as { readonly name?: string };
    const negotiated = `${socket.getProtocol() ?? ''} ${name}`;
    socket.destroy();
    server.close();
    assert.equal(negotiated, said);
  });

  it('troubleshooting.md: symptoms that are ours are words of the program', () => {
    // Of kubelet, the driver, AWS and Node.
    const others =
      /not found in the list|no CSIDriver object|provider not found|SecretProviderClass \.\.\.|missing object versions|sts:AssumeRoleWithWebIdentity|InvalidIdentityToken|No OpenIDConnect|UNABLE_TO|SELF_SIGNED|context deadline|kms:Decrypt|ContainerCreating/;
    const source = sourceTexts();
    const table = read('docs/troubleshooting.md').split('## By symptom')[1]?.split('\n## ')[0] ?? '';
    const symptoms = [...table.matchAll(/^\| ([^|]+)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
    );
    const ours = symptoms.filter((text) => !others.test(text));
    assert.ok(ours.length > 12);
    for (const text of ours) {
      const parts = text.split(/ ?\.\.\. ?|<[^>]+>|objects\[\d+\]|: (?=objectType)/).map((part) => part.trim());
      for (const part of parts.filter((piece) => piece.length > 3)) {
        const filled = part.replace(/^no such (secret|parameter)$/, 'no such ').replace(/failover region$/, '');
        const loose = filled.replaceAll('eks.amazonaws.com/role-arn', '${annotation}').trim();
        assert.ok(source.includes(loose), `"${text}": "${loose}"`);
      }
    }
  });

  it('classes.md: its lists are read without a fault, and its message is the program’s', () => {
    const lists = codeBlocks('yaml', ['docs/classes.md', 'docs/iam.md', 'docs/kubernetes-secrets-sync.md']).flatMap(
      ({ text }) => {
        const parameters = parametersOf(load(text));
        return parameters === undefined ? [] : [parameters];
      },
    );
    assert.ok(lists.length >= 4);
    for (const parameters of lists) assert.deepEqual(parse(parameters).warnings, []);
    const [message = ''] = codeBlocks('text', ['docs/classes.md']).map(({ text }) => text.trim());
    const objects = '[{objectName: a, objectType: secretsmanager}, {objectName: /shop/log-level}]';
    assert.throws(() => parse({ objects }), { message });
  });

  it('classes.md: every parameter, and every field', () => {
    const first = named(/^\| `(\w+)` +\|/gm, ['docs/classes.md']).map(({ text }) => text);
    const fields = [...read('src/mount/request/objects.ts').matchAll(/^ {2}'(\w+)',$/gm)].map(([, name = '']) => name);
    assert.equal(fields.length, 8);
    assert.deepEqual(
      [...parameterNames, ...fields].filter((name) => !first.includes(name)),
      [],
    );
  });

  it('classes.md and security.md: limits are those of budgets.ts', () => {
    const whole = (value: number): string => value.toLocaleString('en');
    const expected: Readonly<Record<string, string>> = {
      '`objects` text': `${budgets.objectsBytes / 1024} KiB`,
      'entries of the list, or of one `jmesPath`': whole(budgets.objectsEntries),
      'files of one mount': whole(budgets.outputFiles),
      'directories of one volume': whole(budgets.volumeFolders),
      'one field': `${whole(budgets.fieldCharacters)} characters`,
      'all answers of AWS for one volume': `${budgets.mountBytes / 1024 / 1024} MiB`,
      'JMESPath expression': `${budgets.expressionBytes / 1024} KiB, ${budgets.expressionDepth} levels`,
      'JMESPath result': `${budgets.expressionResultBytes / 1024} KiB each, ${budgets.extractedBytes / 1024 / 1024} MiB a mount`,
      'time of a mount': `${budgets.mountBudgetMs / 1000} s, and no more than ${budgets.deadlineShare * 100}%`,
    };
    const table = read('docs/classes.md').split('\n## Limits')[1] ?? '';
    for (const [what, limit] of Object.entries(expected)) {
      const row = table.split('\n').find((line) => line.startsWith(`| ${what} `)) ?? '';
      assert.ok(row.includes(`| ${limit}`), `${what}: ${limit}`);
    }
    const security = read('docs/security.md');
    assert.ok(security.includes(`until ${budgets.credentialMarginMs / 60_000} minutes before their end`));
    assert.ok(security.includes(`with Pod Identity ${budgets.podIdentityCredentialMs / 60_000} minutes at most`));
  });

  it('caching.md and rotation.md: times and bounds are those of budgets.ts and of the flags', () => {
    const page = read('docs/caching.md').replaceAll(/\s+/g, ' ');
    const preset = (name: string): string => optionFlags.find((flag) => flag.name === name)?.default ?? '';
    const whole = (value: number): string => value.toLocaleString('en');
    const sessionMs = 3_600_000;
    const expected = [
      `until ${budgets.credentialMarginMs / 60_000} minutes before their end (a fifth of a session under ${(budgets.credentialMarginMs * 5) / 60_000} minutes)`,
      `with Pod Identity ${budgets.podIdentityCredentialMs / 60_000} minutes`,
      `after ${(sessionMs - budgets.credentialMarginMs) / 60_000} minutes (sessions of an hour), with Pod Identity ${budgets.podIdentityCredentialMs / 60_000}`,
      `less than \`secretCacheTTL\` ago (${preset('secret-cache-ttl').replace('s', ' s')}, less up to a tenth`,
      `${budgets.valueRevalidationMs / 3_600_000} hour from their last reading`,
      `up to ${budgets.valueSweepMs / 1000} s more until they have left the memory`,
      `${Number(preset('secret-cache-bytes')) / 1024 / 1024} MiB (\`--secret-cache-bytes\`)`,
      `except within ${budgets.valueRetryMs / 1000} s of getting it`,
      `| ${whole(budgets.credentialEntries)} |`,
      `| ${whole(budgets.rememberedAnswers)} answers |`,
      `| ${whole(budgets.rememberedDenials)} |`,
      `| ${whole(budgets.heldFiles)} |`,
    ];
    for (const text of expected) assert.ok(page.includes(text), text);
    assert.equal(preset('serve-stale-for'), '0s');
    const more = `the same and ${preset('secret-cache-ttl').replace('s', ' s')} (\`secretCacheTTL\`)`;
    assert.ok(read('docs/rotation.md').includes(more), more);
  });

  it('private-clusters.md: the regions in which STS has FIPS endpoints', () => {
    const [, set = ''] = /stsFipsRegions = new Set\(\[(.*?)\]\)/.exec(read('src/auth/irsa.ts')) ?? [];
    const regions = [...set.matchAll(/'([\w-]+)'/g)].map(([, region = '']) => region);
    assert.ok(regions.length > 2);
    assert.ok(
      read('docs/private-clusters.md').includes(`STS has FIPS endpoints in ${regions.join(', ')} and GovCloud only`),
    );
  });

  it('iam.md and private-clusters.md: policies are JSON with a version, statements allow', () => {
    const policies = codeBlocks('json', ['docs/iam.md', 'docs/private-clusters.md']).map(({ text }) => text);
    assert.ok(policies.length > 6);
    for (const text of policies) {
      const policy = JSON.parse(text.startsWith('{') ? text : `{${text}}`) as {
        readonly Statement?: readonly { readonly Effect: string }[];
        readonly Version?: string;
      };
      if (policy.Statement === undefined) continue;
      assert.equal(policy.Version, '2012-10-17');
      assert.ok(policy.Statement.every(({ Effect }) => Effect === 'Allow'));
    }
  });

  it('the picture says what it is in words, and has colours for dark pages', () => {
    const picture = read('docs/access-model.svg');
    assert.match(picture, /<title id="title">.+<\/title>/);
    assert.match(picture, /prefers-color-scheme: dark/);
    assert.ok(inlineCode(['docs/security.md']).length > 0 && read('docs/security.md').includes('(access-model.svg)'));
  });
});

/** The parameters of a class, or of the part of one that a page shows. */
function parametersOf(document: unknown): Readonly<Record<string, string>> | undefined {
  const part = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined;
  const parameters = part(part(document, 'spec') ?? document, 'parameters') ?? document;
  return typeof part(parameters, 'objects') === 'string' ? (parameters as Record<string, string>) : undefined;
}
