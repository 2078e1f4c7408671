/** The command line of the benchmark, and the limits of its control groups. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cgroup } from '../../bench/cgroup.js';
import { readOptions, splitWords, usage } from '../../bench/options.js';
import { atOnce } from '../../bench/series.js';
import { nodeFlags } from '../../src/process/node-flags.js';

function read(...argv: string[]) {
  const options = readOptions(argv);
  assert.ok(options !== 'help');
  return options;
}

describe('the command line of the benchmark', () => {
  it('measures the built provider with the flags of the image, all but rotation', () => {
    const { sides, only, rounds } = read();
    assert.equal(sides.length, 1);
    assert.ok(sides[0]?.command.includes(nodeFlags[0]) && sides[0].command.at(-1)?.endsWith('/dist/main.js'));
    assert.deepEqual(only, ['latency', 'throughput', 'limiter', 'calls', 'start', 'tls', 'memory', 'burst']);
    assert.equal(rounds, 3);
  });

  it('takes two commands, and says which of them knows no flags of ours', () => {
    const { sides } = read('--versus-cmd', "/bin/other -v=1 'a b'", '--versus-label=other', '--plain-flags=versus');
    assert.deepEqual(sides[1], { label: 'other', command: ['/bin/other', '-v=1', 'a b'], plain: true });
    assert.equal(sides[0]?.plain, false);
  });

  it('splits a command as a shell does with quotes', () => {
    assert.deepEqual(splitWords(`node  --x="a b" 'c'"d"`), ['node', '--x=a b', 'cd']);
  });

  it('reads quotas, counts and lists', () => {
    const { effort, only } = read('--quotas=50m,none', '--repeats=20', '--mounts=7', '--only=burst, rotation');
    assert.deepEqual([effort.quotas, effort.repeats, effort.mounts], [[50, undefined], 20, 7]);
    assert.deepEqual(only, ['burst', 'rotation']);
    assert.ok(read('--rotation').only.includes('rotation'));
  });

  for (const [what, argv] of Object.entries({
    'a measure that does not exist': ['--only=speed'],
    'a quota without unit': ['--quotas=50'],
    'no count': ['--rounds=0'],
    'an unknown flag': ['--fast'],
    'an empty command': ['--provider-cmd='],
    'two equal labels': ['--versus-cmd=x', '--versus-label=this provider'],
  })) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readOptions(argv));
    });
  }

  it('explains every option', () => {
    assert.equal(readOptions(['-h']), 'help');
    for (const name of ['provider-cmd', 'plain-flags', 'rotation', 'quotas', 'markdown'])
      assert.ok(usage.includes(`--${name}`));
  });
});

describe('a series', () => {
  it('makes at least five calls, however short its time, and never more than it may', async () => {
    const step = (index: number) => Promise.resolve(index);
    assert.deepEqual(await atOnce(1, { atMost: 100, forMs: 0 }, step), [0, 1, 2, 3, 4]);
    assert.equal((await atOnce(8, { atMost: 20, forMs: 10_000 }, step)).length, 20);
  });

  it('keeps as many under way as asked for', async () => {
    let now = 0;
    let most = 0;
    await atOnce(3, { atMost: 12, forMs: 10_000 }, async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
    });
    assert.equal(most, 3);
  });
});

describe('a control group', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'bench-cgroup-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });
  const made = (group: Cgroup) => {
    const files = [...(group.wrap(['x'])[2] ?? '').matchAll(/> (\S+)\/cgroup\.procs/g)].map(
      ([, folder = '']) => folder,
    );
    return (file: string) => files.map((folder) => path.join(folder, file)).find((name) => name.includes(file)) ?? '';
  };

  it('is absent where there are none', () => {
    assert.equal(Cgroup.version(root), undefined);
    assert.throws(() => Cgroup.create({ memoryMib: 100, cpuMillis: 50 }, root));
  });

  it('has 100 MiB and a twentieth of each period, in version 2', () => {
    writeFileSync(`${root}/cgroup.controllers`, 'cpuset cpu io memory pids\n');
    writeFileSync(`${root}/cgroup.procs`, '');
    assert.equal(Cgroup.version(root), 2);
    const file = made(Cgroup.create({ memoryMib: 100, cpuMillis: 50 }, root));
    assert.equal(readFileSync(file('memory.max'), 'utf8'), '104857600');
    assert.equal(readFileSync(file('cpu.max'), 'utf8'), '5000 100000');
    assert.equal(readFileSync(`${root}/cgroup.subtree_control`, 'utf8'), '+cpu +memory');
  });

  it('has them in two places in version 1, and no quota where none is wanted', () => {
    for (const controller of ['memory', 'cpu']) {
      mkdirSync(`${root}/${controller}`);
      writeFileSync(`${root}/${controller}/cgroup.procs`, '');
    }
    assert.equal(Cgroup.version(root), 1);
    const command = Cgroup.create({ memoryMib: 64, cpuMillis: undefined }, root).wrap(['node', 'main.js']);
    const [, memory = '', cpu = ''] =
      />\s(\S+)\/cgroup\.procs && .*> (\S+)\/cgroup\.procs/.exec(command[2] ?? '') ?? [];
    assert.equal(readFileSync(`${memory}/memory.limit_in_bytes`, 'utf8'), '67108864');
    assert.equal(readFileSync(`${cpu}/cpu.cfs_quota_us`, 'utf8'), '-1');
    assert.deepEqual(command.slice(-2), ['node', 'main.js']);
  });
});
