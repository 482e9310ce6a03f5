export { hasPassed } from '../model/until.ts';
