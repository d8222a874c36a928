import { describeSoak } from '../support/soak-test.ts';

describeSoak({ pushes: 60, gates: 20, runs: 20, subscriptions: 20 }, 300_000);
