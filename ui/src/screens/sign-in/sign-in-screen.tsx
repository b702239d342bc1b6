import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { withQuery } from "../../api/client.ts";
import { sessionQuery, signIn } from "../../api/session.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { SkeletonRows } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { Mark } from "../../shell/mark.tsx";
import { returnAddress } from "../../shell/return-address.ts";

/** Asks for a name and a password, then opens the page to which the reader was going; at once if already signed in. */
export function SignInScreen() {
  useBreadcrumbs([{ label: "Sign in" }]);
  const { to, failed = false } = useSearch({ from: "/sign-in" });
  const { history } = useRouter();
  const queries = useQueryClient();
  const session = useQuery({ ...sessionQuery(), staleTime: 0 });
  const leave = useCallback(() => {
    const address = returnAddress(to, document.baseURI);
    if ("file" in address) location.replace(address.file);
    else history.replace(address.page);
  }, [to, history]);
  // The page may have come here because of outdated data, so it reloads the session.
  const known = session.isFetchedAfterMount ? session.data : undefined;
  const isKnown = known !== undefined && (known.user !== null || !known.asks_for_credentials);
  useEffect(() => {
    if (isKnown) leave();
  }, [isKnown, leave]);
  // The next user must not see data that another user loaded.
  const enter = async (): Promise<void> => {
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    await session.refetch();
  };
  if (isKnown) return <SkeletonRows rows={12} />;
  return (
    <div className="m-auto flex w-full max-w-80 flex-col gap-4 p-6">
      <h1 className="flex items-center gap-2 text-xl">
        <Mark />
        Sign in to Trackflare
      </h1>
      {failed && (
        <p role="alert" className="rounded bg-danger-surface px-2 py-1.5 text-danger">
          {known?.provider ?? "The provider"} did not sign you in here. Try again, or ask an admin: the server's log
          says why.
        </p>
      )}
      {known?.provider != null && (
        <>
          <a
            href={withQuery("ui-api/oidc/start", { to })}
            className={classNames(buttonClass("primary"), "h-auto min-h-7 w-full whitespace-normal")}
          >
            Sign in with {known.provider}
          </a>
          <p className="text-center text-ink-muted">or by a name and a password</p>
        </>
      )}
      <PasswordForm onSignedIn={enter} isFirst={known?.provider == null} />
    </div>
  );
}

interface PasswordFormProps {
  onSignedIn: () => Promise<void>;
  /** Whether this is the primary way to sign in. */
  isFirst: boolean;
}

function PasswordForm({ onSignedIn, isFirst }: PasswordFormProps) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const passwordField = useRef<HTMLInputElement>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn({ username, password });
      await onSignedIn();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      passwordField.current?.select();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <TextField
        label="Name"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        autoFocus
        maxLength={255}
        value={username}
        onValueChange={setUsername}
      />
      <TextField
        ref={passwordField}
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        value={password}
        onValueChange={setPassword}
        error={problem}
      />
      <Button type="submit" kind={isFirst ? "primary" : "plain"} isBusy={isBusy} className="mt-1 w-full">
        Sign in
      </Button>
    </form>
  );
}
