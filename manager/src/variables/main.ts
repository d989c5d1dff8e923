export {
  type Audience,
  type Definitions,
  type ResolvedVariable,
  readVariables,
  resolveVariables,
  type Variable,
  type VariableConfig,
  type VariablesConfig,
  type VariableValue,
  type VariableValueConfig,
} from './definitions.ts'
export {
  type ExpansionContext,
  expandParameters,
  expandVariables,
  type SubmissionContext,
  toVariables,
} from './translate.ts'
