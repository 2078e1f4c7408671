/** Opens every face of a stand-in: AWS plain and by real names, the agent twice, Kubernetes twice. */
import type { CertificateAuthority } from './certificates.js';
import type { Listeners } from './listeners.js';
import { createProxy } from './proxy.js';
import { parseAwsHost } from './recognize.js';
import type { Face, RecordedConnect, Service, StandInUrls } from './types.js';

export interface FacesOptions {
  readonly listeners: Listeners;
  readonly authority: CertificateAuthority;
  readonly recordConnect: (connect: RecordedConnect) => void;
}

/** The URLs of all faces, which answer from now on. */
export async function openFaces(options: FacesOptions): Promise<Omit<StandInUrls, 'control'>> {
  const { listeners, authority } = options;
  const plain = async (face: Face, only?: Service) => `http://${await listeners.open({ face, only })}`;
  const kubernetesTls = await authority.issue(['127.0.0.1', '::1', 'localhost', 'kubernetes.default.svc']);
  const [aws, secretsManager, ssm, sts, proxy, agentIpv4, agentIpv6, kubernetes, kubernetesPlain] = await Promise.all([
    plain('aws'),
    plain('aws', 'secretsmanager'),
    plain('aws', 'ssm'),
    plain('aws', 'sts'),
    openProxy(options),
    plain('agent-ipv4', 'agent'),
    openIpv6Agent(listeners),
    listeners.open({ face: 'kubernetes', only: 'kubernetes' }, { tls: kubernetesTls }),
    plain('kubernetes-plain', 'kubernetes'),
  ]);
  return {
    aws,
    secretsManager,
    ssm,
    sts,
    proxy,
    agentIpv4: `${agentIpv4}/v1/credentials`,
    agentIpv6: agentIpv6 && `http://${agentIpv6}/v1/credentials`,
    kubernetes: `https://${kubernetes}`,
    kubernetesPlain,
  };
}

async function openProxy({ listeners, authority, recordConnect }: FacesOptions): Promise<string> {
  const target = listeners.detached(
    { face: 'aws-tls', only: undefined, authority: '' },
    {
      // AWS has no certificate for names that it does not serve: their handshake fails.
      SNICallback: (name, done) => {
        if (!parseAwsHost(name)) {
          done(new Error('not a host name of AWS'));
          return;
        }
        authority.contextFor(name).then(
          (context) => {
            done(null, context);
          },
          (error: unknown) => {
            done(error instanceof Error ? error : new Error('no certificate'));
          },
        );
      },
    },
  );
  return `http://${await listeners.openUncounted(createProxy({ target, record: recordConnect }))}`;
}

async function openIpv6Agent(listeners: Listeners): Promise<string | undefined> {
  try {
    return await listeners.open({ face: 'agent-ipv6', only: 'agent' }, { host: '::1' });
  } catch {
    // No IPv6 loopback on this machine: the URL stays absent.
    return undefined;
  }
}
