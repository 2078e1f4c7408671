/**
 * What is used of the SDK for Systems Manager. Loaded by the first mount that asks for a parameter: a node whose classes
 * list secrets alone does without it, and a third of the code that mounts need is here.
 */
export { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
