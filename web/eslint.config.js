import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Imports go one way: lib and components, then realtime, then features (which do not know each other), then app. */
function mayNotImport(files, forbidden, message, paths = []) {
  return {
    files,
    ignores: ["**/*.test.{ts,tsx}"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths,
          patterns: [
            { group: ["../*"], message: "Another folder is imported by its full name, @/folder/module." },
            { group: ["@/testing/*"], message: "Test support is for tests." },
            { group: forbidden, message },
          ],
        },
      ],
    },
  };
}

const REACT = ["react", "react-dom", "react-router"].map((name) => ({
  name,
  message: "Only the hook of realtime/ knows React.",
}));
const FEATURES = ["tasks", "notifications", "session"];

export default tseslint.config(
  { ignores: ["dist", "**/*.gen.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat["recommended-latest"],
      jsxA11y.flatConfigs.strict,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["scripts/**/*.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly" } },
  },
  mayNotImport(
    ["src/lib/**"],
    ["@/components/*", "@/realtime/*", "@/features/*", "@/app/*"],
    "lib/ stands at the bottom.",
  ),
  mayNotImport(
    ["src/components/**"],
    ["@/realtime/*", "@/features/*", "@/app/*"],
    "components/ know no feature.",
  ),
  mayNotImport(
    ["src/realtime/**/*.ts"],
    ["@/components/*", "@/features/*", "@/app/*"],
    "realtime/ knows no feature.",
    REACT,
  ),
  mayNotImport(
    ["src/realtime/**/*.tsx"],
    ["@/components/*", "@/features/*", "@/app/*"],
    "realtime/ knows no feature.",
  ),
  ...FEATURES.map((feature) =>
    mayNotImport(
      [`src/features/${feature}/**`],
      ["@/app/*", ...FEATURES.filter((other) => other !== feature).map((other) => `@/features/${other}/*`)],
      "Features do not import each other, nor the app.",
    ),
  ),
  {
    files: ["**/*.test.{ts,tsx}", "src/testing/**"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
