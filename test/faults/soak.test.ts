import { describeSoak } from '../support/soak-test.ts';

describeSoak({ pushes: 100, gates: 25, runs: 25, subscriptions: 25 }, 300_000);
