/** The entry of the process: closes what would reveal secrets, then loads the program. Its parts lie in a folder beside it. */
import './process/harden-process.js';
import path from 'node:path';
import type * as program from './main.js';
import { PartLoader } from './process/part-loader.js';

const folder = import.meta.dirname;
const loader = new PartLoader(path.join(folder, 'parts'));
const { main } = loader.load('program.js') as typeof program;
void main({
  folder,
  atExit: () => {
    loader.keep();
  },
});
