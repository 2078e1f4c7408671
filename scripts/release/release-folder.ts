/** The folder of a release: made beside its place, checksums last, and moved there when it is whole. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

const sums = 'SHA256SUMS';

/**
 * Fills a new folder and puts it in the place of a former release, which stays until then.
 * @returns the lines of `SHA256SUMS`
 * @throws Error when something else than a release lies there, or what `fill` throws; then nothing has changed
 */
export async function makeRelease(out: string, fill: (folder: string) => Promise<void>): Promise<readonly string[]> {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(path.join(out, sums))) {
    throw new Error(`${out} is not empty and holds no release (no ${sums}): remove it, or give another --output`);
  }
  const stage = `${out}.${String(process.pid)}`;
  mkdirSync(stage, { recursive: true });
  try {
    await fill(stage);
    const lines = await writeChecksums(stage);
    rmSync(out, { recursive: true, force: true });
    renameSync(stage, out);
    return lines;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** In the form that `sha256sum --check` reads. */
async function writeChecksums(folder: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(folder, name)), hash);
    lines.push(`${hash.digest('hex')}  ${name}`);
  }
  writeFileSync(path.join(folder, sums), `${lines.join('\n')}\n`);
  return lines;
}
