// The rules of docs/design.md: which room may import which. `npm run lint` enforces them.
const leaves =
  '^src/(errors|shared-calls|log|secret|budgets|aws-settings|aws-request-id|region-name|fair-timer|fair-queue|garbage|wait|waiter|pace|paced-attempts|redact|generated/.*)\\.[jt]s$';
const room = (name, allowed) => ({
  name: `${name}-imports`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: [`^src/${name}/`, leaves, ...allowed] },
});
// The rooms inside of a room: which files of it each may import beside its own.
const innerRoom = (room, name, allowed) => ({
  name: `${room}-${name}-imports`,
  severity: 'error',
  from: { path: `^src/${room}/${name}/` },
  to: {
    path: `^src/${room}/`,
    pathNot: [`^src/${room}/${name}/`, ...allowed.map((file) => `^src/${room}/${file}\\.ts$`)],
  },
});
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'leaves-stand-alone', severity: 'error', from: { path: leaves }, to: { path: '^src/', pathNot: leaves } },
    {
      name: 'mount-knows-no-outside',
      severity: 'error',
      from: { path: '^src/mount/' },
      to: { path: 'node_modules/(@aws-sdk|@smithy|@grpc|@kubernetes)' },
    },
    room('mount', []),
    // The rooms of mount know the domain (`types.ts`) and its ports (`ports.ts`), not the pass that runs them, and not each other. `request` knows
    // three files more, because it tells all that a list can get wrong before any call: which expressions are refused,
    // which paths exclude each other, and which name the volume keeps for itself.
    innerRoom('mount', 'request', ['types', 'ports', 'plan', 'expression/expression', 'volume/staging-mark']),
    innerRoom('mount', 'expression', ['types', 'ports']),
    innerRoom('mount', 'volume', ['types', 'ports']),
    room('auth', ['^src/mount/(types|ports)\\.ts$', '^src/network/']),
    room('provider', ['^src/mount/(types|ports)\\.ts$', '^src/network/']),
    // A call and a kept value know how they fail, not what is made of that, and not each other.
    innerRoom('provider', 'calls', ['aws-errors', 'failure']),
    innerRoom('provider', 'values', ['failure', 'parameter-names']),
    room('server', ['^src/mount/']),
    room('local', []),
    room('network', []),
    room('options', []),
    room('process', []),
    room('cli', ['^src/(?!(main|start)\\.ts)']),
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/start\\.ts$' },
      to: { path: '^src/(main|start)\\.ts$' },
    },
    // The entry's own bundle is read before the program, which it knows as a type alone.
    {
      name: 'start-is-small',
      severity: 'error',
      from: { path: '^src/start\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(process/(harden-process|part-loader)|main)\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
