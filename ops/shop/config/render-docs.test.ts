import { expect } from 'chai';
import { parseConfig } from './parse-config.ts';
import { renderEnvExample, renderHelp, renderMarkdown, withTable } from './render-docs.ts';
import { variableList } from './variables.ts';

describe('the documents of the configuration', () => {
  it('name every variable', () => {
    for (const [name] of variableList) {
      expect(renderHelp(), name).to.match(new RegExp(`^  ${name} `, 'm'));
      expect(renderMarkdown(), name).to.include(`| \`${name}\` |`);
      expect(renderEnvExample(), name).to.match(new RegExp(`^#${name}=`, 'm'));
    }
  });

  it('help stays within the width', () => {
    expect(
      Math.max(
        ...renderHelp(80)
          .split('\n')
          .map((line) => line.length),
      ),
    ).to.be.at.most(80);
  });

  it('the example holds the defaults', () => {
    const lines = renderEnvExample()
      .split('\n')
      .map((line) => line.match(/^#([A-Z_]+)=(.*)$/))
      .filter((match) => match !== null)
      .map(([, name, value]) => [name, value]);
    expect(parseConfig(Object.fromEntries(lines) as Record<string, string>)).to.deep.equal(parseConfig({}));
  });

  it('the table replaces what stands between the marks, and only that', () => {
    const document = '# T\n\n<!-- config:start -->\nold\n<!-- config:end -->\n\nrest\n';
    const fresh = withTable(document);
    expect(fresh).to.include('`HTTP_PORT`').and.not.to.include('\nold\n');
    expect(fresh.startsWith('# T\n\n')).to.equal(true);
    expect(fresh.endsWith('\n\nrest\n')).to.equal(true);
    expect(withTable(fresh)).to.equal(fresh);
  });
});
