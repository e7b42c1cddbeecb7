// Splits a sample reply of the tables ("mail: 550 …") into the parts a rule is asked with.
import type { ReplyStage } from '../../src/smtp/rule.ts';

export function splitSample(sample: string): { stage: ReplyStage; code: number; text: string } {
  const stage = /^([a-z]+): /.exec(sample)?.[1];
  const text = stage === undefined ? sample : sample.slice(stage.length + 2);
  return { stage: (stage ?? 'rcpt') as ReplyStage, code: Number(text.slice(0, 3)), text };
}
