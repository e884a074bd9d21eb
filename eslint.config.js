import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['node_modules/', '.data/', '**/dist/', 'proto/gen/'] },
  {
    files: ['**/*.{ts,mts}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Numbers and booleans read well in a message; objects and `any` stay forbidden.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `return reply(error)` ends a callback early in one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Ports are async by contract; an adapter over SQLite or memory has nothing to await.
      '@typescript-eslint/require-await': 'off',
      // A type parameter may be there for the caller's inference alone.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-empty-function': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
      // One place reads the environment, so that every setting is checked and listed.
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only ops/shop/environment.ts reads the environment.',
        },
      ],
    },
  },
  {
    files: ['{proto,actors,gateway,ops}/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^[./]+/runtime/', message: 'Import @trolley/runtime by its name.' }] },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/testing/**/*.ts'],
    rules: {
      // chai's `expect(x).to.be.true` is an expression.
      '@typescript-eslint/no-unused-expressions': 'off',
      // After an `expect` that the value is there.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // The test servers' addresses travel through the environment, since runtime/ must not import ops/.
    files: ['ops/shop/environment.ts', 'ops/prove/testing/*.ts', 'runtime/testing/suites/test-*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
);
