// All commands, in the order the help shows them.
import type { Command } from 'commander';
import { addBouncesCommand } from './bounces.ts';
import { addCacheCommand } from './cache.ts';
import { addCheckCommand } from './check.ts';
import { addComplaintsCommand } from './complaints.ts';
import { addCompletionCommand } from './completion.ts';
import type { CommandContext } from './context.ts';
import { addDmarcCommand } from './dmarc.ts';
import { addExplainCommand } from './explain.ts';
import { addSandboxCommand } from './sandbox.ts';
import { addSuppressCommand } from './suppress.ts';
import { addVerifyCommand } from './verify.ts';

export function addCommands(program: Command, context: CommandContext): void {
  addVerifyCommand(program, context);
  addCheckCommand(program, context);
  addExplainCommand(program, context);
  addCacheCommand(program, context);
  addSuppressCommand(program, context);
  addBouncesCommand(program, context);
  addComplaintsCommand(program, context);
  addDmarcCommand(program, context);
  addSandboxCommand(program, context);
  addCompletionCommand(program, context);
}
