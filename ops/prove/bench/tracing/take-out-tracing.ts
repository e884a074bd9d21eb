import ts from 'typescript';

/* Takes tracing out of a source file: nothing of it is carried, asked for or looked at any more. */

/** What carries a trace, and what tracing hooks into. Where it is written it is left out; where it is read it is undefined. */
const names: ReadonlySet<string> = new Set([
  ...['traceparent', 'tracestate', 'traceresponse', 'traceId', 'trace_id'],
  ...['tracing', 'interceptHandle', 'interceptOutcome', 'interceptRead', 'interceptEffect'],
  ...['aroundCall', 'aroundServed'],
]);

/** What each function of traces gives where there is none. */
const functions: ReadonlyMap<string, 'undefined' | 'empty'> = new Map([
  ['traceIdOf', 'undefined'],
  ['carriedTrace', 'empty'],
  ['validTrace', 'empty'],
]);

export interface TakenOut {
  readonly source: string;
  /** How many places have changed. */
  readonly hooks: number;
}

const anyName = new RegExp([...names, ...functions.keys()].join('|'));

export function takeOutTracing(file: string, source: string): TakenOut {
  if (!anyName.test(source)) return { source, hooks: 0 };
  const parsed = parse(file, source);
  const out = new Removal();
  const { transformed } = ts.transform(parsed, [() => (root) => out.root(root)]);
  const printer = ts.createPrinter({ removeComments: true });
  return { source: printer.printFile(transformed[0] ?? parsed), hooks: out.hooks };
}

/** Names of tracing that are still read or written; types and parameters cost nothing and stay. */
export function tracingLeftIn(file: string, source: string): string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    if (ts.isIdentifier(node) && names.has(node.text) && !ts.isParameter(node.parent)) found.push(node.text);
    if (ts.isCallExpression(node) && replacementOf(node) !== undefined) found.push(node.getText());
    node.forEachChild(look);
  };
  parse(file, source).forEachChild(look);
  return found;
}

const parse = (file: string, source: string) =>
  ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);

const { factory } = ts;
const nothing = () => factory.createIdentifier('undefined');

/** What is left after one removal is simplified, so that no look at a constant remains. */
class Removal {
  hooks = 0;
  /** Variables that hold nothing any more. */
  readonly #empty = new Set<string>();

