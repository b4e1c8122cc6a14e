// The reference bolt of the conformance kit: a basic bolt that does what the first value of its tuple says.
// The commands are those of the table in adapters/README.md, the same in every language.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BasicBolt } from '../index.mjs';

class ReferenceBolt extends BasicBolt {
  ticks = 0;

  process(tuple) {
    const [command, ...rest] = tuple.values;
    return this[`do_${command}`]?.(tuple, ...rest);
  }

  processTick() {
    this.ticks++;
  }

  do_echo(tuple) {
    this.emit(tuple.values);
  }

  do_fail(tuple) {
    this.fail(tuple);
  }

  do_throw(_tuple, text) {
    throw new Error(text);
  }

  do_unencodable() {
    this.emit(['unencodable', 2n ** 70n]);
  }

  do_emit_direct(_tuple, task, ...rest) {
    this.emit(rest, { task });
  }

  do_emit_many(_tuple, n) {
    for (let i = 0; i < n; i++) this.emit(['emit_many', i]);
  }

  do_emit_stream(_tuple, stream, ...rest) {
    this.emit(rest, { stream });
  }

  do_task_ids(_tuple, ...rest) {
    const ids = this.emit(rest, { needTaskIds: true });
    this.emit(['task_ids', ids.read()]);
  }

  do_task_ids_unread(_tuple, ...rest) {
    this.emit(rest, { needTaskIds: true });
  }

  async do_sleep(tuple, ms) {
    await sleep(ms);
    this.emit(tuple.values);
  }

  do_print(tuple, text) {
    console.log(text);
    this.emit(tuple.values);
  }

  async do_spawn(tuple, text) {
    const child = spawn('echo', [text], { stdio: 'inherit' });
    await once(child, 'exit');
    this.emit(tuple.values);
  }

  do_log(_tuple, level, text) {
    this.log(text, level);
  }

  do_error(_tuple, text) {
    this.reportError(text);
  }

  do_metric(_tuple, name, params) {
    this.reportMetric(name, params);
  }

  do_ticks() {
    this.emit(['ticks', this.ticks]);
  }

  do_conf(_tuple, key) {
    this.emit(['conf', key, this.conf[key] ?? null]);
  }
}

new ReferenceBolt().run();
