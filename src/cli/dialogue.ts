// Shows what is said to mail hosts and what they answer, line by line, for --verbose.
import type { ChalkInstance } from 'chalk';
import { commonLimitNote } from '../verify/limits.ts';
import type { ProbeEvent } from '../verify/probe.ts';
import type { Asking } from './asking.ts';

type DialogueEvent = Extract<ProbeEvent, { type: 'dialogue' }>;

const SIGNS = { sent: '>', received: '<', note: '*' } as const;

/** One line of a dialogue, what the host said standing out; it was made printable where it was heard. */
export function dialogueLine(
  { direction, line }: Pick<DialogueEvent, 'direction' | 'line'>,
  colours: ChalkInstance,
): string {
  const text = `${SIGNS[direction]} ${line}`;
  return direction === 'received' ? text : colours.dim(text);
}

/**
 * Asks as `asking` does and hands each line of all its dialogues to `show` as it is said, with the host it belongs to;
 * first the limits that hold.
 */
export function withDialogue(
  asking: Asking,
  options: { readonly colours: ChalkInstance; readonly show: (line: string) => void },
): Asking {
  const show = (event: ProbeEvent): void => {
    if (event.type === 'dialogue') options.show(`${event.host} ${dialogueLine(event, options.colours)}`);
  };
  return {
    ...asking,
    runOptions: (run) => {
      const observe = (event: ProbeEvent): void => {
        show(event);
        run.observe?.(event);
      };
      const asked = asking.runOptions({ ...run, observe });
      options.show(dialogueLine({ direction: 'note', line: commonLimitNote(asked.limits) }, options.colours));
      return asked;
    },
  };
}
