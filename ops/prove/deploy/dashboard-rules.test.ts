import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { dashboardQueries, dashboardRules } from './dashboard-rules.ts';

describe('the queries of dashboards, as rules', () => {
  const folder = temporaryFolder('dashboard-rules');
  after(() => removeTemporaryFolder(folder));

  it('are a group for each dashboard, with what Grafana puts in', () => {
    const targets = [{ expr: 'sum(rate(a[$__rate_interval]))' }, { expr: 'b{role=~"$role"}' }];
    writeFileSync(join(folder, 'shop.json'), JSON.stringify({ panels: [{ type: 'row' }, { targets }] }));
    expect(parse(dashboardRules(folder))).to.deep.equal({
      groups: [
        {
          name: 'shop',
          rules: [
            { record: 'shop:query_0', expr: 'sum(rate(a[1m]))' },
            { record: 'shop:query_1', expr: 'b{role=~".*"}' },
          ],
        },
      ],
    });
    expect(dashboardQueries(folder)).to.deep.equal(['sum(rate(a[1m]))', 'b{role=~".*"}']);
  });
});
