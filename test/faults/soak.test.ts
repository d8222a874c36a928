import { describeSoak } from '../support/soak-test.ts';

describeSoak({ pushes: 200, gates: 50, runs: 50, subscriptions: 50 }, 300_000);
