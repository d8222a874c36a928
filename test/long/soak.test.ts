import { describeSoak } from '../support/soak-test.ts';

describeSoak({ pushes: 2000, gates: 500, runs: 500, subscriptions: 500 }, 60 * 60_000);
