/** Reads `failoverObject`: what an object is called in the failover region, where that differs. */
import type { FailoverSpec, ObjectType } from '../types.js';
import { isAbsent, isMap, kindOf, readFields, readText } from './fields.js';
import type { Reporter } from './findings.js';
import { readFailoverName } from './object-name.js';

const failoverFields = ['objectName', 'objectVersion', 'objectVersionLabel'] as const;

/** What its object says, and the mount. */
export interface FailoverOptions {
  readonly type: ObjectType | undefined;
  readonly version: string | undefined;
  readonly hasAlias: boolean;
  /** Whether the `failoverRegion` parameter is given. */
  readonly hasRegion: boolean;
  readonly reporter: Reporter;
}

/** The value of the field; `undefined` when it is absent, says nothing (an empty map), or is at fault. */
export function readFailoverObject(value: unknown, options: FailoverOptions): FailoverSpec | undefined {
  const { reporter, type } = options;
  if (isAbsent(value)) return undefined;
  if (!isMap(value)) {
    reporter.fault(() => `failoverObject must be a map with ${failoverFields.join(', ')}, not ${kindOf(value)}`);
    return undefined;
  }
  const inner = within('failoverObject', reporter);
  const fields = readFields(value, failoverFields, inner);
  if (fields === undefined) return undefined;
  const text = readText(fields, 'objectName', inner);
  const version = readText(fields, 'objectVersion', inner);
  const versionLabel = readText(fields, 'objectVersionLabel', inner);
  if (text === undefined && version === undefined && versionLabel === undefined) return undefined;
  if (type === 'ssmparameter' && version !== undefined && versionLabel !== undefined) {
    inner.fault(() => 'a parameter takes objectVersion or objectVersionLabel, not both');
  }
  if (text !== undefined) checkNamed(version, options);
  else if (!options.hasRegion) reporter.warn(() => 'failoverObject means nothing without the parameter failoverRegion');
  const name = text === undefined ? undefined : readFailoverName(text, { type, field: 'objectName', reporter: inner });
  return { ...name, ...(version !== undefined && { version }), ...(versionLabel !== undefined && { versionLabel }) };
}

/** The rules of a failoverObject with a name of its own. */
function checkNamed(version: string | undefined, options: FailoverOptions): void {
  const { reporter } = options;
  if (!options.hasRegion) {
    reporter.fault(() => 'failoverObject has an objectName, which needs the parameter failoverRegion: set it');
  }
  if (!options.hasAlias) {
    reporter.fault(
      () => 'failoverObject has an objectName, which needs an objectAlias on the object: its file has one name',
    );
  }
  if (version !== options.version) {
    reporter.fault(
      () => 'objectVersion of failoverObject must equal that of the object: give the same one in both, or in neither',
    );
  }
}

/** The same reporter, for a field inside the place. */
function within(field: string, reporter: Reporter): Reporter {
  return {
    fault: (text) => {
      reporter.fault(() => `${field}: ${text()}`);
    },
    warn: (text) => {
      reporter.warn(() => `${field}: ${text()}`);
    },
  };
}
