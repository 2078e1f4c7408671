import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ProviderError } from '../../../src/errors.js';
import { v1alpha1 } from '../../../src/generated/codec.js';
import { deliver, encodedReplyBytes } from '../../../src/mount/volume/deliver.js';
import type { VolumeWriter } from '../../../src/mount/ports.js';
import type { PlannedFile } from '../../../src/mount/types.js';
import { Secret } from '../../../src/secret.js';
import { testContext } from '../../support/contexts.js';

function file(path: string, contents = 'value', mode = 0o644): PlannedFile {
  return { path, mode, contents: new Secret(contents), version: 'v1' };
}

const untouched: VolumeWriter = {
  check: () => Promise.reject(new TypeError('looked at the target')),
  read: () => Promise.reject(new TypeError('read the target')),
  write: () => Promise.reject(new TypeError('wrote the target')),
};

describe('encodedReplyBytes', () => {
  it('is the size that protobuf gives', () => {
    const files = fc.array(
      fc.record({
        path: fc.string({ unit: 'binary', maxLength: 300 }),
        mode: fc.integer({ min: 0, max: 0o777 }),
        contents: fc.uint8Array({ maxLength: 20_000 }),
        version: fc.string({ maxLength: 40 }),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(files, (all) => {
        const planned = all.map((one) => ({ ...one, contents: new Secret(one.contents) }));
        const versions = all.map(({ path, version }) => ({ id: path, version }));
        const written = all.map((one) => ({ ...one, contents: Buffer.from(one.contents) }));
        const encoded = v1alpha1.MountResponse.encode({ object_version: versions, files: written }).finish();
        assert.equal(encodedReplyBytes({ versions, files: planned }), encoded.byteLength);
      }),
    );
  });
});

describe('deliver', () => {
  it('puts the whole set into the answer and leaves the volume alone when the driver writes', async () => {
    const files = [file('a'), file('b/c', 'x', 0o400)];
    const context = testContext();
    const options = { driverWrites: true, maxReplyBytes: 1000, volume: untouched };
    const reply = await deliver(files, '/target', context, options);
    assert.deepEqual(reply.files, files);
    assert.deepEqual(reply.versions, [
      { id: 'a', version: 'v1' },
      { id: 'b/c', version: 'v1' },
    ]);
    assert.equal(context.notes.files, 2);
  });

  it('refuses an answer one byte over the limit, and names size and both settings', async () => {
    const files = [file('a')];
    const size = encodedReplyBytes({ versions: [{ id: 'a', version: 'v1' }], files });
    const options = { driverWrites: true, maxReplyBytes: size, volume: untouched };
    await deliver(files, '/target', testContext(), options);
    await assert.rejects(deliver(files, '/target', testContext(), { ...options, maxReplyBytes: size - 1 }), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, 'reply_too_large');
      assert.match(error.message, new RegExp(`${String(size)} bytes`));
      assert.match(error.message, /--max-reply-bytes/);
      assert.match(error.message, /--max-call-recv-msg-size/);
      return true;
    });
  });

  it('answers with versions alone when the provider writes, and notes what changed', async () => {
    const written: unknown[] = [];
    const volume: VolumeWriter = {
      ...untouched,
      write: (targetPath, files) => {
        written.push(targetPath, files);
        return Promise.resolve({ changed: 1, pruned: 2 });
      },
    };
    const files = [file('a'), file('b')];
    const context = testContext();
    const reply = await deliver(files, '/target', context, { driverWrites: false, maxReplyBytes: 1, volume });
    assert.deepEqual(reply, {
      versions: [
        { id: 'a', version: 'v1' },
        { id: 'b', version: 'v1' },
      ],
    });
    assert.deepEqual(written, ['/target', files]);
    assert.deepEqual(context.notes, { files: 2, changed: 1, pruned: 2 });
  });
});
