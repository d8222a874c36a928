export { total } from './total.js';
