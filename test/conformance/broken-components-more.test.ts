/** Components in Ruby, JavaScript and shell that break one rule each, a table of component and check. */
import { testBroken } from './broken.js';

testBroken(['.rb', '.mjs', '.sh']);
