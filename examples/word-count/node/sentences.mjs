// sentences.py in JavaScript, for where there is no Python.
import { createReadStream, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ReliableSpout } from '../../../adapters/node/index.mjs';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const LINES_A_CALL = 20;

class Sentences extends ReliableSpout {
  open(conf, context) {
    const { componentid, taskid } = context;
    const tasks = Object.entries(context['task->component']).flatMap(([task, component]) =>
      component === componentid ? [Number(task)] : [],
    );
    tasks.sort((a, b) => a - b);
    this.sentences = everyNth(readLines(filesOf(conf)), tasks.indexOf(taskid), tasks.length);
  }

  async nextTuple() {
    for (let lines = 0; lines < LINES_A_CALL; lines++) {
      const { done, value } = await this.sentences.next();
      if (done) return;
      this.emit([value.line], { id: value.number });
    }
  }

  fail(id) {
    this.debug(`line ${id} failed and is emitted again`);
  }
}

function filesOf(conf) {
  const name = conf['word-count.input'];
  if (name !== '') return [resolve(conf['word-count.directory'], name)];
  const pages = readdirSync(join(REPOSITORY, 'spec')).filter((page) => page.endsWith('.md'));
  return [join(REPOSITORY, 'LICENSE'), ...pages.sort().map((page) => join(REPOSITORY, 'spec', page))];
}

async function* readLines(files) {
  for (const file of files) yield* createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
}

async function* everyNth(lines, first, step) {
  let number = 0;
  for await (const line of lines) {
    if (number % step === first) yield { number: number + 1, line };
    number++;
  }
}

new Sentences().run();
