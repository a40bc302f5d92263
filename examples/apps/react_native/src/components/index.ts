export { AppButton } from './AppButton';
export { Choice } from './Choice';
export { Field } from './Field';
export { IconButton } from './IconButton';
export { SwitchRow } from './SwitchRow';
export { Tick } from './Tick';
