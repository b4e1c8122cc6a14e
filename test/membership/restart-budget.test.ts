import t from 'tap';
import { RestartBudget } from '../../src/membership/restart-budget.js';

const after = (budget: RestartBudget, ...completed: readonly boolean[]): (number | undefined)[] =>
  completed.map((each) => budget.next(each));

t.test('ML-LC-13: the first restart is immediate, further ones come after growing pauses up to ten seconds', async (t) => {
  const budget = new RestartBudget(11);
  t.same(after(budget, ...Array.from({ length: 11 }, () => false)), [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

t.test('ML-LC-14: the budget is spent when so many incarnations in a row have completed nothing', async (t) => {
  t.same(after(new RestartBudget(3), false, false, false, false, false), [0, 100, 200, undefined, undefined]);
  t.same(after(new RestartBudget(0), false), [undefined]);
});

t.test('ML-LC-14: a restart is free of charge if a tuple was completed before it, and the pauses begin anew', async (t) => {
  t.same(after(new RestartBudget(3), false, false, true, false, false, false, false), [0, 100, 0, 0, 100, 200, undefined]);
});

t.test('ML-LC-14: a component that dies now and then never spends its budget', async (t) => {
  const budget = new RestartBudget(1);
  t.same(new Set(Array.from({ length: 1000 }, (_, i) => budget.next(i % 2 === 0))), new Set([0]));
});
