/** Joins the objects of a request with the regions of the mount: what to ask, and where. */
import { combineErrors, ProviderError, quote } from '../errors.js';
import { arnInRegion } from './request/arn.js';
import { Findings, reporterAt } from './request/findings.js';
import type { FailoverSpec, FetchItem, MountRequest, ObjectQuery, ObjectSpec, Regions } from './types.js';

/**
 * One item for each object, in their order; with a failover region every object is asked for there too.
 * @throws ProviderError with all faults that need the regions: `invalid_parameter` when they are the same,
 *   `invalid_objects` when an ARN is of another region than the one it is asked in
 */
export function bindRegions(request: MountRequest, regions: Regions): FetchItem[] {
  const errors: ProviderError[] = [];
  if (regions.failover === regions.primary) {
    const message = `parameter failoverRegion ${quote(regions.primary)} must differ from the primary region`;
    errors.push(new ProviderError('invalid_parameter', message));
  }
  const faults = new Findings();
  for (const object of request.objects) checkRegions(object, regions, faults);
  if (faults.count > 0) errors.push(new ProviderError('invalid_objects', faults.list().join('; ')));
  if (errors.length > 0) throw combineErrors(errors);
  return request.objects.map((object) => bind(object, regions));
}

function checkRegions(object: ObjectSpec, regions: Regions, faults: Findings): void {
  const { fault } = reporterAt(() => `objects[${object.index}] ${quote(object.name)}`, faults, new Findings());
  const { arn, failover } = object;
  if (arn !== undefined && arn.region !== regions.primary) {
    fault(
      () =>
        `the ARN is of region ${arn.region}, but the mount reads from ${regions.primary}: ` +
        'set the parameter region, or use a SecretProviderClass for each region',
    );
  }
  const other = failover?.arn;
  if (other !== undefined && regions.failover !== undefined && other.region !== regions.failover) {
    fault(
      () =>
        `the ARN ${quote(other.text)} of failoverObject is of region ${other.region}, but failoverRegion is ` +
        `${regions.failover ?? ''}: make them agree`,
    );
  }
}

function bind(object: ObjectSpec, regions: Regions): FetchItem {
  const { index, name } = object;
  const primary = query(object, { region: regions.primary, name, ...selector(object) });
  if (regions.failover === undefined) return { index, primary };
  const failover = query(object, {
    region: regions.failover,
    name: failoverName(object, regions.failover),
    ...failoverSelector(object),
  });
  return { index, primary, failover };
}

function query(object: ObjectSpec, rest: Omit<ObjectQuery, 'type'>): ObjectQuery {
  return { type: object.type, ...rest };
}

function failoverName(object: ObjectSpec, region: string): string {
  if (object.failover?.name !== undefined) return object.failover.name;
  return object.arn === undefined ? object.name : arnInRegion(object.arn, region);
}

type Selector = Pick<ObjectQuery, 'version' | 'versionLabel'>;

function selector({ version, versionLabel }: ObjectSpec | FailoverSpec): Selector {
  return { ...(version !== undefined && { version }), ...(versionLabel !== undefined && { versionLabel }) };
}

/** What failoverObject leaves out is as in the primary region. */
function failoverSelector(object: ObjectSpec): Selector {
  const own = object.failover === undefined ? {} : selector(object.failover);
  // A parameter takes one selector only, so one of its own takes the place of whichever the primary has.
  if (object.type === 'ssmparameter' && Object.keys(own).length > 0) return own;
  return { ...selector(object), ...own };
}
