// `npm run build`: packages, generated code, compiled code.
import { build, installPackages } from './setup.mjs';

installPackages();
build();
