// Marks a process so that another one can tell later whether it still lives, as far as this machine can know.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names one process: its number alone is given to others after its end, and counts anew in every container. */
export interface ProcessMark {
  readonly pid: number;
  /** Where numbers of processes mean the same: the machine since it was started, and on Linux the container. */
  readonly machine: string;
  /** When the process began, in the machine's own count; empty where the system does not tell. */
  readonly born: string;
}

/** The mark of this process. */
export function ownMark(): ProcessMark {
  return { pid: process.pid, machine: machineName(), born: linuxStat(process.pid)?.born ?? '' };
}

/** Whether the marked process lives; 'unknown' where it runs on another machine, or in another container. */
export function fateOf(mark: ProcessMark): 'lives' | 'dead' | 'unknown' {
  if (mark.machine !== machineName()) return 'unknown';
  if (!isTaken(mark.pid)) return 'dead';
  const stat = linuxStat(mark.pid);
  if (stat === null || mark.born === '') return 'lives';
  return stat.isOver || stat.born !== mark.born ? 'dead' : 'lives';
}

let knownMachine: string | null = null;

function machineName(): string {
  knownMachine ??= `${hostname()} ${linuxBoot()}`.trim();
  return knownMachine;
}

/** See proc(5) and pid_namespaces(7). */
function linuxBoot(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return ''; // not Linux, or without /proc: the name of the machine must do
  }
}

/** What /proc/<pid>/stat tells: field 3 is the state, field 22 the start; the name before them may hold anything. */
function linuxStat(pid: number): { readonly born: string; readonly isOver: boolean } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Z and X are processes whose parent has not yet asked how they ended: their connections are closed.
    return { born: fields[19] ?? '', isOver: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return null;
  }
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
