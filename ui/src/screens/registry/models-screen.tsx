import { EmptyState } from "../../parts/states.tsx";

export const ModelsScreen = () => <EmptyState title="Registered models" />;
