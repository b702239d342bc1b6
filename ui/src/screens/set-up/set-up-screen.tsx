import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { makeFirstAdmin, sessionQuery } from "../../api/session.ts";
import { Button } from "../../parts/button.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { Mark } from "../../shell/mark.tsx";

/** Makes the first admin of a server that has none, and signs in. */
export function SetUpScreen() {
  useBreadcrumbs([{ label: "Set up" }]);
  const { token = "" } = useSearch({ from: "/set-up" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await makeFirstAdmin({ token, username, password });
      // What the page has heard before, it has heard as nobody.
      queries.clear();
      await queries.fetchQuery({ ...sessionQuery(), staleTime: 0 });
      await navigate({ to: "/experiments", replace: true });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => void submit(event)}
      className="m-auto flex w-full max-w-80 flex-col gap-3 p-6"
      aria-labelledby="set-up"
    >
      <h1 id="set-up" className="flex items-center gap-2 text-xl">
        <Mark />
        Make the first admin
      </h1>
      <p className="text-ink-muted">
        This server asks for credentials and has no admin yet. The admin makes all other users.
      </p>
      <TextField
        label="Name"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={255}
        value={username}
        onValueChange={setUsername}
      />
      <TextField
        label="Password, of at least 12 characters"
        name="password"
        type="password"
        autoComplete="new-password"
        required
        autoFocus
        minLength={12}
        maxLength={1024}
        value={password}
        onValueChange={setPassword}
        error={problem}
      />
      <Button type="submit" kind="primary" isBusy={isBusy} className="mt-1 w-full">
        Make the admin and sign in
      </Button>
    </form>
  );
}
