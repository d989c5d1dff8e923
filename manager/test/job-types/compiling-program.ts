import { pino } from 'pino'
import { openJobTypes } from '../../src/job-types/main.ts'
import { compileOptions, submission } from './open.ts'

// Compiles the script of the folder that it is given, and says so.
const types = openJobTypes({ scriptsDir: process.argv[2]!, log: pino({ level: 'silent' }) })
await types.get('endless')
process.stdout.write('compiling\n')
await types.compile(submission('endless'), compileOptions)
