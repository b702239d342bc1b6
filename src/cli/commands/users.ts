import { Command } from "commander";
import { CREDENTIALS_HELP, type ServerFlags, trackingUriOption } from "../access/access-server.ts";

/** `trackflare users`. */
export function usersCommand(): Command {
  const named = (name: string, description: string) =>
    new Command(name).description(description).argument("<username>").addOption(trackingUriOption());
  const onThing = (name: string, description: string) =>
    new Command(name)
      .description(description)
      .argument("<username>")
      .argument("<type>", "experiment, registered_model, prompt, run or logged_model")
      .argument("<id>", "an experiment's id, a model's name, or * for all")
      .addOption(trackingUriOption());
  return new Command("users")
    .description("Make users, and say what they may. A password is asked for, or read from stdin.")
    .addCommand(
      new Command("list")
        .description("All users.")
        .option("--json", "print as JSON")
        .addOption(trackingUriOption())
        .action(async (flags: ServerFlags & { json?: true }) => (await actions()).listUsers(flags)),
    )
    .addCommand(
      named("create", "Make a user.")
        .option("--admin", "who may do everything")
        .action(async (name: string, flags: ServerFlags & { admin?: true }) =>
          (await actions()).createUser(name, flags),
        ),
    )
    .addCommand(
      named("delete", "Delete a user, with all grants and tokens.").action(async (name: string, flags: ServerFlags) =>
        (await actions()).deleteUser(name, flags),
      ),
    )
    .addCommand(
      named("password", "Set a password.")
        .option("--own", "of your own account: the password so far is asked for too")
        .action(async (name: string, flags: ServerFlags & { own?: true }) =>
          (await actions()).setPassword(name, flags),
        ),
    )
    .addCommand(
      named("admin", "Make a user an admin.").action(async (name: string, flags: ServerFlags) =>
        (await actions()).setAdmin(name, true, flags),
      ),
    )
    .addCommand(
      named("no-admin", "Make an admin a user like others.").action(async (name: string, flags: ServerFlags) =>
        (await actions()).setAdmin(name, false, flags),
      ),
    )
    .addCommand(
      named("grants", "What a user holds.")
        .option("--json", "print as JSON")
        .action(async (name: string, flags: ServerFlags & { json?: true }) =>
          (await actions()).listGrants(name, flags),
        ),
    )
    .addCommand(
      onThing("grant", "Let a user use a thing.")
        .argument("<permission>", "READ, USE, EDIT, MANAGE or DENY")
        .action(async (username: string, type: string, id: string, permission: string, flags: ServerFlags) =>
          (await actions()).grant({ username, type, id }, permission, flags),
        ),
    )
    .addCommand(
      onThing("revoke", "Take a grant back.").action(
        async (username: string, type: string, id: string, flags: ServerFlags) =>
          (await actions()).revoke({ username, type, id }, flags),
      ),
    )
    .addHelpText("after", CREDENTIALS_HELP);
}

const actions = () => import("../access/users.ts");
