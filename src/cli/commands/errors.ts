/** `polybolt errors NAME`: the last errors of the components of a topology, oldest first. */
import pc from 'picocolors';
import type { ReportedError } from '../../model/cluster-records.js';
import { print, printJson, withCluster } from '../cluster.js';
import { EXIT } from '../exit-codes.js';
import type { ClusterOptions } from '../project-file.js';

export async function errorsCommand(name: string, options: ClusterOptions): Promise<number> {
  return withCluster(options, async (client) => {
    const errors = await client.errors(name);
    if (options.json === true) for (const error of errors) printJson(error);
    else if (errors.length === 0) console.error(`polybolt: no errors of ${name} are known`);
    else print(errorLines(errors));
    return EXIT.done;
  });
}

/** Each error as some lines: when and where, what, what to do. */
export function errorLines(errors: readonly ReportedError[]): string[] {
  return errors.flatMap(({ at, component, task, supervisor, port, code, message, hint, suppressed }) => {
    const place = [component === '' ? '' : task > 0 ? `${component} ${task}` : component, supervisor === '' ? '' : `${supervisor}:${port}`];
    const time = new Date(at * 1000).toISOString().replace('.000Z', 'Z');
    const more = suppressed > 0 ? [`  ${suppressed} more before it were not reported`] : [];
    return [
      `${time}  ${place.filter((part) => part !== '').join('  ')}  ${pc.red(code)}`,
      ...printable(message)
        .split('\n')
        .map((line) => `  ${line}`),
      ...(hint === '' ? [] : [`  hint: ${printable(hint)}`]),
      ...more,
    ];
  });
}

/** What a component wrote is not to steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\0-\x08\v-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
