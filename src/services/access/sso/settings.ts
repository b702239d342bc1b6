/** The settings of single sign-on. */
export interface SsoSettings {
  readonly oidc?: OidcSettings | undefined;
  readonly access?: AccessSettings | undefined;
  /** The claim that holds a user's name. */
  readonly usernameClaim: string;
  readonly groupsClaim: string;
  /** Groups whose members are admins; undefined where groups do not decide who is an admin. */
  readonly adminGroups?: readonly string[] | undefined;
  /** Which role the members of a group have. */
  readonly rolesOfGroups: readonly { readonly group: string; readonly role: string }[];
}

/** An OpenID Connect provider. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret?: string | undefined;
  /** The provider's name on the sign-in button. */
  readonly name: string;
  readonly scopes: string;
}

/** Cloudflare Access in front of this server. */
export interface AccessSettings {
  /** Such as `https://team.cloudflareaccess.com`. */
  readonly issuer: string;
  /** AUD tags of the applications. */
  readonly audiences: readonly string[];
}
