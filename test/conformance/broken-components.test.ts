/** Components in Python that break one rule each, a table of component and check. */
import t from 'tap';
import { testBroken } from './broken.js';
import { brokenComponents } from './judged.js';

t.ok(brokenComponents().filter(({ check }) => check !== undefined).length >= 25, 'at least 25 components are broken');

testBroken(['.py']);
