import { alreadyExists, doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { checkLength } from "../../domain/names.ts";
import { LOCAL } from "../../domain/principal.ts";
import { SHIPPED_PASSWORD } from "../../domain/settings.ts";
import {
  deleteUser as deleteRow,
  findAllUsers,
  findUser,
  insertUser,
  type User,
  updateIsAdmin,
  updatePassword,
} from "../../stores/d1/access/users.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import { changed } from "./memory.ts";
import { hashPassword, isPasswordHash } from "./passwords.ts";

const MAX_USERNAME_LENGTH = 255;
/** MLflow's minimum. */
const MIN_PASSWORD_LENGTH = 12;
/** The maximum, in UTF-16 units. */
export const MAX_PASSWORD_LENGTH = 1024;

/** @throws MlflowError RESOURCE_ALREADY_EXISTS, or INVALID_PARAMETER_VALUE for an invalid name or password. */
export async function createUser(ctx: ServiceContext, username: string, password: string): Promise<User> {
  checkUsername(username);
  checkPassword(password);
  // No user may take the name of the settings' admin, whose name and password are checked first.
  const isTaken = ctx.principal.user === undefined && ctx.principal.username === username;
  try {
    if (isTaken) throw nameTaken(username);
    return await insertUser(recorded(ctx, { action: "user.create", ...userTarget(username) }), {
      username,
      passwordHash: await hashPassword(password),
      nowMs: Date.now(),
    });
  } catch (error) {
    throw isDuplicate(error, "users.username") ? nameTaken(username) : error;
  }
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function getUser(ctx: ServiceContext, username: string): Promise<User> {
  return (await findUser(ctx.db, username)) ?? unlessCaller(ctx, username);
}

/** All users, by name. Only for admins. */
export async function listUsers(ctx: ServiceContext): Promise<User[]> {
  return await findAllUsers(ctx.db);
}

/**
 * The calling user. The admin of the server's settings has no row, and the id 0.
 * @throws MlflowError ENDPOINT_NOT_FOUND on a server that asks for no credentials. MLflow's web UI recognizes such a
 *   server by this error.
 */
export function currentUser({ principal }: ServiceContext): User {
  if (principal === LOCAL) throw new MlflowError("ENDPOINT_NOT_FOUND", "This server asks for no credentials.");
  return { userId: principal.user?.userId ?? 0, username: principal.username, isAdmin: principal.isAdmin };
}

/**
 * Sets a password. Users who change their own password must also give the current one.
 * @throws MlflowError INVALID_PARAMETER_VALUE or RESOURCE_DOES_NOT_EXIST; REQUEST_LIMIT_EXCEEDED after too many wrong
 *   current ones
 */
export async function changePassword(
  ctx: ServiceContext,
  username: string,
  password: string,
  currentPassword: string | undefined,
): Promise<void> {
  checkPassword(password);
  let ifStamp: number | undefined;
  if (ctx.principal.user !== undefined && ctx.principal.username === username) {
    if (!currentPassword) throw invalidParameter("Current password is required when changing your own password.");
    const user = await findUser(ctx.db, username);
    if (user !== undefined && !isPasswordHash(user.passwordHash)) {
      throw new MlflowError("BAD_REQUEST", "You sign in with a provider, which holds your password. Change it there.");
    }
    // As a sign-in, so that whoever has a user's browser or token cannot guess the password faster than others.
    const confirmed = await ctx.principalOfPassword(username, currentPassword);
    if (confirmed?.user === undefined) throw wrongCurrentPassword();
    if (password === currentPassword) throw invalidParameter("New password must differ from the current password.");
    ifStamp = confirmed.user.stamp;
  }
  const passwordHash = await hashPassword(password);
  if (
    await changed(
      updatePassword(
        recorded(ctx, { action: "user.password", ...userTarget(username) }),
        username,
        passwordHash,
        ifStamp,
      ),
    )
  )
    return;
  // Another call changed the password meanwhile. That change stands.
  throw ifStamp === undefined ? userNotFound(username) : wrongCurrentPassword();
}

const wrongCurrentPassword = () => invalidParameter("Current password does not match.");

/** @throws MlflowError BAD_REQUEST where admins remove their own rights. Another admin may do that. */
export async function setIsAdmin(ctx: ServiceContext, username: string, isAdmin: boolean): Promise<void> {
  if (!isAdmin && ctx.principal.username === username) {
    throw new MlflowError("BAD_REQUEST", "Admins cannot take their own rights. Ask another admin to do it.");
  }
  const writes = recorded(ctx, { action: "user.admin", ...userTarget(username), detail: { is_admin: isAdmin } });
  if (!(await changed(updateIsAdmin(writes, username, isAdmin, hasSettingsAdmin(ctx)))))
    throw await notRemoved(ctx, username);
}

/** Deletes a user with all of the user's grants. @throws MlflowError BAD_REQUEST for the own account, as in MLflow. */
export async function deleteUser(ctx: ServiceContext, username: string): Promise<void> {
  if (ctx.principal.username === username) {
    throw new MlflowError(
      "BAD_REQUEST",
      "Users cannot delete their own account. Ask another admin to delete this user instead.",
    );
  }
  const writes = recorded(ctx, { action: "user.delete", ...userTarget(username) });
  if (!(await changed(deleteRow(writes, username, hasSettingsAdmin(ctx))))) throw await notRemoved(ctx, username);
}

/** Whether the settings have an admin, or the server asks for no credentials: nobody is locked out then. */
const hasSettingsAdmin = (ctx: ServiceContext) => ctx.adminUsername !== "" || ctx.principal === LOCAL;

/** The error for a user who could not be removed or demoted. */
async function notRemoved({ db }: ServiceContext, username: string): Promise<Error> {
  if ((await findUser(db, username)) === undefined) return userNotFound(username);
  return new MlflowError("BAD_REQUEST", `User '${username}' is the last admin. Make another user an admin first.`);
}

/** A user as the target of an entry in the audit log. */
export const userTarget = (username: string) => ({ targetType: "user", targetId: username }) as const;

export function userNotFound(username: string): Error {
  return doesNotExist(`User with username=${username} not found`);
}

function unlessCaller(ctx: ServiceContext, username: string): User {
  if (ctx.principal.username === username) return currentUser(ctx);
  throw userNotFound(username);
}

export function nameTaken(username: string): Error {
  return alreadyExists(`User (username=${username}) already exists.`);
}

/** Refuses invalid names. A user whose name has a colon could never sign in by Basic. */
export function checkUsername(username: string): void {
  checkLength("username", username, MAX_USERNAME_LENGTH);
  if (/[:\p{Cc}]/u.test(username) || username.trim() !== username) {
    throw invalidParameter("A username may not contain colons or control characters, nor begin or end with a blank.");
  }
}

export function checkPassword(password: string): void {
  if (password.length < MIN_PASSWORD_LENGTH || password.trim() === "") {
    throw invalidParameter(`Password must be at least ${MIN_PASSWORD_LENGTH} characters.`);
  }
  if (password === SHIPPED_PASSWORD) {
    throw invalidParameter("MLflow shipped this very password, so everybody knows it. Choose another.");
  }
  if (password.length > MAX_PASSWORD_LENGTH) {
    throw invalidParameter(`Password must be at most ${MAX_PASSWORD_LENGTH} characters.`);
  }
}