  root(file: ts.SourceFile): ts.SourceFile {
    return factory.updateSourceFile(file, this.#statements(file.statements));
  }

  readonly #visit = (node: ts.Node): ts.VisitResult<ts.Node | undefined> => {
    if (isTypeOnly(node)) return node;
    if (this.#isLeftOut(node)) return this.#counted(undefined);
    if (ts.isIdentifier(node)) return this.#isEmpty(node.text) ? this.#counted(nothing()) : node;
    if (ts.isPropertyAccessExpression(node)) {
      if (names.has(node.name.text)) return this.#counted(nothing());
      const expression = this.#expression(node.expression);
      if (isUndefined(expression) && ts.isOptionalChain(node)) return nothing();
      return ts.isPropertyAccessChain(node)
        ? factory.updatePropertyAccessChain(node, expression, node.questionDotToken, node.name)
        : factory.updatePropertyAccessExpression(node, expression, node.name);
    }
    if (ts.isCallExpression(node)) {
      const replacement = replacementOf(node);
      if (replacement === 'undefined') return this.#counted(nothing());
      if (replacement === 'empty') return this.#counted(factory.createObjectLiteralExpression());
    }
    // One that stays keeps its place before the others.
    if (ts.isParameter(node) && ts.isIdentifier(node.name)) return node;
    if (ts.isPropertyAssignment(node))
      return factory.updatePropertyAssignment(node, node.name, this.#expression(node.initializer));
    if (ts.isIfStatement(node)) return this.#if(node);
    if (ts.isBlock(node)) return factory.updateBlock(node, this.#statements(node.statements));
    return simplified(this.#children(node));
  };

  #if({ expression, thenStatement, elseStatement }: ts.IfStatement): ts.Node | undefined {
    const condition = this.#expression(expression);
    const then = ts.visitNode(thenStatement, this.#visit) as ts.Statement | undefined;
    const otherwise = elseStatement && (ts.visitNode(elseStatement, this.#visit) as ts.Statement | undefined);
    const known = constantOf(condition);
    if (known !== undefined) return known.value ? then : otherwise;
    return factory.createIfStatement(condition, then ?? factory.createBlock([]), otherwise);
  }

  #counted<Node extends ts.Node | undefined>(node: Node): Node {
    this.hooks += 1;
    return node;
  }

  #children(node: ts.Node): ts.Node {
    return ts.visitEachChild(node, this.#visit, undefined);
  }

  #expression(node: ts.Expression): ts.Expression {
    return ts.visitNode(node, this.#visit) as ts.Expression;
  }

  /** Up to the first that leaves the block for good, with the functions that are declared behind it. */
  #statements(given: readonly ts.Statement[]): ts.Statement[] {
    const kept: ts.Statement[] = [];
    let isLeft = false;
    for (const statement of given) {
      if (isLeft && !ts.isFunctionDeclaration(statement)) continue;
      const visited = ts.visitNode(statement, this.#visit) as ts.Statement | undefined;
      if (visited === undefined || this.#holdsNothing(visited)) continue;
      kept.push(visited);
      isLeft ||= ts.isReturnStatement(visited);
    }
    return kept;
  }

  /** A constant that has become undefined goes, and so does each look at it. */
  #holdsNothing(statement: ts.Statement): boolean {
    if (!ts.isVariableStatement(statement)) return false;
    const { declarations, flags } = statement.declarationList;
    const [first] = declarations;
    if (first === undefined) return true;
    if (declarations.length > 1 || (flags & ts.NodeFlags.Const) === 0) return false;
    if (!ts.isIdentifier(first.name) || !isUndefined(first.initializer)) return false;
    this.#empty.add(first.name.text);
    return true;
  }

  #isEmpty(name: string): boolean {
    return names.has(name) || this.#empty.has(name);
  }

  /** Whether it does no more than to carry what is taken out. */
  #isLeftOut(node: ts.Node): boolean {
    if (ts.isExpressionStatement(node)) {
      const { expression } = node;
      if (!ts.isBinaryExpression(expression)) return false;
      const { left, operatorToken } = expression;
      return operatorToken.kind === ts.SyntaxKind.EqualsToken && names.has(lastNameOf(left) ?? '');
    }
    if (ts.isBindingElement(node)) {
      if (node.dotDotDotToken !== undefined) return false;
      const isOurs = names.has(textOf(node.propertyName ?? node.name) ?? '');
      if (isOurs && ts.isIdentifier(node.name)) this.#empty.add(node.name.text);
      return isOurs;
    }
    if (ts.isShorthandPropertyAssignment(node)) return this.#isEmpty(node.name.text);
    if (ts.isVariableDeclaration(node) || ts.isClassElement(node) || ts.isPropertyAssignment(node))
      return node.name !== undefined && names.has(textOf(node.name) ?? '');
    return false;
  }
}

function simplified(node: ts.Node): ts.Node | undefined {
  if (ts.isParenthesizedExpression(node)) return constantOf(node) === undefined ? node : node.expression;
  if (ts.isCallChain(node)) return isUndefined(node.expression) ? nothing() : node;
  if (ts.isConditionalExpression(node)) {
    const condition = constantOf(node.condition);
    if (condition === undefined) return node;
    return condition.value ? node.whenTrue : node.whenFalse;
  }
  if (ts.isBinaryExpression(node)) return simplifiedOperation(node);
  if (ts.isSpreadAssignment(node)) return isNothingToSpread(node.expression) ? undefined : node;
  return node;
}

function simplifiedOperation(node: ts.BinaryExpression): ts.Expression {
  const { left, right } = node;
  const known = constantOf(left);
  if (known === undefined) return node;
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.QuestionQuestionToken:
      return known.value === undefined ? right : left;
    case ts.SyntaxKind.AmpersandAmpersandToken:
      return known.value ? right : left;
    case ts.SyntaxKind.BarBarToken:
      return known.value ? left : right;
    case ts.SyntaxKind.EqualsEqualsEqualsToken:
      return isUndefined(left) && isUndefined(right) ? factory.createTrue() : node;
    case ts.SyntaxKind.ExclamationEqualsEqualsToken:
      return isUndefined(left) && isUndefined(right) ? factory.createFalse() : node;
    default:
      return node;
  }
}

/** The value of an expression that always has the same; undefined where it is not known. */
function constantOf(expression: ts.Node): { readonly value: boolean | undefined } | undefined {
  const bare = bareOf(expression);
  if (bare.kind === ts.SyntaxKind.TrueKeyword) return { value: true };
  if (bare.kind === ts.SyntaxKind.FalseKeyword) return { value: false };
  return isUndefined(bare) ? { value: undefined } : undefined;
}

/** Without brackets, and without what is said of its type. */
function bareOf(node: ts.Node): ts.Node {
  const isWrapped =
    ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node);
  return isWrapped ? bareOf(node.expression) : node;
}

function isUndefined(node: ts.Node | undefined): boolean {
  if (node === undefined) return false;
  const bare = bareOf(node);
  return ts.isIdentifier(bare) && bare.text === 'undefined';
}

function isNothingToSpread(expression: ts.Expression): boolean {
  const bare = bareOf(expression);
  return (
    constantOf(bare) !== undefined || (ts.isObjectLiteralExpression(bare) && bare.properties.length === 0)
  );
}

function replacementOf({ expression }: ts.CallExpression): 'undefined' | 'empty' | undefined {
  return ts.isIdentifier(expression) ? functions.get(expression.text) : undefined;
}

const lastNameOf = (node: ts.Node) => textOf(ts.isPropertyAccessExpression(node) ? node.name : node);

function textOf(name: ts.Node): string | undefined {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node)
  );
}
