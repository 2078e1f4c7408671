/** How the process reaches AWS, the same for every mount: what `options.ts` reads, `auth` and `provider` use. */

export interface AwsSettings {
  /** `AWS_USE_FIPS_ENDPOINT` */
  readonly useFips: boolean;
  /** `AWS_USE_DUALSTACK_ENDPOINT` */
  readonly useDualstack: boolean;
  /** `--sts-fips`: use FIPS endpoints of STS too, where there are any. Means nothing without `useFips`. */
  readonly stsFips: boolean;
  /** `AWS_ENDPOINT_URL_*`, else `AWS_ENDPOINT_URL`: full URLs in place of AWS's own endpoints. */
  readonly endpoints: {
    readonly secretsManager?: string;
    readonly ssm?: string;
    readonly sts?: string;
  };
  /** Sent with every request as `app/<id>`. */
  readonly appId: string;
}
