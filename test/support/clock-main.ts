/** Loaded into a daemon before its own code: lets its clock be ahead by the milliseconds in the file `TEST_CLOCK`. */
import { readFileSync } from 'node:fs';

const realNow = Date.now.bind(Date);
const file = process.env['TEST_CLOCK'] ?? '';

Date.now = () => realNow() + Number(readFileSync(file, 'utf8'));
