/** Who is calling. Users and their grants join the admin here once there are users. */
export interface Principal {
  readonly username: string;
  readonly isAdmin: boolean;
}
