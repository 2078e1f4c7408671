/** `npm run image`: the image as an OCI archive, for `ctr images import`, `podman load` and the like. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildImage } from './build-image.js';
import { builderNames } from './builders.js';

const usage = `npm run image -- [flags]
  --output FILE          the OCI archive (default dist/image.oci.tar)
  --tag NAME             name in it (default localhost/secrets-store-csi-driver-provider-aws:<version>)
  --platform OS/ARCH     linux/amd64 or linux/arm64 (default this machine's; another one needs emulation, binfmt_misc)
  --base=registry|npm    npm: no image registry; Node comes from the npm registry, its libraries from this machine
  --build-image NAME     base of the build stage     (default: see Dockerfile)
  --runtime-image NAME   base of the result, with Node 24 at /nodejs/bin/node (default: see Dockerfile)
  --builder NAME         ${builderNames.join(', ')} (default the first that works)
`;

try {
  const { values } = parseArgs({
    options: {
      output: { type: 'string' },
      tag: { type: 'string' },
      platform: { type: 'string' },
      base: { type: 'string' },
      'build-image': { type: 'string' },
      'runtime-image': { type: 'string' },
      builder: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) process.stdout.write(usage);
  else {
    const { tag, archive } = buildImage({
      output: values.output,
      tag: values.tag,
      platform: values.platform,
      base: oneOf('base', ['registry', 'npm'], values.base),
      buildImage: values['build-image'],
      runtimeImage: values['runtime-image'],
      builder: oneOf('builder', builderNames, values.builder),
    });
    const megabytes = (statSync(archive).size / 1e6).toFixed(0);
    console.log(`${tag} in ${path.relative(process.cwd(), archive)}, ${megabytes} MB`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function oneOf<T extends string>(flag: string, choices: readonly T[], given: string | undefined): T | undefined {
  const found = choices.find((choice) => choice === given);
  if (given !== undefined && found === undefined) throw new Error(`--${flag} is one of ${choices.join(', ')}`);
  return found;
}
