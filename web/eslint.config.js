import js from '@eslint/js'
import boundaries from 'eslint-plugin-boundaries'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import globals from 'globals'
import { fileURLToPath } from 'node:url'
import tseslint from 'typescript-eslint'

const foundations = ['lib', 'api', 'realtime', 'ui']
const element = (...types) => ({ element: { types: { anyOf: types } } })

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'dist-node', 'src/api/schema.gen.ts', 'src/realtime/events.gen.ts', 'test-results', 'playwright-report'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  reactHooks.configs.flat.recommended,
  jsxA11y.flatConfigs.recommended,
  {
    languageOptions: { globals: globals.browser },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': ['error', { allow: ['error'] }],
      'jsx-a11y/no-autofocus': 'off',
    },
  },
  {
    // The layers: lib, api, realtime, ui → features → routes → app; a feature never imports another.
    files: ['src/**/*.{ts,tsx}'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { [fileURLToPath(new URL('./scripts/resolve-import.cjs', import.meta.url))]: {} },
      'boundaries/elements': [
        { type: 'lib', pattern: 'src/lib' },
        { type: 'api', pattern: 'src/api' },
        { type: 'realtime', pattern: 'src/realtime' },
        { type: 'ui', pattern: 'src/ui' },
        { type: 'feature', pattern: 'src/features/*', capture: ['name'] },
        { type: 'routes', pattern: 'src/routes' },
        { type: 'app', pattern: 'src/app' },
      ],
    },
    rules: {
      'boundaries/no-unknown-files': 'error',
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            { from: element('lib'), allow: { to: element('lib') } },
            { from: element('api'), allow: { to: element('api', 'lib') } },
            { from: element('realtime'), allow: { to: element('realtime', 'api', 'lib') } },
            { from: element('ui'), allow: { to: element('ui', 'lib') } },
            { from: element('feature'), allow: { to: element(...foundations) } },
            { from: element('routes'), allow: { to: element(...foundations, 'feature', 'routes') } },
            { from: element('app'), allow: { to: element(...foundations, 'feature', 'routes', 'app') } },
            { allow: { to: { module: { origin: ['external', 'core'] } } } },
          ],
        },
      ],
    },
  },
  {
    files: ['scripts/**', 'e2e/**', '*.config.*'],
    languageOptions: { globals: globals.node },
    // Playwright reads a fixture's needs from its parameter, so one without needs has an empty pattern.
    rules: { 'no-console': 'off', 'no-empty-pattern': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
)
