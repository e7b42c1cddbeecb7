// Runs the wide world's mail hosts and name server in a process of their own, so that their work is not taken from the client's.
// Started by `startLeanSink` with its settings as an argument; answers each line of standard input with its counts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { serveLeanDns } from './lean-dns.ts';
import { type LeanCounts, serveLeanSmtp } from './lean-smtp.ts';

export interface LeanSettings {
  /** What every reply takes, the banner included. */
  readonly latencyMs: number;
  readonly pipelining: boolean;
}

export interface LeanReport extends LeanCounts {
  readonly cpuSeconds: number;
}

export interface LeanSink {
  readonly dns: { readonly address: string; readonly port: number };
  readonly smtpPort: number;
  readonly process: ChildProcess;
  /** What it has seen since it began. */
  report(): Promise<LeanReport>;
}

/** Starts the world; `stopProgram` ends it. */
export async function startLeanSink(settings: LeanSettings): Promise<LeanSink> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  const nextLine = async (): Promise<string> => ((await once(lines, 'line')) as [string])[0];
  const at = JSON.parse(await nextLine()) as Pick<LeanSink, 'dns' | 'smtpPort'>;
  const report = async (): Promise<LeanReport> => {
    const line = nextLine();
    child.stdin.write('\n');
    return JSON.parse(await line) as LeanReport;
  };
  return { ...at, process: child, report };
}

async function serve(settings: LeanSettings): Promise<void> {
  const { port, counts } = await serveLeanSmtp(settings);
  const dns = await serveLeanDns();
  console.log(JSON.stringify({ dns, smtpPort: port }));
  for await (const _ of createInterface(process.stdin)) {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ ...counts, cpuSeconds: (user + system) / 1e6 }));
  }
  process.exit(0); // whoever wanted the counts is gone
}

if (process.argv[1] === import.meta.filename) await serve(JSON.parse(process.argv[2] ?? '') as LeanSettings);
