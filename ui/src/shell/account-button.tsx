import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { CircleUserRound } from "lucide-react";
import { sessionQuery, signOut } from "../api/session.ts";
import { IconButton } from "../parts/button.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { sayFailed } from "../parts/toast.tsx";

/** The signed-in user, and signing out. Renders nothing if the server asks for no credentials. */
export default function AccountButton() {
  const { data: session } = useQuery(sessionQuery());
  const { history } = useRouter();
  const queries = useQueryClient();
  if (!session?.asks_for_credentials || session.user === null) return null;
  const { username, is_admin } = session.user;
  const leave = (): void => {
    signOut().then(
      () => {
        history.push("/sign-in");
        queries.clear();
      },
      (error: unknown) => sayFailed("You could not be signed out.", error),
    );
  };
  return (
    <LazyMenu
      trigger={(onClick) => (
        <IconButton
          label={`Account: ${username}`}
          icon={<CircleUserRound size={16} aria-hidden />}
          {...(onClick && { onClick })}
        />
      )}
      entries={() => [
        { label: "Your account", href: "#/account" },
        { label: is_admin ? "Links" : "Your links", href: "#/links" },
        ...(is_admin
          ? [
              { label: "People", href: "#/people" },
              { label: "Roles", href: "#/roles" },
              { label: "Audit log", href: "#/audit" },
            ]
          : []),
        null,
        { label: `Sign out ${username}`, onSelect: leave },
      ]}
    />
  );
}
