// Lints the OpenAPI file: the recommended rules, and those that hold a whole API to its word. One line a finding.
import { lint, createConfig } from '@redocly/openapi-core';

const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'no-unused-components': 'error', 'no-ambiguous-paths': 'off', // /messages/cancel and /messages/{id}: the literal wins, as OpenAPI says
    'operation-description': 'off', 'operation-4xx-response': 'error', 'operation-operationId-unique': 'error',
    'no-server-example.com': 'off', 'struct': 'error', 'tag-description': 'error', 'operation-tag-defined': 'error',
    'no-invalid-schema-examples': 'error', 'no-invalid-media-type-examples': 'error', 'no-http-verbs-in-paths': 'off', 'boolean-parameter-prefixes': 'off',
  },
});
const found = await lint({ ref: process.argv[2], config });
for (const each of found) console.log(`${each.location[0].pointer}: ${each.message} (${each.ruleId})`);
process.exitCode = found.length === 0 ? 0 : 1;
