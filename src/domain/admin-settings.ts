import { z } from "zod";

/** The admin's name and secrets: Worker vars on the edge, environment variables of the local command. */
export const adminSettings = z.object({
  TRACKFLARE_ADMIN_USERNAME: z.string().min(1).max(255).optional(),
  TRACKFLARE_ADMIN_PASSWORD: z.string().min(12, "must have at least 12 characters").max(1024).optional(),
  TRACKFLARE_ADMIN_TOKEN: z.string().min(16, "must have at least 16 characters").max(1024).optional(),
});
