// Joins lib/storm.mjs and the modules it imports into the text of storm.js: one CommonJS file without imports of its
// own, to be copied beside a component. `node tools/amalgamate.mjs` writes it; a test compares it with the sources.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const modules = ['output', 'input', 'frames', 'guard', 'storm-base', 'storm'];
const header = `// storm.js for Polybolt: what components written for Apache Storm 2.x require as './storm', unmodified. One file,
// no dependencies. It is joined from lib/*.mjs by tools/amalgamate.mjs: change those, not this.

// biome-ignore lint/suspicious/noRedundantUseStrict: this is a script to Node, whatever its name says.
'use strict';
`;

/** @returns {string} what storm.js must hold */
export function amalgamate() {
  const builtins = new Set();
  let exported = '';
  const bodies = modules.map((name) => {
    const text = fs.readFileSync(new URL(`lib/${name}.mjs`, root), 'utf8');
    return text
      .replace(/^import (.+) from '(.+)';\n/gm, (_line, names, from) => {
        if (from.startsWith('node:')) builtins.add(`const ${names} = require('${from}');\n`);
        return '';
      })
      .replace(/^export \{(.+)\};\n/gm, (_line, names) => {
        // The last module's exports are the file's.
        exported = `module.exports = {${names}};\n`;
        return '';
      })
      .replace(/^export /gm, '')
      .trim();
  });
  return [header, [...builtins].sort().join(''), ...bodies, exported].join('\n\n').replace(/\n{3,}/g, '\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(new URL('storm.js', root), amalgamate());
}
