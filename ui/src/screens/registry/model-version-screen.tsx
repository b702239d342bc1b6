import { EmptyState } from "../../parts/states.tsx";

export const ModelVersionScreen = () => <EmptyState title="Model version" />;
