import { EmptyState } from "../../parts/states.tsx";

export const RegisteredModelScreen = () => <EmptyState title="Registered model" />;
