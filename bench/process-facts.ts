/** What the kernel says of a process: CPU, memory, sockets. */
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Ticks of `/proc/PID/stat` in a second (USER_HZ), the same on every Linux of today. */
const ticksPerSecond = 100;

/** User and system CPU so far, in milliseconds; the kernel counts in steps of 10 ms. */
export function cpuMs(pid: number): number {
  // The name of the program stands in brackets and may hold anything.
  const fields = read(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

export interface Memory {
  /** Resident memory in MiB. */
  readonly rss: number;
  /** Of it, memory without a file behind it: heap and stacks. */
  readonly anonymous: number;
  /** Largest resident memory since the start or `resetPeak`. */
  readonly peakRss: number;
}

export function memory(pid: number): Memory {
  const status = read(pid, 'status');
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return { rss: mib('VmRSS'), anonymous: mib('RssAnon'), peakRss: mib('VmHWM') };
}

/** Memory that no other process shares, in MiB; walks all pages, so not for a busy process. */
export function privateMib(pid: number): number {
  const rollup = read(pid, 'smaps_rollup');
  const parts = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)];
  return parts.reduce((total, [, kib]) => total + Number(kib), 0) / 1024;
}

/** Forgets the peak of resident memory so far. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
}

/** Open sockets. */
export function sockets(pid: number): number {
  const folder = `/proc/${String(pid)}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(path.join(folder, name)).startsWith('socket:');
    } catch {
      return false; // closed since it was listed
    }
  }).length;
}

/** Looks at the anonymous memory of a process until `stop`, which gives its peak in MiB. */
export function watchAnonymous(pid: number, intervalMs = 10): { readonly stop: () => number } {
  let peak = 0;
  const look = () => {
    try {
      peak = Math.max(peak, memory(pid).anonymous || 0);
    } catch {
      // It has ended; what was seen counts.
    }
  };
  const timer = setInterval(look, intervalMs);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return peak;
    },
  };
}

function read(pid: number, name: string): string {
  return readFileSync(`/proc/${String(pid)}/${name}`, 'utf8');
}
