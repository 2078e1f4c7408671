/** Writes docs/scale.md. `--check` only compares. */
import { writeGenerated } from '../generated.js';
import { scalePage } from './page.js';

await writeGenerated({ 'docs/scale.md': scalePage() }, 'npm run generate');
